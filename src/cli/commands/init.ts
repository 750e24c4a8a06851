import type { Command } from 'commander';
import { print, withHelp } from '../common/command-parts.js';

interface Options {
  host?: string;
  git?: string;
  sally?: string;
  dir: string;
  yes?: boolean;
}

export function registerInit(program: Command): void {
  const command = program
    .command('init')
    .description('write modhaven.yaml and vanity.yaml, commented, after a few questions')
    .option('--host <name>', 'the vanity host, such as mycompany.com')
    .option(
      '--git <url-pattern>',
      'where repositories are, such as https://gitlab.mycompany.com/go/{name}.git',
    )
    .option('--sally <file>', 'take the rules from a sally.yaml, and ask nothing')
    .option('--dir <dir>', 'where the files are written; what is there is never replaced', '.')
    .option('--yes', 'ask nothing: take the flags, and the defaults for what is missing')
    .action(async (options: Options) => {
      const { init } = await import('../init.js');
      const { askForText } = await import('../terminal/prompt.js');
      print(await init({ ...options, ask: askForText() }), {});
    });
  withHelp(command, {
    examples: [
      ['init', 'asks for host and repositories, and writes both files here'],
      [
        "init --host mycompany.com --git 'https://gitlab.mycompany.com/go/{name}.git' --dir /etc/modhaven",
        'asks nothing',
      ],
    ],
  });
}
