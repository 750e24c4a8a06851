/** `npm run bench [-- NAMES]`: measures, prints a table, and writes files where asked. */
import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Argument, Command, InvalidArgumentError } from 'commander';
import { app } from './benches/app.js';
import type { Bench } from './benches/bench.js';
import { cold } from './benches/cold.js';
import { company } from './benches/company.js';
import { growth, stored } from './benches/growth.js';
import { login } from './benches/login.js';
import { memory } from './benches/memory.js';
import { replicas } from './benches/replicas.js';
import { requirements } from './benches/requirements.js';
import { stampede } from './benches/stampede.js';
import { walk } from './benches/walk.js';
import { warm } from './benches/warm.js';
import { withLab } from './lab/lab.js';
import { describeMachine } from './report/machine.js';
import { updateReadme } from './report/readme.js';
import type { Report } from './report/report.js';
import { renderReport } from './report/table.js';

const BENCHES: Record<string, Bench> = {
  warm,
  login,
  cold,
  app,
  stampede,
  walk,
  company,
  requirements,
  memory,
  growth,
  stored,
  replicas,
};

interface Options {
  rounds: number;
  seconds: number;
  quick?: boolean;
  dir: string;
  against?: string;
  json?: string;
  readme?: boolean;
}

export async function main(argv: readonly string[]): Promise<void> {
  await new Command('bench')
    .description('Measures modhaven beside nginx, git, go and other GOPROXY servers (bench/README.md).')
    .addArgument(
      new Argument(
        '[names...]',
        'which benches; default: all, with --against all but growth, stored, company and requirements',
      ).choices(Object.keys(BENCHES)),
    )
    .option('--rounds <n>', 'how often everything is measured', positive, 3)
    .option('--seconds <n>', 'length of one load', positive, 3)
    .option('--quick', 'one round and loads of a second: to see that it works, not to compare')
    .option('--dir <dir>', 'keeps the corpus', path.join(tmpdir(), 'modhaven-bench'))
    .option(
      '--against <dir>',
      'compare with another built checkout, round by round, and measure nothing else',
    )
    .option('--json <file>', 'write all samples')
    .option('--readme', 'put the table into bench/README.md')
    .action(bench)
    .parseAsync(argv);
}

async function bench(names: string[], options: Options): Promise<void> {
  const { dir, against, json, readme = false } = options;
  const { rounds, seconds } = options.quick === true ? { rounds: 1, seconds: 1 } : options;
  const say = (text: string): void => {
    process.stderr.write(`${new Date().toISOString().slice(11, 19)} ${text}\n`);
  };
  const machine = await describeMachine();
  const report: Report = {
    machine,
    isComparison: against !== undefined,
    rounds,
    seconds,
    lines: [],
    growth: [],
    skipped: [],
  };
  try {
    await withLab({ dir, against, rounds, seconds, say }, async (lab) => {
      for (const name of names.length === 0 ? defaultNames(against !== undefined) : names) {
        const { lines = [], growth: grown = [], skipped = [] } = (await BENCHES[name]?.(lab)) ?? {};
        report.lines.push(...lines);
        report.growth.push(...grown);
        report.skipped.push(...skipped);
      }
    });
  } finally {
    // What was measured before a failure took long, too.
    process.stdout.write(renderReport(report, 'terminal'));
    if (json !== undefined) await writeFile(json, `${JSON.stringify(report, undefined, 2)}\n`);
  }
  if (readme) await updateReadme(report);
}

/** All; of a comparison those that take ten minutes together. */
function defaultNames(isComparison: boolean): string[] {
  return Object.keys(BENCHES).filter(
    (name) => !isComparison || !['growth', 'stored', 'company', 'requirements'].includes(name),
  );
}

function positive(text: string): number {
  if (!/^[1-9]\d*$/.test(text)) throw new InvalidArgumentError('It must be a positive whole number.');
  return Number(text);
}
