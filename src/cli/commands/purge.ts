import type { Command } from 'commander';
import { conclude, configOption, type ConfigOption } from './shared.js';

interface Options extends ConfigOption {
  yes?: boolean;
}

export function registerPurge(program: Command): void {
  program
    .command('purge')
    .description('take versions out of the cache; other content can never come back under their names')
    .argument('<module@version...>', 'what to remove')
    .addOption(configOption())
    .option('--yes', 'do not ask')
    .action(async (versions: string[], options: Options) => {
      const { purgeVersions } = await import('../purge.js');
      const { askOnTerminal } = await import('../terminal/prompt.js');
      conclude(await purgeVersions({ ...options, versions, ask: askOnTerminal() }), options);
    });
}
