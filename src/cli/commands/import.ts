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
}

export function registerImport(program: Command): void {
  const command = program
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
  withHelp(command, {
    examples: [
      ['import /media/usb/modules', 'takes what an export wrote; replaces nothing'],
      ['import --dry-run ~/go/pkg/mod', 'says what would be taken from a module cache of go'],
    ],
    notInOrder: 'a version is damaged or different',
  });
}
