import type { Command } from 'commander';
import { conclude, configOption, jsonOption, withProgress, type ReportOptions } from './shared.js';

interface Options extends ReportOptions {
  sumdb: boolean;
}

export function registerWarm(program: Command): void {
  program
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
}
