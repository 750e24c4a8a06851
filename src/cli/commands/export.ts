import type { Command } from 'commander';
import {
  conclude,
  configOption,
  jsonOption,
  withHelp,
  withProgress,
  type ReportOptions,
} from '../common/command-parts.js';

export function registerExport(program: Command): void {
  const command = program
    .command('export')
    .description(
      'put finished versions into a tree for GOPROXY=file://, for instance of a site without a network',
    )
    .argument('<dir>', 'root of the tree; what is there already stays as it is')
    .argument('[wanted...]', 'MODULE@VERSION, go.mod and go.sum files; default: all that is in the cache')
    .addOption(configOption())
    .addOption(jsonOption())
    .action(async (dir: string, wanted: string[], options: ReportOptions) => {
      const { exportTree } = await import('../export.js');
      conclude(
        await withProgress('exporting', (onProgress) => exportTree({ ...options, dir, wanted, onProgress })),
        options,
      );
    });
  withHelp(command, {
    examples: [
      ['export /media/usb/modules', 'everything in the cache, for GOPROXY=file:///media/usb/modules'],
      ['export ./modules go.sum', 'what one project needs'],
    ],
    notInOrder: 'a version is missing, damaged or different',
  });
}
