/**
 * Bounds how much is asked of other hosts at once, of all together and of each: a host that hangs does not stop the others.
 * Clients take turns, so that one that asks for much does not stop the others either. A caller waits for its turn no longer
 * than the operation itself may take.
 */
import { currentClient } from './on-behalf-of.js';
import { ModhavenError } from '../errors.js';
import { measure } from '../observe/observe.js';
import { FairQueue } from './fair-queue.js';

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

/** Callers that may wait; further ones are turned away. */
const MAX_WAITING = 2000;

/** `concurrency` is read at every turn, because it may have been edited. */
export function createHostLimiter(concurrency: () => number, words: LimiterWords): HostLimiter {
  const perHost = () => Math.max(1, concurrency() - Math.max(1, Math.floor(concurrency() / 4)));
  const queue = new FairQueue({ total: concurrency, perHost });
  let waiting = 0;

  /** Resolves when it is the turn of `host`, with what ends the turn. */
  function turn(host: string, waitMs: number): Promise<() => void> {
    if (waiting >= MAX_WAITING) {
      return Promise.reject(overloaded(words, `${waiting} ${words.questions} are waiting`));
    }
    waiting += 1;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        waiting -= 1;
        giveUp();
        reject(overloaded(words, `${host} was busy for ${Math.ceil(waitMs / 1000)} s`));
      }, waitMs);
      const giveUp = queue.enter(host, currentClient(), (end) => {
        clearTimeout(timer);
        waiting -= 1;
        resolve(end);
      });
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
