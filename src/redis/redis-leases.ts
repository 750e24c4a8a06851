/**
 * Leases in Redis. A lease is a key that ends by itself, with a value that only its holder knows and a number that grows with
 * each lease: a holder that was paused too long neither prolongs nor ends the lease of the next one.
 *
 * What the holder finds out not to exist is left there for a moment, for all replicas. Where Redis is away, slow or was
 * emptied, all of them do the work: it is done twice, and stays right.
 */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import type { Lease } from '../concurrency/lease.js';
import { ModhavenError, isNotExist } from '../errors.js';
import { ACQUIRE, EPOCH, FENCE, PROLONG, RELEASE, leaseKey, refusedKey } from './lease-scripts.js';
import type { RedisLink } from './redis-link.js';

/** A holder that dies is waited for no longer, in milliseconds. It prolongs its lease three times in that time. */
const LEASE_MS = 9_000;
/** Between two looks of one who waits, in milliseconds. */
const LOOK_MS = { first: 25, most: 250 };
/** How long it is known to others that something does not exist, in milliseconds: as in one process (`refusals.ts`). */
const REFUSED_MS = 3_000;

export interface LeaseOptions {
  link: Pick<RedisLink, 'ask' | 'send'>;
  /** How long the holder of a lease is waited for, in milliseconds: as long as its work may take. */
  patienceMs: () => number;
  /** Of those who wait; for tests that do not. */
  clock?: LeaseClock;
}

export interface LeaseClock {
  /** In milliseconds, from any begin. */
  now: () => number;
  sleep: (ms: number) => Promise<void>;
}

const CLOCK: LeaseClock = { now: () => performance.now(), sleep };

const Acquired = z.tuple([z.number(), z.string(), z.string()]);

const Refused = z.object({
  code: z.enum(['MODULE_NOT_FOUND', 'VERSION_NOT_FOUND', 'MODULE_INVALID', 'REPO_NOT_FOUND', 'VERSION_GONE']),
  message: z.string(),
  reason: z.string().optional(),
  remedy: z.string().optional(),
  remedyBy: z.enum(['caller', 'admin']).optional(),
});

export class RedisLeases implements Lease {
  private readonly options: LeaseOptions;

  constructor(options: LeaseOptions) {
    this.options = options;
  }

  async run<T>(key: string, find: () => Promise<T | undefined>, work: () => Promise<T>): Promise<T> {
    const { patienceMs, clock = CLOCK } = this.options;
    const deadline = clock.now() + patienceMs();
    let wait = LOOK_MS.first;
    for (let isFirst = true; ; isFirst = false) {
      const held = await this.acquire(key);
      if (held === undefined) return work(); // Redis has no answer
      if (held.refused !== undefined) throw held.refused;
      if (held.value !== undefined) {
        return this.hold(key, { value: held.value, epoch: held.epoch }, isFirst ? undefined : find, work);
      }
      await clock.sleep(wait);
      wait = Math.min(wait * 1.5, LOOK_MS.most);
      const found = await find();
      if (found !== undefined) return found;
      if (clock.now() > deadline) return work();
    }
  }

  /** Works under the lease; one who waited before looks first. */
  private async hold<T>(
    key: string,
    { value, epoch }: { value: string; epoch: string },
    find: (() => Promise<T | undefined>) | undefined,
    work: () => Promise<T>,
  ): Promise<T> {
    const { link } = this.options;
    const timer = setInterval(
      () =>
        void link.ask((client) =>
          client.eval(PROLONG, { keys: [leaseKey(key)], arguments: [value, String(LEASE_MS)] }),
        ),
      LEASE_MS / 3,
    ).unref();
    try {
      return (await find?.()) ?? (await work());
    } catch (error) {
      if (isNotExist(error)) await this.leaveRefused(key, epoch, error);
      throw error;
    } finally {
      clearInterval(timer);
      link.send((client) => client.eval(RELEASE, { keys: [leaseKey(key)], arguments: [value] }));
    }
  }

  /** Something was pushed: what did not exist may exist now. Never fails. */
  async pushed(): Promise<void> {
    await this.options.link.ask((client) => client.incr(EPOCH));
  }

  /** The lease, without a value where another holds it; undefined where Redis does not say. */
  private async acquire(key: string): Promise<Acquired | undefined> {
    const token = randomUUID();
    const [before, behind] = refusedKey(key, '\0').split('\0') as [string, string];
    const answer = await this.options.link.ask((client) =>
      client.eval(ACQUIRE, {
        keys: [leaseKey(key), FENCE, EPOCH],
        arguments: [token, String(LEASE_MS), before, behind],
      }),
    );
    const { data } = Acquired.safeParse(answer);
    if (data === undefined) {
      // A Redis that was only slow may grant it yet, and nobody would hold it.
      this.options.link.send((client) => client.eval(RELEASE, { keys: [leaseKey(key)], arguments: [token] }));
      return undefined;
    }
    const [fence, epoch, refused] = data;
    return {
      ...{ value: fence === 0 ? undefined : `${token}:${fence}`, epoch },
      refused: refused === '' ? undefined : readRefused(refused),
    };
  }

  private async leaveRefused(
    key: string,
    epoch: string,
    { code, message, reason, remedy, remedyBy }: ModhavenError,
  ): Promise<void> {
    const text = JSON.stringify({ code, message, reason, remedy, remedyBy });
    await this.options.link.ask((client) => client.set(refusedKey(key, epoch), text, { PX: REFUSED_MS }));
  }
}

interface Acquired {
  value: string | undefined;
  epoch: string;
  /** What another replica was told not to exist. */
  refused: ModhavenError | undefined;
}

function readRefused(text: string): ModhavenError | undefined {
  const parsed = Refused.safeParse(parseJson(text));
  if (!parsed.success) return undefined;
  const { code, message, ...more } = parsed.data;
  return new ModhavenError(code, message, more);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
