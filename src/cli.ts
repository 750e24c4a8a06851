#!/usr/bin/env node
/**
 * The edge of the process: arguments in, text and an exit code out. Commands live in `cli/`, and each is loaded when it is
 * asked for, so that a server does not hold the others in memory.
 */
import { readFileSync } from 'node:fs';
import { Command, CommanderError, Option } from 'commander';
import type { CheckOptions } from './cli/check.js';
import { ENV_FORMATS, env, type EnvFormat } from './cli/env.js';
import type { SumdbVerifyOptions } from './cli/sumdb.js';
import type { VerifyOptions } from './cli/verify.js';
import { isModhavenError } from './errors.js';
import { LOG_LEVELS, type LogLevel } from './log/log.js';

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
  .action(async (options: { config?: string; listen?: string; logLevel: LogLevel }) => {
    const { serve } = await import('./cli/serve.js');
    await serve({ ...options, version });
  });

program
  .command('check')
  .description('validate both YAML files and try every repository as the server would')
  .argument('[module...]', 'module paths to try; default: every rule')
  .addOption(configOption())
  .option('--vanity <file>', 'try this vanity.yaml in place of the one in use')
  .option('--json', 'print JSON')
  .action(async (modules: string[], options: Omit<CheckOptions, 'modules' | 'onProgress'>) => {
    const { progressBar } = await import('./cli/terminal/progress-bar.js');
    const bar = progressBar('checking');
    const { check } = await import('./cli/check.js');
    const { text, ok } = await check({ ...options, modules, onProgress: bar.update }).finally(() =>
      bar.stop(),
    );
    conclude(text, ok);
  });

program
  .command('explain')
  .description('tell the whole story of one module: rule, repository, cache, git, and what go is told')
  .argument('<module[@version]>', 'module path, and if need be a version, tag, branch or commit')
  .addOption(configOption())
  .option('--json', 'print JSON')
  .action(async (module: string, options: { config?: string; json?: boolean }) => {
    const { explain } = await import('./cli/explain.js');
    const { text, ok } = await explain({ ...options, module });
    conclude(text, ok);
  });

program
  .command('trust-host')
  .description('record the ssh host keys of a git host, after a look at their fingerprints')
  .argument('<host[:port]>', "as in the repository's URL")
  .addOption(configOption())
  .option('--yes', 'do not ask; needs --fingerprint')
  .option('--fingerprint <SHA256:...>', 'record the key that has this fingerprint, and no other')
  .action(async (host: string, options: { config?: string; yes?: boolean; fingerprint?: string }) => {
    const { trustHost } = await import('./cli/trust-host.js');
    const { askOnTerminal } = await import('./cli/terminal/prompt.js');
    const { text, ok } = await trustHost({ ...options, host, ask: askOnTerminal() });
    conclude(text, ok);
  });

program
  .command('verify')
  .description('prove that the cache is what it was, or that a move to other repositories changes nothing')
  .argument('[module...]', 'module paths; default: all')
  .addOption(configOption())
  .option('--against <file>', 'the vanity.yaml of the move: compare its repositories with what is served now')
  .option('--all', 'with --against: what either side lists, not only what is cached')
  .option('--resume <file>', 'with --against: append results to this file, and take those from it that hold')
  .option('--json', 'print JSON')
  .action(async (modules: string[], options: Omit<VerifyOptions, 'modules' | 'onProgress'>) => {
    const { progressBar } = await import('./cli/terminal/progress-bar.js');
    const bar = progressBar(options.against === undefined ? 'verifying' : 'comparing');
    const { verify } = await import('./cli/verify.js');
    const { text, ok } = await verify({ ...options, modules, onProgress: bar.update }).finally(() =>
      bar.stop(),
    );
    conclude(text, ok);
  });

program
  .command('warm')
  .description('fetch versions into the cache ahead of demand')
  .argument('<wanted...>', 'MODULE@VERSION, go.mod and go.sum files')
  .addOption(configOption())
  .option('--no-sumdb', 'do not ask the public checksum database about public modules')
  .option('--json', 'print JSON')
  .action(async (wanted: string[], options: { config?: string; sumdb: boolean; json?: boolean }) => {
    const { progressBar } = await import('./cli/terminal/progress-bar.js');
    const bar = progressBar('fetching');
    const { warm } = await import('./cli/warm.js');
    const { text, ok } = await warm({ ...options, wanted, onProgress: bar.update }).finally(() => bar.stop());
    conclude(text, ok);
  });

