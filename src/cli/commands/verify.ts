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
  against?: string;
  all?: boolean;
  resume?: string;
}

export function registerVerify(program: Command): void {
  const command = program
    .command('verify')
    .description('prove that the cache is what it was, or that a move to other repositories changes nothing')
    .argument('[module...]', 'module paths; default: all')
    .addOption(configOption())
    .option(
      '--against <file>',
      'the vanity.yaml of the move: compare its repositories with what is served now',
    )
    .option('--all', 'with --against: what either side lists, not only what is cached')
    .option(
      '--resume <file>',
      'with --against: append results to this file, and take those from it that hold',
    )
    .addOption(jsonOption())
    .action(async (modules: string[], options: Options) => {
      const { verify } = await import('../verify.js');
      const word = options.against === undefined ? 'verifying' : 'comparing';
      conclude(
        await withProgress(word, (onProgress) => verify({ ...options, modules, onProgress })),
        options,
      );
    });
  withHelp(command, {
    examples: [
      ['verify', 'hashes everything in the cache and compares it with what was recorded'],
      ['verify --against new-vanity.yaml', 'would a move to the repositories of this file change a version?'],
    ],
    notInOrder: 'a version is damaged, different, missing or out of reach',
  });
}
