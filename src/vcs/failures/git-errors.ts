/**
 * What a failure of git means, in words: the cause and what to change.
 *
 * A table in two parts (`ssh-failures.ts`, `host-failures.ts`), tried from top to bottom against what git and ssh wrote
 * to standard error. They run with LC_ALL=C, so the words hold.
 */
import { ModhavenError } from '../../errors.js';
import { redactLine } from '../../redact.js';
import type { GitFailure } from '../transport/git-exec.js';
import { hostOf, type FailureContext, type FailureRow } from './failure-row.js';
import { HOST_FAILURES } from './host-failures.js';
import { SSH_FAILURES } from './ssh-failures.js';

/** Turns a failed git command on `context.repo` into the error everybody sees. */
export function explainGitFailure(failure: GitFailure, context: FailureContext): ModhavenError {
  const message = `cannot read ${(context.shownAs ?? context.repo).url}`;
  if (failure.timedOut) {
    const seconds = Math.ceil(context.timeoutMs / 1000);
    return new ModhavenError('HOST_TIMEOUT', message, {
      reason: `the git host did not answer within ${seconds} s`,
      remedy: `check that ${hostOf(context)} is up and reachable from the modhaven server (firewall, VPN), or raise vcs.timeout`,
      remedyBy: 'admin',
      cause: failure,
    });
  }
  for (const row of FAILURE_ROWS) {
    const match = row.pattern.exec(failure.stderr);
    if (match === null) continue;
    return new ModhavenError(row.code, message, {
      reason: typeof row.reason === 'string' ? row.reason : row.reason(match, context),
      remedy: typeof row.remedy === 'string' ? row.remedy : row.remedy(context, match),
      remedyBy: row.remedyBy ?? 'admin',
      cause: failure,
    });
  }
  return new ModhavenError('HOST_UNREACHABLE', message, {
    reason: `git said: ${lastWords(failure.stderr)}`,
    remedy: 'run "modhaven check" on the server; it tries every repository the way the server does',
    remedyBy: 'admin',
    cause: failure,
  });
}

/** Every way to fail that is known, tried in this order. */
export const FAILURE_ROWS: readonly FailureRow[] = [...SSH_FAILURES, ...HOST_FAILURES];

/** The last line that says something, without git's general advice after it. */
function lastWords(stderr: string): string {
  const lines = stderr
    .split('\n')
    .map((line) => line.trim())
    .filter(
      (line) =>
        line !== '' &&
        !/^(?:Please make sure you have|and the repository exists|fatal: Could not read from remote)/.test(
          line,
        ),
    );
  return redactLine(lines.at(-1) ?? 'nothing');
}
