import type { Command } from 'commander';
import { conclude, configOption, withHelp, type ConfigOption } from '../common/command-parts.js';

interface Options extends ConfigOption {
  yes?: boolean;
  fingerprint?: string;
}

export function registerTrustHost(program: Command): void {
  const command = program
    .command('trust-host')
    .description('record the ssh host keys of a git host, after a look at their fingerprints')
    .argument('<host[:port]>', "as in the repository's URL")
    .addOption(configOption())
    .option('--yes', 'do not ask; needs --fingerprint')
    .option('--fingerprint <SHA256:...>', 'record the key that has this fingerprint, and no other')
    .action(async (host: string, options: Options) => {
      const { trustHost } = await import('../trust-host.js');
      const { askOnTerminal } = await import('../terminal/prompt.js');
      conclude(await trustHost({ ...options, host, ask: askOnTerminal() }), options);
    });
  withHelp(command, {
    examples: [
      ['trust-host gerrit.mycompany.com:29418', 'shows the fingerprints of its keys, asks, and records them'],
      [
        'trust-host git.mycompany.com --yes --fingerprint SHA256:…',
        'records the key with this fingerprint, and asks nothing',
      ],
    ],
    notInOrder: 'nothing was recorded, or the key is not the recorded one',
  });
}
