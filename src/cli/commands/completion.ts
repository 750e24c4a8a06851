import { Argument, type Command } from 'commander';
import type { CommandWords, CompletionShell } from '../completion.js';
import { withHelp } from '../common/command-parts.js';

export function registerCompletion(program: Command): void {
  const command = program
    .command('completion')
    .description('print the completion script of a shell')
    .addArgument(new Argument('<shell>', 'for which shell').choices(['bash', 'zsh', 'fish']))
    .action(async (shell: CompletionShell) => {
      const { completionScript } = await import('../completion.js');
      process.stdout.write(completionScript(shell, describe(program)));
    });
  withHelp(command, {
    examples: [
      ['completion bash > /etc/bash_completion.d/modhaven', 'for every bash of this machine'],
      ['completion fish | source', 'for this shell'],
    ],
  });
}

function describe(command: Command): CommandWords {
  return {
    name: command.name(),
    description: command.description(),
    options: command.options.map(({ long, flags, description }) => ({ flag: long ?? flags, description })),
    commands: command.commands.map(describe),
  };
}
