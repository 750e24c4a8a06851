/**
 * Asks many repositories, but waits for a silent host only once.
 *
 * The first question to a host goes ahead of the others. Where it times out, the others fail with the same error: a
 * hundred repositories on a host that is down cost one `vcs.connect_timeout`, not a hundred.
 */
import pLimit from 'p-limit';
import { isModhavenError, type ModhavenError } from '../../errors.js';
import type { RepoUrl } from '../../module/repo-url.js';
import { GitFailure } from '../../vcs/transport/git-exec.js';

/** Runs `work`, which asks the host of `repo`. Throws what it throws, or what the host's first question met. */
export type HostCircuit = <T>(repo: RepoUrl, work: () => Promise<T>) => Promise<T>;

/** At most `concurrency` questions at once. */
export function createHostCircuit(concurrency: number): HostCircuit {
  const limit = pLimit(concurrency);
  const firsts = new Map<string, Promise<ModhavenError | undefined>>();
  return async (repo, work) => {
    const host = `${repo.scheme}://${repo.host}:${repo.port ?? ''}`;
    const first = firsts.get(host);
    if (first === undefined) {
      const asked = limit(work);
      if (!repo.local) firsts.set(host, asked.then(nothing, timeoutOf));
      return asked;
    }
    const timeout = await first;
    if (timeout !== undefined) throw timeout;
    return limit(work);
  };
}

function nothing(): undefined {
  return undefined;
}

/** `error` if the host sent nothing. That one operation took too long says nothing about the next one. */
function timeoutOf(error: unknown): ModhavenError | undefined {
  if (!isModhavenError(error, 'HOST_TIMEOUT')) return undefined;
  return error.cause instanceof GitFailure && error.cause.timedOut ? undefined : error;
}
