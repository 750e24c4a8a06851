/** Whether a host refused one repository, which says nothing about others on it. */
import { isModhavenError } from '../errors.js';
import { GitFailure } from './transport/git-exec.js';

/**
 * Whether `error` says that the host refused this repository to the login (401, 403, a sign-in page). Hosts that hide what
 * they do not have answer like that for a repository that does not exist: Gerrit, AWS CodeCommit, Bitbucket, Azure DevOps.
 */
export function isRefusedRepository(error: unknown): boolean {
  if (!isModhavenError(error, 'HOST_REFUSED') || !(error.cause instanceof GitFailure)) return false;
  return REFUSAL.test(error.cause.stderr);
}

const REFUSAL =
  /returned error: 40[13]|Authentication failed for|could not read (?:Username|Password)|info\/refs not valid|redirect to a page/;
