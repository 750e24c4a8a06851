/**
 * What the server does for its store in the background: it removes what killed processes left, keeps `cache.dir` below
 * `cache.max_size`, writes down when versions were last used, and reads the whole store slowly once a day.
 */
import type { Logger } from '../log/log.js';
import { errorMessage } from '../errors.js';
import type { RemovedCounts } from '../observe/events.js';
import { occurred } from '../observe/observe.js';
import type { Stores } from '../store/open/open-stores.js';
import { collect, type Collection, type CollectOptions } from './collect.js';
import { scrub } from './scrub.js';

export interface MaintenanceOptions extends Pick<CollectOptions, 'isReplaceable'> {
  stores: Stores;
  maxBytes: () => number;
  hasUpstream: () => boolean;
  log: Pick<Logger, 'info' | 'warn'>;
  /** When the stored files are checked: so long after the start, and after each check, in milliseconds. Default: a minute, a day. */
  scrubMs?: { first: number; between: number } | undefined;
}

/** The wait between two looks, in milliseconds: longer where a look takes long. A fetch that finds no room has one made before. */
const LOOK = { shortest: 10_000, timesAsLong: 20 };
const SCRUB_MS = { first: 60_000, between: 24 * 60 * 60_000 };

export class Maintenance {
  private readonly options: MaintenanceOptions;
  private readonly scrubMs: { first: number; between: number };
  private readonly timers = new Set<NodeJS.Timeout>();
  private isStopped = false;
  private last: (Collection & { at: number }) | undefined;
  /** Whether there was nothing to remove when a fetch found no room; until the next look. */
  private isExhausted = false;
  private looking: Promise<boolean> | undefined;
  private nextLook: NodeJS.Timeout | undefined;
  private lastScrub: { at: number; parts: number; damaged: number } | undefined;

  constructor(options: MaintenanceOptions) {
    this.options = options;
    this.scrubMs = options.scrubMs ?? SCRUB_MS;
  }

  start(): void {
    this.options.stores.room.whenShort(() => this.makeRoom());
    void this.look();
    // An object store looks after its bytes itself, and what comes out of it is checked each time.
    if (this.options.stores.bucket === undefined) this.later(this.scrubMs.first, () => this.scrubAll());
  }

  /** Ends it, and writes down what is known of uses. */
  async stop(): Promise<void> {
    this.isStopped = true;
    this.timers.forEach(clearTimeout);
    await this.options.stores.lastUse.flush().catch(() => undefined);
  }

  /** Bytes below `cache.dir` by folder, as of the last look; undefined before the first. */
  folders(): ReadonlyMap<string, number> | undefined {
    return this.last?.folders;
  }

  /** For `/-/status`. */
  report(): unknown {
    const { last, lastScrub, options } = this;
    const iso = (at: number) => new Date(at).toISOString();
    return {
      maxBytes: options.maxBytes(),
      ...(last && {
        bytes: last.after,
        limit: last.limit,
        at: iso(last.at),
        wouldRemove: Math.max(0, last.after - last.limit),
        removed: {
          leftovers: last.leftovers.length,
          mirrors: last.mirrors.length,
          versions: last.versions.map(({ module, version }) => `${module}@${version}`).slice(0, 100),
          answers: last.answers.length,
        },
      }),
      disk: options.stores.room.report(),
      scrub: lastScrub && { ...lastScrub, at: iso(lastScrub.at) },
    };
  }

  /**
   * Makes room before its time, unless there was nothing to remove a moment ago. Resolves with whether there may be room now. The
   * look may be one that went on already, and measured the disk before it was short.
   */
  private async makeRoom(): Promise<boolean> {
    if (this.looking !== undefined) return this.looking;
    if (this.isExhausted) return false;
    const hasRoom = await this.look();
    this.isExhausted = !hasRoom;
    return hasRoom;
  }

  /** One look at a time, and the next one after a rest. Resolves with whether there may be room now. Never fails. */
  private look(): Promise<boolean> {
    this.looking ??= this.lookNow().finally(() => (this.looking = undefined));
    return this.looking;
  }

  private async lookNow(): Promise<boolean> {
    if (this.nextLook !== undefined) this.forget(this.nextLook);
    const startedAt = performance.now();
    const hasRoom = await this.collect();
    const took = performance.now() - startedAt;
    this.nextLook = this.later(Math.max(LOOK.shortest, LOOK.timesAsLong * took), () => {
      this.isExhausted = false;
      return this.look();
    });
    return hasRoom;
  }

  private async collect(): Promise<boolean> {
    const { stores, maxBytes, isReplaceable, hasUpstream, log } = this.options;
    try {
      const done = await collect({
        stores,
        isReplaceable,
        maxBytes: maxBytes(),
        hasUpstream: hasUpstream(),
      });
      if (done !== undefined) this.last = { ...done, at: Date.now() };
      const removed = removedCounts(done);
      const count = Object.values(removed).reduce((sum, each) => sum + each, 0);
      const freed = (done?.before ?? 0) - (done?.after ?? 0);
      if (done !== undefined) occurred({ type: 'gc', removed, freedBytes: freed, failed: false });
      if (count > 0) log.info({ ...removed, freed }, 'room was made in the cache');
      if (done === undefined) return false;
      // Nothing had to go: the disk has room, whatever was said of it a moment before.
      const hadRoom = done.limit === done.maxBytes && done.after <= done.limit;
      return hadRoom || freed > 0;
    } catch (error) {
      occurred({ type: 'gc', removed: removedCounts(undefined), freedBytes: 0, failed: true });
      log.warn({ error: errorMessage(error) }, 'the cache could not be looked through');
      return false;
    }
  }

  private async scrubAll(): Promise<void> {
    try {
      const result = await scrub(this.options.stores, () => this.isStopped);
      this.lastScrub = { ...result, at: Date.now() };
    } catch (error) {
      this.options.log.warn({ error: errorMessage(error) }, 'the stored files could not be checked');
    }
    this.later(this.scrubMs.between, () => this.scrubAll());
  }

  private later(ms: number, work: () => Promise<unknown>): NodeJS.Timeout | undefined {
    if (this.isStopped) return undefined;
    const timer = setTimeout(() => {
      this.timers.delete(timer);
      void work();
    }, ms).unref();
    this.timers.add(timer);
    return timer;
  }

  private forget(timer: NodeJS.Timeout): void {
    clearTimeout(timer);
    this.timers.delete(timer);
  }
}

function removedCounts(done: Collection | undefined): RemovedCounts {
  return {
    leftovers: done?.leftovers.length ?? 0,
    mirrors: done?.mirrors.length ?? 0,
    versions: done?.versions.length ?? 0,
    answers: done?.answers.length ?? 0,
  };
}
