/**
 * Whether the disk of `cache.dir` answers at all. One that hangs (a network file system whose server is away, a file system that
 * is frozen) answers a call neither with a result nor with an error: a call that waits at once stands still with the whole process,
 * and four calls by way of threads take all that Node has for files.
 *
 * - What waits for the disk on behalf of a caller does so by `run` or `begin`: it is given up, in words, once the disk is known to
 *   hang, and is not begun while it does.
 * - What asks the disk at once, because a thread takes ten times as long, waits for `ready` before: for a sign of the disk that is
 *   some milliseconds old at most.
 *
 * Where something takes long, the disk is asked for a small write that lasts. Only if that does not come back does it hang: a zip of
 * gigabytes, a slow git host and a slow disk take their time as ever.
 */
import { open, rm, utimes } from 'node:fs/promises';
import { sep } from 'node:path';
import { asError, type ModhavenError } from '../errors.js';
import { CACHE_DIR, storageError } from './storage-errors.js';
import { temporaryName } from './temporary-name.js';

/** All in milliseconds. */
export interface DiskWatchTimes {
  /** How often it is looked whether something takes long. */
  tick: number;
  /** What takes longer makes us ask the disk. */
  suspect: number;
  /** A disk that has not written a few bytes after that time hangs. */
  hangs: number;
  /** After a write that came back it is not asked again for so long. */
  rest: number;
  /** After that time a write that came back says nothing more. */
  fresh: number;
}

const TIMES: DiskWatchTimes = { tick: 1_000, suspect: 2_000, hangs: 30_000, rest: 10_000, fresh: 20 };

/** Bytes that are written where something takes long. */
const PROBE = Buffer.alloc(512);

export interface DiskWatchLog {
  error(details: object, message: string): void;
  info?(details: object, message: string): void;
}

/** The disk as it is asked. Either resolves whatever comes of it: an error is an answer. */
export interface AskedDisk {
  /** A change that a disk on the network has to be asked for, and that a frozen one holds up. */
  touch(): Promise<void>;
  /** A few bytes, so that they last. */
  write(): Promise<void>;
}

/** What is waited for. */
interface Waiting {
  at: number;
  fail: (error: ModhavenError) => void;
}

export class DiskWatch {
  readonly dir: string;
  private readonly log: DiskWatchLog | undefined;
  private readonly times: DiskWatchTimes;
  private readonly disk: AskedDisk;
  /** The oldest first. */
  private readonly waiting = new Set<Waiting>();
  private timer: NodeJS.Timeout | undefined;
  /** When the disk last took a write. What is only read may come out of memory. */
  private answeredAt = -Infinity;
  private probedAt = -Infinity;
  private probing: { forMs: number; seenAt: number } | undefined;
  private failure: ModhavenError | undefined;
  private pulse: Promise<void> | undefined;

  /** Of the disk that `dir` is on, which need not exist. Asks nothing before something waits. */
  constructor(dir: string, log?: DiskWatchLog, times = TIMES, disk = diskOf(dir)) {
    this.dir = dir;
    this.log = log;
    this.times = times;
    this.disk = disk;
  }

  /** Why the disk cannot be used; undefined while it answers, as far as it is known. */
  get hangs(): ModhavenError | undefined {
    return this.failure;
  }

  /** Whether the disk took a write a moment ago, so that it may be asked at once. */
  get isFresh(): boolean {
    return this.failure === undefined && performance.now() - this.answeredAt < this.times.fresh;
  }

  /** What `work`, which asks the disk by way of threads, gives. Rejects with STORAGE if the disk hangs. */
  run<T>(work: () => Promise<T>): Promise<T> {
    if (this.failure !== undefined) return Promise.reject(this.failure);
    return new Promise<T>((resolve, reject) => {
      const over = this.begin(reject);
      const done = (settle: () => void) => {
        over();
        settle();
      };
      try {
        work().then(
          (result) => done(() => resolve(result)),
          (error: unknown) => done(() => reject(asError(error))),
        );
      } catch (error) {
        done(() => reject(asError(error)));
      }
    });
  }

