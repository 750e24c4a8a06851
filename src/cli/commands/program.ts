/**
 * The edge of the process, which runs when this is loaded: arguments in, text and an exit code out. Each command registers itself (`cli/commands`) and
 * loads what does its work when it is called, so that a server does not hold the other commands in memory.
 */
import { Command, CommanderError } from 'commander';
import { registerCheck } from './check.js';
import { registerCompletion } from './completion.js';
import { registerEnv } from './env.js';
import { registerExplain } from './explain.js';
import { registerExport } from './export.js';
import { registerGc } from './gc.js';
import { registerImport } from './import.js';
import { registerInit } from './init.js';
import { registerList } from './list.js';
import { registerMigrate } from './migrate.js';
import { registerPurge } from './purge.js';
import { registerReport } from './report.js';
import { registerServe } from './serve.js';
import { NOT_IN_ORDER, WRONG_USAGE, withHelp, type RegisterCommand } from '../common/command-parts.js';
import { registerSumdb } from './sumdb.js';
import { registerToken } from './token.js';
import { registerTrustHost } from './trust-host.js';
import { registerVerify } from './verify.js';
import { VERSION, registerVersion } from './version.js';
import { registerWarm } from './warm.js';
import { completeHints } from '../output/hints.js';
import { isModhavenError, messageAndReason } from '../../errors.js';
import { redact } from '../../redact.js';
import { strikeSecrets } from '../../secrets.js';

/** In the order in which `--help` shows them. */
const COMMANDS: readonly RegisterCommand[] = [
  registerServe,
  registerInit,
  registerCheck,
  registerExplain,
  registerTrustHost,
  registerList,
  registerVerify,
  registerWarm,
  registerExport,
  registerImport,
  registerMigrate,
  registerSumdb,
  registerEnv,
  registerToken,
  registerGc,
  registerPurge,
  registerReport,
  registerCompletion,
  registerVersion,
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
  if (command.name() === 'serve') {
    process.stdout.off('error', outputLost); // its log knows what to do
    return;
  }
  // Ending by `exit` in place of by the signal lets the git children be ended, too. The server has its own way.
  process.once('SIGINT', () => process.exit(130));
  process.once('SIGTERM', () => process.exit(143));
});

process.stdout.on('error', outputLost);
program.parseAsync().catch((error: unknown) => {
  process.exitCode = report(error);
});

/** What is printed reaches nothing: a reader that has seen enough (head, a pager) is not a failure, a full disk is. */
function outputLost(error: NodeJS.ErrnoException): void {
  if (error.code === 'EPIPE') process.exit();
  process.stderr.write(`modhaven: the output cannot be written: ${error.message}\n`);
  process.exit(NOT_IN_ORDER);
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
  const { remedy } = error;
  const why = messageAndReason(error);
  if (remedy === undefined) return why;
  return `${why}${/^[A-Z][a-z]/.test(remedy) ? '.' : ';'} ${remedy}`;
}
