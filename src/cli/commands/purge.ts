import type { Command } from 'commander';
import { conclude, configOption, jsonOption, withHelp, type ReportOptions } from '../common/command-parts.js';

interface Options extends ReportOptions {
  yes?: boolean;
}

export function registerPurge(program: Command): void {
  const command = program
    .command('purge')
    .description('take versions out of the cache; other content can never come back under their names')
    .argument('<module@version...>', 'what to remove')
    .addOption(configOption())
    .option('--yes', 'do not ask')
    .addOption(jsonOption())
    .action(async (versions: string[], options: Options) => {
      const { purgeVersions } = await import('../purge.js');
      const { askOnTerminal } = await import('../terminal/prompt.js');
      conclude(await purgeVersions({ ...options, versions, ask: askOnTerminal() }), options);
    });
  withHelp(command, {
    examples: [
      ['purge mycompany.com/go/foo@v1.2.3', 'asks, and takes the version out of the cache'],
      ['purge --yes example.com/lib@v1.0.0 example.com/lib@v1.0.1', 'takes two out, and asks nothing'],
    ],
    notInOrder: 'a version was not in the cache, or you said no',
  });
}