  /**
   * Something waits for the disk, until the returned function is called; `fail` is called, once, if the disk hangs. What is
   * returned says whether the wait ended by itself.
   */
  begin(fail: (error: ModhavenError) => void): () => boolean {
    const { failure } = this;
    if (failure !== undefined) {
      process.nextTick(() => fail(failure));
      return () => false;
    }
    const entry = { at: performance.now(), fail };
    this.waiting.add(entry);
    this.timer ??= setInterval(() => this.look(), this.times.tick).unref();
    return () => this.waiting.delete(entry);
  }

  /** Resolves when the disk has just taken a write; undefined if it has. Rejects with STORAGE if it hangs. */
  ready(): Promise<void> | undefined {
    if (this.isFresh) return undefined;
    this.pulse ??= this.run(async () => {
      await this.disk.touch();
      this.answeredAt = performance.now();
    }).finally(() => {
      this.pulse = undefined;
    });
    return this.pulse;
  }

  /** Asks the disk where something takes long, and judges by how long that takes. */
  private look(): void {
    const now = performance.now();
    const { tick, suspect, hangs, rest } = this.times;
    if (this.probing !== undefined) {
      // While this process was stopped, the disk had no chance to answer it: that time does not count.
      this.probing.forMs += Math.min(now - this.probing.seenAt, 2 * tick);
      this.probing.seenAt = now;
      if (this.probing.forMs >= hangs && this.failure === undefined) this.giveUp();
      return;
    }
    const [oldest] = this.waiting;
    if (oldest === undefined) {
      clearInterval(this.timer);
      this.timer = undefined;
    } else if (now - oldest.at >= suspect && now - this.probedAt >= rest) {
      this.probing = { forMs: 0, seenAt: now };
      void this.disk.write().finally(() => this.answered());
    }
  }

  private giveUp(): void {
    this.failure = notAnswering(this.times.hangs);
    const { message, reason, remedy } = this.failure;
    this.log?.error({ dir: this.dir, reason, remedy }, message);
    const waiting = [...this.waiting];
    this.waiting.clear();
    for (const { fail } of waiting) fail(this.failure);
  }

  private answered(): void {
    this.probing = undefined;
    this.probedAt = performance.now();
    this.answeredAt = this.probedAt;
    if (this.failure === undefined) return;
    this.failure = undefined;
    this.log?.info?.({ dir: this.dir }, 'the disk of cache.dir answers again');
  }
}

function diskOf(dir: string): AskedDisk {
  return {
    async touch() {
      const now = new Date();
      await utimes(dir, now, now).catch(() => undefined);
    },
    async write() {
      const file = temporaryName(dir);
      try {
        const handle = await open(file, 'wx');
        try {
          await handle.write(PROBE);
          await handle.sync();
        } finally {
          await handle.close();
        }
      } catch {
        // A disk that is full or read-only, or a folder that is gone, is not one that hangs.
      }
      await rm(file, { force: true }).catch(() => undefined);
    },
  };
}

function notAnswering(ms: number): ModhavenError {
  const reason = `its disk does not answer: nothing came back for ${Math.round(ms / 1000)} s`;
  return storageError(reason, undefined, {
    ...CACHE_DIR,
    remedy:
      'look at the disk of cache.dir on the modhaven server (a network file system whose server is away?)',
  });
}

/** The disk of this process: each has one `cache.dir`. */
let watched: DiskWatch | undefined;

/** From now on `diskReady` and `isDiskFresh` go by `watch`. */
export function watchDisk(watch: DiskWatch): void {
  watched = watch;
}

/** See `DiskWatch.ready`, for what asks at once for `path`; undefined for a path on another disk than that of `cache.dir`. */
export function diskReady(path: string): Promise<void> | undefined {
  return watched !== undefined && isBelow(path, watched) ? watched.ready() : undefined;
}

/** Whether `path` may be asked for at once: it is not below `cache.dir`, or the disk of that answered a moment ago. */
export function isDiskFresh(path: string): boolean {
  return watched === undefined || !isBelow(path, watched) || watched.isFresh;
}

function isBelow(path: string, { dir }: DiskWatch): boolean {
  return path.startsWith(dir) && (path.length === dir.length || path[dir.length] === sep);
}