program
  .command('export')
  .description(
    'put finished versions into a tree for GOPROXY=file://, for instance of a site without a network',
  )
  .argument('<dir>', 'root of the tree; what is there already stays as it is')
  .argument('[wanted...]', 'MODULE@VERSION, go.mod and go.sum files; default: all that is in the cache')
  .addOption(configOption())
  .option('--json', 'print JSON')
  .action(async (dir: string, wanted: string[], options: { config?: string; json?: boolean }) => {
    const { progressBar } = await import('./cli/terminal/progress-bar.js');
    const bar = progressBar('exporting');
    const { exportTree } = await import('./cli/export.js');
    const { text, ok } = await exportTree({ ...options, dir, wanted, onProgress: bar.update }).finally(() =>
      bar.stop(),
    );
    conclude(text, ok);
  });

program
  .command('import')
  .description(
    'take the versions of an export, of a GOMODCACHE or of the disk storage of Athens into the cache',
  )
  .argument('<dir>', 'where they are')
  .addOption(configOption())
  .option('--dry-run', 'check and compare everything, and store nothing')
  .option('--json', 'print JSON')
  .action(async (dir: string, options: { config?: string; dryRun?: boolean; json?: boolean }) => {
    const { progressBar } = await import('./cli/terminal/progress-bar.js');
    const bar = progressBar('importing');
    const { importTree } = await import('./cli/import.js');
    const { text, ok } = await importTree({ ...options, dir, onProgress: bar.update }).finally(() =>
      bar.stop(),
    );
    conclude(text, ok);
  });

const sumdb = program.command('sumdb').description('the checksum database of your own');

sumdb
  .command('keygen')
  .description('make its key, and say what to do with it')
  .requiredOption('--name <name>', 'its name, such as sum.mycompany.com')
  .option('--out <file>', 'file for the private key', './sumdb.key')
  .action(async (options: { name: string; out: string }) => {
    const { sumdbKeygen } = await import('./cli/sumdb.js');
    process.stdout.write(await sumdbKeygen(options));
  });

sumdb
  .command('status')
  .description('show its size, root hash, key and witness')
  .addOption(configOption())
  .option('--json', 'print JSON')
  .action(async (options: { config?: string; json?: boolean }) => {
    const { sumdbStatus } = await import('./cli/sumdb.js');
    process.stdout.write(sumdbStatus(options));
  });

sumdb
  .command('verify')
  .description('prove that all its records are signed, and that what is stored is what was recorded')
  .addOption(configOption())
  .option('--renew-witness', 'its witness is lost: take it for whole, and make a new one')
  .option('--json', 'print JSON')
  .action(async (options: Omit<SumdbVerifyOptions, 'onProgress'>) => {
    const { progressBar } = await import('./cli/terminal/progress-bar.js');
    const bar = progressBar('verifying');
    const { sumdbVerify } = await import('./cli/sumdb.js');
    const { text, ok } = await sumdbVerify({ ...options, onProgress: bar.update }).finally(() => bar.stop());
    conclude(text, ok);
  });

program
  .command('env')
  .description("print the settings a developer's machine needs")
  .addOption(configOption())
  .addOption(new Option('--format <format>', 'for which shell').choices(ENV_FORMATS).default('shell'))
  .action((options: { config?: string; format: EnvFormat }) => {
    process.stdout.write(env(options));
  });

// Ending by `exit` in place of by the signal lets the git children be ended, too. The server has its own way.
program.hook('preAction', (_, command) => {
  if (command.name() === 'serve') return;
  process.once('SIGINT', () => process.exit(130));
  process.once('SIGTERM', () => process.exit(143));
});

try {
  await program.parseAsync();
} catch (error) {
  process.exitCode = report(error);
}

/** Prints what a command found, and has the program end with whether all is in order. */
function conclude(text: string, ok: boolean): void {
  process.stdout.write(text);
  if (!ok) process.exitCode = NOT_IN_ORDER;
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
