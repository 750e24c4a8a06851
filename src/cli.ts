#!/usr/bin/env node
/**
 * The edge of the process: arguments in, text and an exit code out. Each command registers itself (`cli/commands`) and
 * loads what does its work when it is called, so that a server does not hold the other commands in memory.
 */
import { Command, CommanderError } from 'commander';
import { registerCheck } from './cli/commands/check.js';
import { registerCompletion } from './cli/commands/completion.js';
import { registerEnv } from './cli/commands/env.js';
import { registerExplain } from './cli/commands/explain.js';
import { registerExport } from './cli/commands/export.js';
import { registerGc } from './cli/commands/gc.js';
import { registerImport } from './cli/commands/import.js';
import { registerInit } from './cli/commands/init.js';
import { registerList } from './cli/commands/list.js';
import { registerMigrate } from './cli/commands/migrate.js';
import { registerPurge } from './cli/commands/purge.js';
import { registerReport } from './cli/commands/report.js';
import { registerServe } from './cli/commands/serve.js';
import { NOT_IN_ORDER, WRONG_USAGE, withHelp, type RegisterCommand } from './cli/commands/shared.js';
import { registerSumdb } from './cli/commands/sumdb.js';
import { registerToken } from './cli/commands/token.js';
import { registerTrustHost } from './cli/commands/trust-host.js';
import { registerVerify } from './cli/commands/verify.js';
import { VERSION, registerVersion } from './cli/commands/version.js';
import { registerWarm } from './cli/commands/warm.js';
import { completeHints } from './cli/report/hints.js';
import { isModhavenError } from './errors.js';
import { redact } from './redact.js';
import { strikeSecrets } from './secrets.js';

/** In the order in which `--help` shows them. */
const COMMANDS: readonly RegisterCommand[] = [
  ...[registerServe, registerInit, registerCheck, registerExplain, registerTrustHost, registerList],
  ...[
    registerVerify,
    registerWarm,
    registerExport,
    registerImport,
    registerMigrate,
    registerSumdb,
    registerEnv,
    registerToken,
  ],
  ...[registerGc, registerPurge, registerReport, registerCompletion, registerVersion],
];

const program = new Command('modhaven')
  .description('A private Go module proxy and vanity import server in one program.')
  .version(VERSION)
  .option('--verbose', 'print the details of an error, too')
  .exitOverride()
  .configureHelp({ sortSubcommands: false, showGlobalOptions: true });
for (const register of COMMANDS) register(program);
withHelp(program, {
  examples: [
    ['init', 'writes modhaven.yaml and vanity.yaml here, after a few questions'],
    ['check', 'tries every repository as the server would'],
    ['serve', 'runs the server'],
  ],
  notInOrder: 'what was checked is not in order',
});

/** `--config` of the command that runs. */
let config: string | undefined;
program.hook('preAction', (_, command) => {
  config = command.opts<{ config?: string }>().config;
  if (command.name() === 'serve') return;
  // A reader that has seen enough (head, a pager) is no failure.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit();
    throw error;
  });
  // Ending by `exit` in place of by the signal lets the git children be ended, too. The server has its own way.
  process.once('SIGINT', () => process.exit(130));
  process.once('SIGTERM', () => process.exit(143));
});

try {
  await program.parseAsync();
} catch (error) {
  process.exitCode = report(error);
}

/** Says in one sentence what went wrong, and returns the exit code. */
function report(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : WRONG_USAGE; // commander has said it
  process.stderr.write(`modhaven: ${strikeSecrets(completeHints(sentenceOf(error), config))}
`);
  if (program.opts<{ verbose?: boolean }>().verbose === true && error instanceof Error) {
    process.stderr.write(`${redact(error.stack ?? '')}\n`);
  }
  return isModhavenError(error, 'CONFIG') ? WRONG_USAGE : NOT_IN_ORDER;
}

/** What failed, why, and what to do: one sentence, or two where the remedy is one. */
function sentenceOf(error: unknown): string {
  if (!isModhavenError(error)) return String(error);
  const { message, reason, remedy } = error;
  const why = reason === undefined ? message : `${message}: ${reason}`;
  if (remedy === undefined) return why;
  return `${why}${/^[A-Z][a-z]/.test(remedy) ? '.' : ';'} ${remedy}`;
}
