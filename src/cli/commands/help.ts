/** What `--help` of a command shows below its options: how it is called, and what its exit codes mean. */
import type { Command } from 'commander';

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
