import { Option, type Command } from 'commander';
import { ENV_FORMATS, type EnvFormat } from '../env-formats.js';
import { configOption, print, withHelp, type ConfigOption } from '../common/command-parts.js';

interface Options extends ConfigOption {
  format: EnvFormat;
}

export function registerEnv(program: Command): void {
  const command = program
    .command('env')
    .description("print the settings a developer's machine needs")
    .addOption(configOption())
    .addOption(new Option('--format <format>', 'for which shell').choices(ENV_FORMATS).default('shell'))
    .action(async (options: Options) => {
      const { env } = await import('../env.js');
      print(env(options), options);
    });
  withHelp(command, {
    examples: [
      ['env', 'prints export lines: eval "$(modhaven env)"'],
      ['env --format go-env', 'prints go env -w commands, which hold for good'],
    ],
  });
}
