import { Option, type Command } from 'commander';
import { LOG_LEVELS, type LogLevel } from '../../log/log.js';
import { configOption, withHelp, type ConfigOption } from '../common/command-parts.js';
import { VERSION } from './version.js';

interface Options extends ConfigOption {
  listen?: string;
  logLevel: LogLevel;
}

export function registerServe(program: Command): void {
  const command = program
    .command('serve')
    .description('run the server')
    .addOption(configOption())
    .option('--listen <host:port>', 'where to listen, in place of "listen" in the file')
    .addOption(
      new Option('--log-level <level>', 'how much to log')
        .choices(LOG_LEVELS)
        .default('info')
        .env('MODHAVEN_LOG_LEVEL'),
    )
    .action(async (options: Options) => {
      const { serve } = await import('../serve.js');
      const verbose = program.opts<{ verbose?: boolean }>().verbose === true;
      await serve({ ...options, verbose, version: VERSION });
    });
  withHelp(command, {
    examples: [
      ['serve --config modhaven.yaml', 'runs the server until SIGTERM; SIGHUP has both files read again'],
      ['serve --listen 0.0.0.0:8080', 'every default, on port 8080 of every address'],
    ],
  });
}
