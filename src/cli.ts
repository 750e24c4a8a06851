#!/usr/bin/env node
/** The edge of the process: arguments in, text and an exit code out. Commands live in `cli/`. */
import { readFileSync } from 'node:fs';
import { Command, CommanderError, Option } from 'commander';
import { check } from './cli/check.js';
import { ENV_FORMATS, env, type EnvFormat } from './cli/env.js';
import { serve } from './cli/serve.js';
import { isModhavenError } from './errors.js';
import { LOG_LEVELS, type LogLevel } from './log.js';

/** The thing checked is not in order. */
const NOT_IN_ORDER = 1;
/** Wrong usage or configuration. */
const WRONG_USAGE = 2;

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
  version: string;
};

const program = new Command('modhaven')
  .description('A private Go module proxy and vanity import server in one program.')
  .version(version)
  .option('--verbose', 'print the details of an error, too')
  .exitOverride()
  .configureHelp({ sortSubcommands: false, showGlobalOptions: true });

const configOption = () =>
  new Option('--config <file>', 'modhaven.yaml; without it every setting has its default');

program
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
  .action((options: { config?: string; listen?: string; logLevel: LogLevel }) =>
    serve({ ...options, version }),
  );

program
  .command('check')
  .description('validate both YAML files and try every repository as the server would')
  .argument('[module...]', 'module paths to try; default: every rule')
  .addOption(configOption())
  .option('--json', 'print JSON')
  .action(async (modules: string[], options: { config?: string; json?: boolean }) => {
    const { text, ok } = await check({ ...options, modules });
    process.stdout.write(text);
    if (!ok) process.exitCode = NOT_IN_ORDER;
  });

program
  .command('env')
  .description("print the settings a developer's machine needs")
  .addOption(configOption())
  .addOption(new Option('--format <format>', 'for which shell').choices(ENV_FORMATS).default('shell'))
  .action((options: { config?: string; format: EnvFormat }) => {
    process.stdout.write(env(options));
  });

try {
  await program.parseAsync();
} catch (error) {
  process.exitCode = report(error);
}

/** Says in one sentence what went wrong, and returns the exit code. */
function report(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : WRONG_USAGE; // commander has said it
  const parts = isModhavenError(error) ? [error.message, error.reason, error.remedy] : [String(error)];
  process.stderr.write(`modhaven: ${parts.filter((part) => part !== undefined).join('; ')}\n`);
  if (program.opts<{ verbose?: boolean }>().verbose === true && error instanceof Error)
    process.stderr.write(`${error.stack ?? ''}\n`);
  return isModhavenError(error) && error.code !== 'CONFIG' ? NOT_IN_ORDER : WRONG_USAGE;
}
