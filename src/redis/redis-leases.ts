/**
 * Leases in Redis. A lease is a key that ends by itself, with a value that only its holder knows and a number that grows with
 * each lease: a holder that was paused too long neither prolongs nor ends the lease of the next one.
 *
 * What the holder finds out not to exist is left there for a moment, for those who wait. Where Redis is away, slow or was
 * emptied, all of them do the work: it is done twice, and stays right.
 */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import type { Lease } from '../concurrency/lease.js';
import { ModhavenError, isNotExist } from '../errors.js';
import type { RedisLink } from './redis-link.js';

/** A holder that dies is waited for no longer, in milliseconds. It prolongs its lease three times in that time. */
const LEASE_MS = 9_000;
/** Between two looks of one who waits, in milliseconds. */
const LOOK_MS = { first: 25, most: 250 };
/** How long it is known to others that something does not exist, in milliseconds: as in one process (`refusals.ts`). */
const REFUSED_MS = 3_000;

const PREFIX = 'modhaven:';
/** Ends a lease, if it is still the one of this holder: its value begins with the token. */
const RELEASE = `
local value = redis.call('get', KEYS[1])
if value and string.sub(value, 1, #ARGV[1]) == ARGV[1] then return redis.call('del', KEYS[1]) else return 0 end`;
/** Prolongs a lease on the same terms. */
const PROLONG = `if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('pexpire', KEYS[1], ARGV[2]) else return 0 end`;
/** Takes a lease that nobody holds, with the next number in its value. */
const ACQUIRE = `
local fence = redis.call('incr', KEYS[2])
local epoch = redis.call('get', KEYS[3]) or '0'
if redis.call('set', KEYS[1], ARGV[1] .. ':' .. fence, 'NX', 'PX', ARGV[2]) then return { fence, epoch } else return { 0, epoch } end`;
/** Counts pushes: what was found not to exist before one may exist after it. */
const EPOCH = `${PREFIX}epoch`;

export interface LeaseOptions {
  link: RedisLink;
  /** How long the holder of a lease is waited for, in milliseconds: as long as its work may take. */
  patienceMs: () => number;
}

const Acquired = z.tuple([z.number(), z.string()]);

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
    const deadline = performance.now() + this.options.patienceMs();
    let wait = LOOK_MS.first;
    for (let isFirst = true; ; isFirst = false) {
      const held = await this.acquire(key);
      if (held === undefined) return work(); // Redis has no answer
      if (held.value !== undefined) {
        return this.hold(key, { ...held, value: held.value }, isFirst ? undefined : find, work);
      }
      await sleep(wait);
      wait = Math.min(wait * 1.5, LOOK_MS.most);
      const found = await find();
      if (found !== undefined) return found;
      const refused = await this.refused(key, held.epoch);
      if (refused !== undefined) throw refused;
      if (performance.now() > deadline) return work();
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
  private async acquire(key: string): Promise<{ value: string | undefined; epoch: string } | undefined> {
    const token = randomUUID();
    const answer = await this.options.link.ask((client) =>
      client.eval(ACQUIRE, {
        keys: [leaseKey(key), `${PREFIX}fence`, EPOCH],
        arguments: [token, String(LEASE_MS)],
      }),
    );
    const { data } = Acquired.safeParse(answer);
    if (data === undefined) {
      // A Redis that was only slow may grant it yet, and nobody would hold it.
      this.options.link.send((client) => client.eval(RELEASE, { keys: [leaseKey(key)], arguments: [token] }));
      return undefined;
    }
    const [fence, epoch] = data;
    return { value: fence === 0 ? undefined : `${token}:${fence}`, epoch };
  }

  private async leaveRefused(
    key: string,
    epoch: string,
    { code, message, reason, remedy, remedyBy }: ModhavenError,
  ): Promise<void> {
    const text = JSON.stringify({ code, message, reason, remedy, remedyBy });
    await this.options.link.ask((client) => client.set(refusedKey(key, epoch), text, { PX: REFUSED_MS }));
  }

  private async refused(key: string, epoch: string): Promise<ModhavenError | undefined> {
    const text = await this.options.link.ask((client) => client.get(refusedKey(key, epoch)));
    if (typeof text !== 'string') return undefined;
    const parsed = Refused.safeParse(parseJson(text));
    if (!parsed.success) return undefined;
    const { code, message, ...more } = parsed.data;
    return new ModhavenError(code, message, more);
  }
}

function leaseKey(key: string): string {
  return `${PREFIX}lease:${key}`;
}

function refusedKey(key: string, epoch: string): string {
  return `${PREFIX}refused:${epoch}:${key}`;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
