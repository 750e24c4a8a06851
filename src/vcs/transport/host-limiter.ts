/**
 * Turns to talk to other hosts: at most so many at once (`vcs.concurrency` with git), and never all of them with one host, so that a host
 * that hangs does not stop the others. Waiting counts: nobody waits for a turn longer than an operation may take.
 */
import { LRUCache } from 'lru-cache';
import pLimit, { type LimitFunction } from 'p-limit';
import { ModhavenError } from '../../errors.js';
import { measure } from '../../observe/observe.js';

export interface HostLimiter {
  /** Runs `work` when it is the turn of `host` (name and port). Throws OVERLOADED if that takes more than `waitMs`. */
  run<T>(host: string, waitMs: number, work: () => Promise<T>): Promise<T>;
}

/** How a refusal reads. */
export interface LimiterWords {
  message: string;
  questions: string;
  remedy: string;
}

const GIT_WORDS: LimiterWords = {
  message: 'the git host cannot be asked now',
  questions: 'questions to git hosts',
  remedy: 'try again in a moment',
};

/** Who may wait at once before further ones are turned away. */
const MAX_WAITING = 2000;
/** Hosts whose share is kept account of. */
const MAX_HOSTS = 1000;

/** `concurrency` is asked at every turn: it may have been edited. */
export function createHostLimiter(concurrency: () => number, words = GIT_WORDS): HostLimiter {
  const all = pLimit(concurrency());
  const hosts = new LRUCache<string, LimitFunction>({ max: MAX_HOSTS });
  let waiting = 0;

  function shareOf(host: string): LimitFunction {
    const total = concurrency();
    const share = Math.max(1, total - Math.max(1, Math.floor(total / 4)));
    all.concurrency = total;
    let limit = hosts.get(host);
    if (limit === undefined) hosts.set(host, (limit = pLimit(share)));
    limit.concurrency = share;
    return limit;
  }

  /** Resolves when it is the turn of `host`, with what ends the turn. */
  function turn(host: string, waitMs: number): Promise<() => void> {
    if (waiting >= MAX_WAITING) {
      return Promise.reject(overloaded(words, `${waiting} ${words.questions} are waiting`));
    }
    waiting += 1;
    return new Promise((resolve, reject) => {
      let left = false;
      const leave = () => {
        if (!left) waiting -= 1;
        left = true;
      };
      const timer = setTimeout(() => {
        leave();
        reject(overloaded(words, `${host} was busy for ${Math.ceil(waitMs / 1000)} s`));
      }, waitMs);
      const use = () =>
        new Promise<void>((end) => {
          if (left) {
            end();
            return;
          }
          clearTimeout(timer);
          leave();
          resolve(end);
        });
      void shareOf(host)(() => all(use));
    });
  }

  return {
    async run(host, waitMs, work) {
      const end = await measure({ type: 'queue', host }, () => turn(host, waitMs));
      try {
        return await work();
      } finally {
        end();
      }
    },
  };
}

function overloaded({ message, remedy }: LimiterWords, reason: string): ModhavenError {
  return new ModhavenError('OVERLOADED', message, { reason, remedy });
}
