/** What a process does besides replying, as lines of the log at debug level: fetches, git commands, requests to hosts. */
import type { Logger } from 'pino';
import type { ProcessObserver } from '../observe/events.js';

/** Each line has the id of the request that caused it, by the context in which it is written. */
export function logActivities(log: Pick<Logger, 'debug' | 'isLevelEnabled'>): ProcessObserver {
  return {
    ended({ activity, ms, failure }) {
      if (!log.isLevelEnabled('debug')) return;
      const { type, ...about } = activity;
      log.debug({ ...about, ms: Math.round(ms), ...(failure !== undefined && { failure }) }, type);
    },
  };
}
