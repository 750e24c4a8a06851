import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { filesWithFailures, outcomeOf } from '../../../scripts/ci/test-reports.js';

type Status = 'passed' | 'failed' | 'skipped';

let dir: string;
let made = 0;
beforeAll(() => {
  dir = mkdtempSync(path.join(tmpdir(), 'reports-'));
});
afterAll(() => {
  rmSync(dir, { recursive: true });
});

/** A report as vitest writes it: by file, the states of its tests; none for a file that could not be loaded. */
function report(files: Record<string, Record<string, Status>>): string {
  const testResults = Object.entries(files).map(([file, tests]) => {
    const states = Object.values(tests);
    return {
      name: path.resolve(file),
      status: states.length === 0 || states.includes('failed') ? 'failed' : 'passed',
      message: states.length === 0 ? 'no such module' : '',
      assertionResults: Object.entries(tests).map(([fullName, status]) => ({
        fullName,
        status,
        failureMessages: status === 'failed' ? [`${fullName} is wrong`] : [],
      })),
    };
  });
  const name = path.join(dir, `${(made += 1)}.json`);
  writeFileSync(name, JSON.stringify({ testResults }));
  return name;
}

const ids = (failures: { id: string }[]) => failures.map(({ id }) => id);

describe('the outcome of several reports', () => {
  it('counts what passed and names what failed', () => {
    const unit = report({ 'a.test.ts': { one: 'passed', two: 'failed', three: 'skipped' } });
    const e2e = report({ 'b.test.ts': { one: 'passed' } });
    const { passed, failed, unsteady } = outcomeOf([unit, e2e]);
    expect({ passed, unsteady }).toEqual({ passed: 2, unsteady: [] });
    expect(failed).toEqual([{ id: 'a.test.ts > two', file: 'a.test.ts', message: 'two is wrong' }]);
  });

  it('takes a file that could not be loaded, a report without tests and one that is not there for failures', () => {
    const unloaded = report({ 'a.test.ts': {} });
    const missing = path.join(dir, 'missing.json');
    const { passed, failed } = outcomeOf([unloaded, report({}), missing]);
    expect(passed).toBe(0);
    expect(failed.map(({ message }) => message)).toEqual([
      'no such module',
      'holds no test',
      expect.stringContaining('ENOENT'),
    ]);
  });

  it('names as unsteady what passed when it ran again, and nothing else', () => {
    const first = report({ 'a.test.ts': { one: 'failed', two: 'failed' }, 'b.test.ts': {}, 'c.test.ts': {} });
    const again = report({
      'a.test.ts': { one: 'passed', two: 'failed' },
      'b.test.ts': { x: 'passed' },
      'c.test.ts': {},
    });
    const { passed, failed, unsteady } = outcomeOf([first], [again]);
    expect(passed).toBe(2);
    expect(ids(unsteady)).toEqual(['a.test.ts > one', 'b.test.ts']);
    expect(ids(failed)).toEqual(['a.test.ts > two', 'c.test.ts']);
  });

  it('leaves a failure a failure where the second run left no report', () => {
    const { failed } = outcomeOf(
      [report({ 'a.test.ts': { one: 'failed' } })],
      [path.join(dir, 'missing.json')],
    );
    expect(ids(failed)).toEqual(['a.test.ts > one']);
  });
});

it('lists each file with failures once', () => {
  const reports = [
    report({ 'a.test.ts': { one: 'failed', two: 'failed' } }),
    report({ 'b.test.ts': {}, 'c.test.ts': { one: 'passed' } }),
  ];
  expect(filesWithFailures(reports)).toEqual(['a.test.ts', 'b.test.ts']);
});
