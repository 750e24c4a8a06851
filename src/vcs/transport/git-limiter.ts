/** How many questions go to git hosts at once (`vcs.concurrency`), and what a client is told that waited in vain. */
import { createHostLimiter, type HostLimiter } from '../../concurrency/host-limiter.js';
import type { VcsSettings } from './access.js';

/** The limiter for git hosts; the settings are read at every turn, because they may have been edited. */
export function createGitLimiter(settings: () => VcsSettings): HostLimiter {
  return createHostLimiter(() => settings().concurrency, {
    message: 'the git host cannot be asked now',
    questions: 'questions to git hosts',
    remedy: 'try again in a moment',
  });
}
