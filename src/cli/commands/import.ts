import type { Command } from 'commander';
import { conclude, configOption, jsonOption, withProgress, type ReportOptions } from './shared.js';

interface Options extends ReportOptions {
  dryRun?: boolean;
}

export function registerImport(program: Command): void {
  program
    .command('import')
    .description(
      'take the versions of an export, a cache directory, a GOMODCACHE or the disk storage of Athens into the cache',
    )
    .argument('<dir>', 'where they are')
    .addOption(configOption())
    .option('--dry-run', 'check and compare everything, and store nothing')
    .addOption(jsonOption())
    .action(async (dir: string, options: Options) => {
      const { importTree } = await import('../import.js');
      conclude(
        await withProgress('importing', (onProgress) => importTree({ ...options, dir, onProgress })),
        options,
      );
    });
}
