import { ModhavenError, isModhavenError } from '../errors.js';
import { redactLine } from '../redact.js';
import { GitFailure } from './transport/git-exec.js';

/**
 * The host's refs are no longer those a repository was opened with, or the mirror vanished while it was read: opening
 * it anew helps. Where it does not, the text is for people. An outage, never a fact about the repository.
 */
export class RefsChanged extends ModhavenError {
  constructor(url: string, cause?: unknown) {
    super('HOST_UNREACHABLE', `cannot read ${url}`, {
      reason: 'its branches and tags lead to commits that the git host does not hand out',
      remedy: 'try again; if it stays so, run "git fsck" on the repository at the git host',
      cause,
    });
    this.name = 'RefsChanged';
  }
}

/** `error` as an outage where it is what git said of a copy on this machine, in words that mean nothing else. */
export function asLocalFailure(error: unknown, url: string): unknown {
  if (!(error instanceof GitFailure)) return error;
  return new ModhavenError('STORAGE', `cannot read the local copy of ${url}`, {
    reason: redactLine(error.message),
    remedy:
      'try again; if it stays so, remove the folder vcs in cache.dir on the modhaven server: it is made anew',
    remedyBy: 'admin',
    cause: error,
  });
}

/**
 * What `fetch` of something gives that the host at `url` has listed. Where it says now that there is no such thing, what it
 * listed is outdated, or the answer comes from a replica that lags behind: no fact either.
 */
export async function ofListed<T>(url: string, fetch: Promise<T>): Promise<T> {
  try {
    return await fetch;
  } catch (error) {
    if (isModhavenError(error, 'VERSION_NOT_FOUND', 'REPO_NOT_FOUND')) throw new RefsChanged(url, error);
    throw error;
  }
}
