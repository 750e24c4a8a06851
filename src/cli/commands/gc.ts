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
  dryRun?: boolean;
  maxSize?: string;
}

export function registerGc(program: Command): void {
  const command = program
    .command('gc')
    .description(
      'make room in the cache: leftovers, then git mirrors and what upstreams have, never private modules',
    )
    .addOption(configOption())
    .option('--dry-run', 'say what would be removed, and remove nothing')
    .option('--max-size <size>', 'how large the cache may be, such as 20GiB; default: cache.max_size')
    .addOption(jsonOption())
    .action(async (options: Options) => {
      const { gc } = await import('../gc.js');
      conclude(await withProgress('looking', (onProgress) => gc({ ...options, onProgress })), options);
    });
  withHelp(command, {
    examples: [
      ['gc --dry-run', 'says what would be removed'],
      ['gc --max-size 20GiB', 'makes room until the cache has this size'],
    ],
    notInOrder: 'another process makes room now, or the cache cannot be read',
  });
}
