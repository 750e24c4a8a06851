/** `npm run fuzz -- --minutes N [TARGETS]`: all targets in turn, with new seeds, until the time is over. */
import { randomInt } from 'node:crypto';
import { Command, InvalidArgumentError } from 'commander';
import fc from 'fast-check';
import { fuzzTargets, replicas } from './targets.js';

/** Executions of one target in a row. */
const ROUND = 500;

export async function main(argv: readonly string[]): Promise<void> {
  await new Command('fuzz')
    .description('Feeds nearly right inputs to everything that reads bytes from outside.')
    .argument('[targets...]', 'which; default: all')
    .option('--minutes <n>', 'how long', minutes, 1)
    .action(fuzz)
    .parseAsync(argv);
}

async function fuzz(names: string[], options: { minutes: number }): Promise<void> {
  const targets = [...(await fuzzTargets()), replicas()].filter(
    ({ name }) => names.length === 0 || names.includes(name),
  );
  if (targets.length === 0) throw new Error(`no such target: ${names.join(', ')}`);
  const deadline = Date.now() + options.minutes * 60_000;
  const executions = new Map(targets.map(({ name }) => [name, 0]));
  const findings: string[] = [];
  const broken = new Set<string>();
  do {
    for (const { name, property } of targets.filter((target) => !broken.has(target.name))) {
      const seed = randomInt(2 ** 31);
      const result = await fc.check(property as fc.IAsyncProperty<unknown>, { numRuns: ROUND, seed });
      executions.set(name, (executions.get(name) ?? 0) + result.numRuns);
      if (!result.failed) continue;
      // One finding a target: the same would be found again and again.
      broken.add(name);
      const place = `${name} (seed ${seed}, path ${result.counterexamplePath ?? ''})`;
      findings.push(`${place}: ${fc.defaultReportMessage(result)}\n${causeOf(result.errorInstance)}`);
    }
  } while (Date.now() < deadline && broken.size < targets.length);
  for (const [name, count] of executions) process.stdout.write(`${String(count).padStart(10)}  ${name}\n`);
  for (const finding of findings) process.stdout.write(`\nFOUND in ${finding}\n`);
  process.stdout.write(
    `\n${[...executions.values()].reduce((a, b) => a + b, 0)} executions, ${findings.length} findings\n`,
  );
  if (findings.length > 0) process.exitCode = 1;
}

/** What the report of fast-check leaves out. */
function causeOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

function minutes(text: string): number {
  const value = Number(text);
  if (!(value > 0)) throw new InvalidArgumentError('It must be a positive number.');
  return value;
}
