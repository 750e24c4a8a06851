/**
 * What the JSON reports of vitest say together, for `.ci/run`.
 *
 *     node scripts/run-ts.js scripts/ci/test-reports.ts files REPORT…
 *     node scripts/run-ts.js scripts/ci/test-reports.ts count REPORT… [--again REPORT…]
 *
 * `files` prints the files with failed tests, a line each. `count` names what failed with its messages and ends with the
 * line `N passed, N failed`; its exit status is 0 only if nothing failed. A file that could not even be loaded is one
 * failure, as is a report that is not there or holds no test. What failed and passes in a report behind `--again` is
 * counted as passed, and named as unsteady.
 */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';

/** Characters of a message that are shown. */
const MAX_MESSAGE = 2_000;

const Report = z.object({
  testResults: z.array(
    z.object({
      name: z.string(),
      status: z.string(),
      message: z.string().optional(),
      assertionResults: z.array(
        z.object({
          fullName: z.string(),
          status: z.string(),
          failureMessages: z.array(z.string()).nullish(),
        }),
      ),
    }),
  ),
});

interface Failure {
  /** `FILE > TEST`; the file alone if it could not be loaded, the report if that is what is wrong. */
  id: string;
  /** The test file, if there is one. */
  file?: string;
  message: string;
}

interface Outcome {
  passed: number;
  failed: Failure[];
  /** What passed only when it ran again. */
  unsteady: Failure[];
}

/** What passed, as ids, and what failed in the report in the file `name`. */
function readReport(name: string): { passed: string[]; failed: Failure[] } {
  const passed: string[] = [];
  const failed: Failure[] = [];
  try {
    for (const result of Report.parse(JSON.parse(readFileSync(name, 'utf8'))).testResults) {
      const file = path.relative(process.cwd(), result.name);
      const before = failed.length;
      for (const { fullName, status, failureMessages } of result.assertionResults) {
        const id = `${file} > ${fullName}`;
        if (status === 'passed') passed.push(id);
        if (status === 'failed') failed.push({ id, file, message: failureMessages?.join('\n') ?? '' });
      }
      if (result.status === 'failed' && failed.length === before) {
        failed.push({ id: file, file, message: result.message ?? '' });
      }
    }
    if (passed.length + failed.length === 0) failed.push({ id: name, message: 'holds no test' });
  } catch (error) {
    failed.push({ id: name, message: `cannot be read: ${String(error)}` });
  }
  return { passed, failed };
}

/** The files that hold failed tests, or could not be loaded. */
export function filesWithFailures(reports: readonly string[]): string[] {
  const files = reports.flatMap((name) => readReport(name).failed.map(({ file }) => file));
  return [...new Set(files)].filter((file) => file !== undefined);
}

/** How many passed, what failed, and what passed only when it ran again; see above. */
export function outcomeOf(reports: readonly string[], again: readonly string[] = []): Outcome {
  const first = reports.map(readReport);
  const second = again.map(readReport);
  const passedAgain = new Set(second.flatMap(({ passed }) => passed));
  const failedAgain = new Set(second.flatMap(({ failed }) => failed.map(({ file }) => file)));
  const isUnsteady = ({ id, file }: Failure) =>
    passedAgain.has(id) ||
    // Of a file that could not be loaded, no test is known by name.
    (id === file && !failedAgain.has(file) && [...passedAgain].some((test) => test.startsWith(`${file} > `)));
  const failures = first.flatMap(({ failed }) => failed);
  const unsteady = failures.filter(isUnsteady);
  const passed = first.reduce((sum, report) => sum + report.passed.length, unsteady.length);
  return { passed, failed: failures.filter((failure) => !isUnsteady(failure)), unsteady };
}

function describe(word: string, { id, message }: Failure): string {
  return `${word}: ${id}\n  ${message.slice(0, MAX_MESSAGE).replaceAll('\n', '\n  ')}\n`;
}

export function main(argv: readonly string[]): void {
  const [command, ...names] = argv.slice(2);
  if (command === 'files') {
    process.stdout.write(
      filesWithFailures(names)
        .map((file) => `${file}\n`)
        .join(''),
    );
    return;
  }
  const split = names.includes('--again') ? names.indexOf('--again') : names.length;
  const { passed, failed, unsteady } = outcomeOf(names.slice(0, split), names.slice(split + 1));
  const lines = [
    ...unsteady.map((failure) => describe('UNSTEADY, passed when it ran again', failure)),
    ...failed.map((failure) => describe('FAILED', failure)),
    `\n${passed} passed, ${failed.length} failed\n`,
  ];
  process.stdout.write(lines.join(''));
  process.exitCode = failed.length === 0 ? 0 : 1;
}
