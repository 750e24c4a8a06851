/** What a process is doing now and has fetched last, for `/-/status` and its page. */
import type { Began, Ended, ProcessObserver } from './events.js';

/** The most activities that are remembered: more than may run at once. */
const MAX_RUNNING = 10_000;
/** Fetches that are shown, and activities among which their phases are looked for. */
const MAX_FETCHES = 30;
const MAX_PHASES = 500;

/** A fetch that has ended, with what was done for it. */
export interface RecentFetch {
  readonly fetch: Ended;
  /** Its waiting, git commands and requests to other proxies, in the order of their end. */
  readonly phases: readonly Ended[];
}

export interface RunningActivities extends ProcessObserver {
  /** What has begun and not ended, oldest first. */
  report(): Began[];
  /** The newest fetches that have ended, newest first. */
  recent(): RecentFetch[];
}

export function createRunning(): RunningActivities {
  const running = new Map<number, Began>();
  const ended: Ended[] = [];
  const fetches: Ended[] = [];

  /** Activities do not say for whom they are: they count for a fetch during which they ran, by what it asked. */
  function phasesOf(fetch: Ended): Ended[] {
    if (!('module' in fetch.activity)) return [];
    const { module } = fetch.activity;
    const during = ended.filter(({ at, ms }) => at >= fetch.at && at + ms <= fetch.at + fetch.ms + 1);
    const repositories = new Set(
      during.flatMap(({ activity }) =>
        activity.type === 'repository' && activity.module === module ? [activity.repository] : [],
      ),
    );
    return during.filter(({ activity }) => {
      if (activity.type === 'git') {
        return activity.repository !== undefined && repositories.has(activity.repository);
      }
      return activity.type === 'upstream' && activity.path.includes(escapedStart(module));
    });
  }

  return {
    began(event) {
      if (running.size < MAX_RUNNING) running.set(event.id, event);
    },
    ended(event) {
      running.delete(event.id);
      const { type } = event.activity;
      if (type === 'fetch' || type === 'deliver') {
        fetches.push(event);
        if (fetches.length > MAX_FETCHES) fetches.shift();
      } else if (type === 'git' || type === 'repository' || type === 'upstream') {
        ended.push(event);
        if (ended.length > MAX_PHASES) ended.shift();
      }
    },
    // Looked for here, where somebody wants to see them, not with each fetch.
    recent: () => fetches.toReversed().map((fetch) => ({ fetch, phases: phasesOf(fetch) })),
    report: () => [...running.values()],
  };
}

/** How a path of the GOPROXY protocol about `module` begins. */
function escapedStart(module: string): string {
  return `${module.replace(/[A-Z]/g, (letter) => `!${letter.toLowerCase()}`)}/@`;
}
