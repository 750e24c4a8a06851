import type { Command } from 'commander';
import { conclude, configOption, type ConfigOption } from './shared.js';

export function registerToken(program: Command): void {
  const token = program.command('token').description('tokens for people and machines that may read modules');
  token
    .command('add')
    .description('make a token and show it once')
    .argument('<name>', 'what rules, lists and the log call it')
    .option('--groups <a,b>', 'groups that rules know')
    .option('--expires <time>', 'how long it is good: 30m, 12h or 90d', '90d')
    .addOption(configOption())
    .action(async (name: string, options: ConfigOption & { groups?: string; expires: string }) => {
      const { addTokenTo } = await import('../token.js');
      conclude(await addTokenTo({ ...options, name }), options);
    });
  token
    .command('list')
    .description('show the tokens, never themselves')
    .addOption(configOption())
    .action(async (options: ConfigOption) => {
      const { listTokens } = await import('../token.js');
      conclude(await listTokens(options.config), options);
    });
  token
    .command('revoke')
    .description('end a token')
    .argument('<name>', 'its name')
    .addOption(configOption())
    .action(async (name: string, options: ConfigOption) => {
      const { revokeTokenOf } = await import('../token.js');
      conclude(await revokeTokenOf(options.config, name), options);
    });
}
