/**
 * How many wrong logins came from an address within the last minute. Time is that of a clock that only goes forward.
 */
import { createHmac, randomBytes } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { atMost } from '../concurrency/at-most.js';

export interface GuessLimitOptions {
  /** Milliseconds of a monotonic clock. Default: that of this process. */
  now?: () => number;
}

/** Wrong logins that an address may send within a minute. */
const MAX_WRONG = 20;
const WINDOW_MS = 60_000;
/** Addresses that are remembered; with more, those forgotten first are the ones not heard of for longest. */
const MAX_ADDRESSES = 10_000;
const MAX_IN_ADVANCE = 1_000;
/** How soon a request follows the question about it. */
const ADVANCE_MS = 5_000;

export class GuessLimit {
  readonly #now: () => number;
  /** Times of wrong logins, oldest first. */
  readonly #wrong = new LRUCache<string, number[]>(atMost(MAX_ADDRESSES));
  /** Requests that were counted in advance, by a keyed hash (they hold logins), and until when they may follow. */
  readonly #inAdvance = new LRUCache<string, number>(atMost(MAX_IN_ADVANCE));
  readonly #key = randomBytes(32);

  constructor({ now = () => performance.now() }: GuessLimitOptions = {}) {
    this.#now = now;
  }

  /** Counts a wrong login, and says in how many seconds the next one is answered; 0: at once. */
  wrong(address: string): number {
    const now = this.#now();
    const network = networkOf(address);
    const recent = this.#recent(network, now);
    recent.push(now);
    // One more than the limit is enough to know: a flood must not fill the memory.
    if (recent.length > MAX_WRONG + 1) recent.shift();
    this.#wrong.set(network, recent);
    return secondsLeft(recent, now);
  }

  /**
   * Counts the wrong login of a request that a web server in front asks about before it answers. It may send the same request on
   * (`request` tells requests apart), which is then no second guess.
   */
  wrongInAdvance(address: string, request: string): void {
    this.wrong(address);
    this.#inAdvance.set(this.#idOf(address, request), this.#now() + ADVANCE_MS);
  }

  /** As `wrong`, for a request that may have been counted in advance. */
  wrongOnce(address: string, request: string): number {
    const key = this.#idOf(address, request);
    const until = this.#inAdvance.get(key) ?? 0;
    const now = this.#now();
    if (!this.#inAdvance.delete(key) || until <= now) return this.wrong(address);
    return secondsLeft(this.#recent(networkOf(address), now), now);
  }

  #idOf(address: string, request: string): string {
    return createHmac('sha256', this.#key).update(`${address}\n${request}`).digest('base64');
  }

  #recent(network: string, now: number): number[] {
    return (this.#wrong.get(network) ?? []).filter((time) => now - time < WINDOW_MS);
  }
}

/** In how many seconds there is room for another wrong login, by the times of the recent ones; 0: there is. */
function secondsLeft(recent: readonly number[], now: number): number {
  if (recent.length <= MAX_WRONG) return 0;
  return Math.max(1, Math.ceil(((recent[0] ?? now) + WINDOW_MS - now) / 1000));
}

/** An IPv6 subscriber has at least a /64 and may change the rest at will; `::` stands for zeros. */
function networkOf(address: string): string {
  if (!address.includes(':') || address.startsWith('::ffff:')) return address;
  const [head = '', tail] = address.split('::', 2);
  const front = head === '' ? [] : head.split(':');
  const back = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros =
    tail === undefined ? [] : Array<string>(Math.max(0, 8 - front.length - back.length)).fill('0');
  return [...front, ...zeros, ...back].slice(0, 4).join(':');
}
