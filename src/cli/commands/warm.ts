import type { Command } from 'commander';
import {
  conclude,
  configOption,
  jsonOption,
  withHelp,
  withProgress,
  type ReportOptions,
} from '../common/command-parts.js';

interface Options extends ReportOptions {
  sumdb: boolean;
}

export function registerWarm(program: Command): void {
  const command = program
    .command('warm')
    .description('fetch versions into the cache ahead of demand')
    .argument('<wanted...>', 'MODULE@VERSION, go.mod and go.sum files')
    .addOption(configOption())
    .option('--no-sumdb', 'do not ask the public checksum database about public modules')
    .addOption(jsonOption())
    .action(async (wanted: string[], options: Options) => {
      const { warm } = await import('../warm.js');
      conclude(
        await withProgress('fetching', (onProgress) => warm({ ...options, wanted, onProgress })),
        options,
      );
    });
  withHelp(command, {
    examples: [
      ['warm go.sum', 'fetches all that a project needs, and compares it with its hashes'],
      ['warm mycompany.com/go/foo@latest', 'fetches one version'],
    ],
    notInOrder: 'a version cannot be had, or is not the recorded one',
  });
}
