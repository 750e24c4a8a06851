import { ModhavenError } from '../errors.js';

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
