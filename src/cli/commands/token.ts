import type { Command } from 'commander';
import { conclude, configOption, jsonOption, withHelp, type ReportOptions } from '../common/command-parts.js';

export function registerToken(program: Command): void {
  const token = program.command('token').description('tokens for people and machines that may read modules');
  withHelp(token, {
    examples: [
      ['token add ci-build --groups ci --expires 90d', 'makes a token and shows it once'],
      ['token revoke ci-build', 'ends it, in a running server within a second'],
    ],
    notInOrder: 'the name is taken, or there is no token of it',
  });
  const add = token
    .command('add')
    .description('make a token and show it once')
    .argument('<name>', 'what rules, lists and the log call it')
    .option('--groups <a,b>', 'groups that rules know')
    .option('--expires <time>', 'how long it is good: 30m, 12h or 90d', '90d')
    .addOption(configOption())
    .addOption(jsonOption())
    .action(async (name: string, options: ReportOptions & { groups?: string; expires: string }) => {
      const { addTokenTo } = await import('../token.js');
      conclude(await addTokenTo({ ...options, name }), options);
    });
  withHelp(add, {
    examples: [
      ['token add ci-build --groups ci', 'a token for 90 days, of the group ci'],
      ['token add alice --expires 12h', 'a token until tonight'],
    ],
    notInOrder: 'there is a token of this name',
  });
  const list = token
    .command('list')
    .description('show the tokens, never themselves')
    .addOption(configOption())
    .addOption(jsonOption())
    .action(async (options: ReportOptions) => {
      const { listTokens } = await import('../token.js');
      conclude(await listTokens(options), options);
    });
  withHelp(list, {
    examples: [
      ['token list', 'names, groups and times, never tokens'],
      ['token list --json', 'the same as JSON'],
    ],
  });
  const revoke = token
    .command('revoke')
    .description('end a token')
    .argument('<name>', 'its name')
    .addOption(configOption())
    .action(async (name: string, options: ReportOptions) => {
      const { revokeTokenOf } = await import('../token.js');
      conclude(await revokeTokenOf(options.config, name), options);
    });
  withHelp(revoke, {
    examples: [
      ['token revoke ci-build', 'ends it, in a running server within a second'],
      ['token revoke alice --config /etc/modhaven/modhaven.yaml', 'with another configuration'],
    ],
    notInOrder: 'there is no token of this name',
  });
}
