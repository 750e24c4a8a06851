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
import type { Lease, LeaseKey } from '../concurrency/lease.js';
import { ModhavenError, isNotExist } from '../errors.js';
import { ACQUIRE, LeaseKeys, PROLONG, RELEASE } from './lease-scripts.js';
import type { RedisLink } from './redis-link.js';

/** After so many milliseconds the lease of a holder that died ends. A holder prolongs it three times in that time. */
const LEASE_MS = 9_000;
/** Between two attempts of a caller that waits, in milliseconds. */
const RETRY_MS = { first: 25, most: 250 };
/** How long it is known to others that something does not exist, in milliseconds: as in one process (`refusals.ts`). */
const REFUSED_MS = 3_000;

export interface LeaseOptions {
  link: Pick<RedisLink, 'ask' | 'send'>;
  /** Names the store that the replicas share. */
  scope: string;
  /** How long the holder of a lease is waited for, in milliseconds: as long as its work may take. */
  timeoutMs: () => number;
  /** The clock of callers that wait, and of holders that prolong their lease; tests replace it. */
  clock?: LeaseClock;
}

export interface LeaseClock {
  /** In milliseconds, from any begin. */
  now: () => number;
  sleep: (ms: number) => Promise<void>;
  /** Calls `work` every `ms` milliseconds, until what it returns is called. */
  every: (ms: number, work: () => void) => () => void;
}

const CLOCK: LeaseClock = {
  now: () => performance.now(),
  sleep,
  every(ms, work) {
    const timer = setInterval(work, ms).unref();
    return () => clearInterval(timer);
  },
};

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
  private readonly keys: LeaseKeys;
  /** By group. */
  private readonly held = new Map<string, Held>();

  constructor(options: LeaseOptions) {
    this.options = options;
    this.keys = new LeaseKeys(options.scope);
  }

  async run<T>(key: LeaseKey, find: () => Promise<T | undefined>, work: () => Promise<T>): Promise<T> {
    const { timeoutMs, clock = CLOCK } = this.options;
    const deadline = clock.now() + timeoutMs();
    let wait = RETRY_MS.first;
    for (let isFirst = true; ; isFirst = false) {
      const held = this.held.get(key.group) ?? (await this.acquire(key));
      if (held === undefined) return work(); // Redis has no answer
      // A caller that waited before looks first.
      if (held !== 'taken') return this.hold(key, held, isFirst ? undefined : find, work);
      if (this.held.has(key.group)) continue; // by another caller here, meanwhile
      await clock.sleep(wait);
      wait = Math.min(wait * 1.5, RETRY_MS.most);
      const found = await find();
      if (found !== undefined) return found;
      if (clock.now() > deadline) return work();
    }
  }

  /** Works under a lease, which ends when the last caller that works under it is done. */
  private async hold<T>(
    key: LeaseKey,
    held: Held,
    find: (() => Promise<T | undefined>) | undefined,
    work: () => Promise<T>,
  ): Promise<T> {
    held.callers += 1;
    try {
      return (await find?.()) ?? (await work());
    } catch (error) {
      if (isNotExist(error)) await this.leaveRefused(key.name, held.epoch, error);
      throw error;
    } finally {
      held.callers -= 1;
      if (held.callers === 0) this.end(key.group, held);
    }
  }

  private begin(group: string, value: string, epoch: string): Held {
    const { link, clock = CLOCK } = this.options;
    const prolong = async () => {
      const isHeld = await link.ask((client) =>
        client.eval(PROLONG, { keys: [this.keys.lease(group)], arguments: [value, String(LEASE_MS)] }),
      );
      // It ended while this process was paused, or Redis was emptied: later callers do not share it.
      if (isHeld === 0 && this.held.get(group) === held) this.held.delete(group);
    };
    const stopProlonging = clock.every(LEASE_MS / 3, () => void prolong());
    const held: Held = { value, epoch, callers: 0, stopProlonging };
    this.held.set(group, held);
    return held;
  }

  private end(group: string, held: Held): void {
    held.stopProlonging();
    if (this.held.get(group) === held) this.held.delete(group);
    this.options.link.send((client) =>
      client.eval(RELEASE, { keys: [this.keys.lease(group)], arguments: [held.value] }),
    );
  }

  /** Something was pushed: what did not exist may exist now. Never fails. */
  pushed(): void {
    this.options.link.send((client) => client.del(this.keys.epoch));
  }

  /** The lease; undefined where Redis does not say. Throws what another replica was told not to exist. */
  private async acquire({ name, group }: LeaseKey): Promise<Held | 'taken' | undefined> {
    const token = randomUUID();
    const lease = this.keys.lease(group);
    const [before, behind] = this.keys.refused(name, '\0').split('\0') as [string, string];
    const answer = await this.options.link.ask((client) =>
      client.eval(ACQUIRE, {
        keys: [lease, this.keys.fence, this.keys.epoch],
        arguments: [token, String(LEASE_MS), before, behind],
      }),
    );
    const { data } = Acquired.safeParse(answer);
    if (data === undefined) {
      // A Redis that was only slow may grant it yet, and it would have no holder.
      this.options.link.send((client) => client.eval(RELEASE, { keys: [lease], arguments: [token] }));
      return undefined;
    }
    const [fence, epoch, text] = data;
    const refused = text === '' ? undefined : readRefused(text);
    if (refused !== undefined) throw refused;
    return fence === 0 ? 'taken' : this.begin(group, `${token}:${fence}`, epoch);
  }

  private async leaveRefused(
    name: string,
    epoch: string,
    { code, message, reason, remedy, remedyBy }: ModhavenError,
  ): Promise<void> {
    const text = JSON.stringify({ code, message, reason, remedy, remedyBy });
    await this.options.link.ask((client) =>
      client.set(this.keys.refused(name, epoch), text, { PX: REFUSED_MS }),
    );
  }
}

/** A lease that this process has. */
interface Held {
  value: string;
  epoch: string;
  /** How many callers work under it. */
  callers: number;
  stopProlonging: () => void;
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
