/** Whose question a host heard, and what came of it. */
import type { RecordedRequest } from '../../support/hosts/git-http-host.js';
import { sealedEnv } from '../../support/run.js';
import { errorOf } from '../lab.js';

/** Makes everything go through git: a variable that we take as a sign and pass on to no child. */
export const GIT_ALONE = { ...sealedEnv(), GIT_PROXY_SSL_KEY: '/nonexistent' };

/** Whose `requests` these are, without repetitions: `us` or `git`. */
export function askers(requests: readonly RecordedRequest[]): string[] {
  const names = requests.map(({ userAgent }) => (userAgent?.includes('modhaven') === true ? 'us' : 'git'));
  return [...new Set(names)].sort();
}

/** What everybody sees of the error that `work` ends in. */
export async function wordsOf(work: Promise<unknown>): Promise<Record<string, unknown>> {
  const { code, message, reason, remedy } = await errorOf(work);
  return { code, message, reason, remedy };
}
