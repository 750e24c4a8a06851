/** What several commands take and print. */
import { Option, type Command } from 'commander';
import { coloured, hasColours } from '../terminal/colour.js';
import type { OnProgress } from '../terminal/progress-bar.js';
import { strikeSecrets } from '../../secrets.js';
import { completeHints } from '../output/hints.js';

/** The exit code of a command whose subject is not in order. */
export const NOT_IN_ORDER = 1;
/** The exit code of wrong usage or configuration. */
export const WRONG_USAGE = 2;

/** What a command that checks something found. */
export interface Finding {
  text: string;
  /** Whether everything is in order. */
  ok: boolean;
}

export interface ConfigOption {
  config?: string;
}

export interface ReportOptions extends ConfigOption {
  json?: boolean;
}

export function configOption(): Option {
  return new Option(
    '--config <file>',
    'modhaven.yaml; default: that of MODHAVEN_CONFIG, ./modhaven.yaml or the one in your account',
  );
}

export function jsonOption(): Option {
  return new Option('--json', 'print JSON');
}

/** Prints `text`; the commands it recommends carry the `--config` that this one was given. */
export function print(text: string, { config, json }: ReportOptions): void {
  const shown = strikeSecrets(completeHints(text, config));
  const isColoured = json !== true && hasColours(process.stdout, process.env);
  process.stdout.write(isColoured ? coloured(shown) : shown);
}

/** Prints what a command found, and has the program end with whether everything is in order. */
export function conclude({ text, ok }: Finding, options: ReportOptions): void {
  print(text, options);
  if (!ok) process.exitCode = NOT_IN_ORDER;
}

/** Runs `work` with a progress bar that has `word` before it, on a terminal. */
export async function withProgress<T>(
  word: string,
  work: (onProgress: OnProgress) => Promise<T>,
): Promise<T> {
  const { progressBar } = await import('../terminal/progress-bar.js');
  const bar = progressBar(word);
  return work(bar.update).finally(() => bar.stop());
}

export interface CommandHelp {
  /** At least two: what is typed after `modhaven`, and what it does. */
  examples: readonly (readonly [command: string, does: string])[];
  /** What exit code 1 means; absent for a command that has nothing to find. */
  notInOrder?: string;
}

/** Adds examples and exit codes to the help of `command`. Returns it. */
export function withHelp(command: Command, { examples, notInOrder }: CommandHelp): Command {
  const lines = ['', 'Examples:'];
  for (const [words, does] of examples) lines.push(`  modhaven ${words}`, `      ${does}`);
  lines.push('', 'Exit codes:', '  0  done');
  if (notInOrder !== undefined) lines.push(`  1  ${notInOrder}`);
  lines.push('  2  wrong usage or configuration');
  return command.addHelpText('after', lines.join('\n'));
}

/** Adds a command to `program`. */
export type RegisterCommand = (program: Command) => void;
