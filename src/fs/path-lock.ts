/**
 * A lock on a path: inside this process a queue, between processes a directory beside it (`PATH.lock`).
 *
 * The holder renews the modification time of the directory; a lock that was not renewed for `staleMs` is taken over,
 * because its holder has died. What `proper-lockfile` does not give:
 * - It compares the modification time with the clock of this machine. That of the holder may be another one, or either is
 *   set: then it takes a lock from a holder that lives, or never from one that is dead. Here a lock is watched, by a clock
 *   that is never set, and taken over when its modification time, whatever it is, stays the same for `staleMs`.
 * - A holder that was stopped for longer than `staleMs` (SIGSTOP, a suspended machine) has lost the lock without having
 *   noticed: `isHeld` says so, by the times that it gave to the directory. It does not remove the lock of its successor.
 * - It waits after whatever the file system says. Here only a lock that is held is waited for: a disk that is full or
 *   read-only is told at once, and a folder that `gc` removed meanwhile is made again.
 * - Two callers of one process do not see each other through the directory but wait in a queue, in their order: it keeps
 *   one lock for each path.
 */
import fs from 'node:fs';
import { rmdir, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { lock } from 'proper-lockfile';
import { diskReady, isDiskFresh } from './disk-watch.js';
import { hasCode } from './file-errors.js';
import { makeFolder } from './make-folder.js';

export interface LockOptions {
  /** After so many milliseconds without a renewal, as this process saw it, the holder counts as dead. */
  staleMs: number;
  /** How often the holder renews it, in milliseconds. Default: twice within `staleMs`. */
  renewMs?: number;
  /**
   * How long another process is waited for, in milliseconds; the folder of the path is made then. Others of this process
   * are waited for as long as they take. 0: a holder that lives is not waited for, and nothing is made. Whether one lives
   * whose renewal seems to be long ago, or still to come, shows within `staleMs` more.
   */
  waitMs: number;
  /** Called where the loss of the lock is noticed between two calls of `isHeld`. */
  onLost?: () => void;
}

export interface HeldLock {
  /** Whether it is still ours: no other process has taken it over. Asks the file system, synchronously. */
  isHeld(): boolean;
  /** To be called once. Never fails. */
  release(): Promise<void>;
}

/** The lock is held already. */
export class LockHeld extends Error {
  /** That of `proper-lockfile`. */
  readonly code = 'ELOCKED';

  constructor(path: string) {
    super(`${path} is locked`);
    this.name = 'LockHeld';
  }
}

/** The pauses between two attempts, in milliseconds: they grow from the first to the last. */
const PAUSE = { first: 50, growth: 1.2, last: 500 };

/** How often the folder of a path may be gone when it was made a moment ago: `gc` removes it, or it cannot be made. */
const MAX_VANISHED = 20;

/** The last caller for each path in this process; settled once the lock is free for the next one. */
const queues = new Map<string, Promise<void>>();

/** The last modification times, in milliseconds, that this process gave to the lock directories it holds. */
const renewals = new Map<string, number[]>();

/** Resolves once the lock of `path` is held. Throws `LockHeld`, or what the file system throws. */
export async function lockPath(path: string, options: LockOptions): Promise<HeldLock> {
  const leave = await enterQueue(path, options.waitMs === 0);
  try {
    const lockDir = lockDirOf(path);
    const release = await acquire(path, options);
    const mtime = mtimeOf(lockDir);
    renewals.set(lockDir, mtime === undefined ? [] : [mtime]);
    return {
      isHeld: () => isOurs(lockDir),
      release: async () => {
        await release().catch(() => undefined); // it may be lost
        renewals.delete(lockDir);
        leave();
      },
    };
  } catch (error) {
    leave();
    throw error;
  }
}

/** Waits for the callers of this process before; resolves with what lets the next one in. */
async function enterQueue(path: string, isHurried: boolean): Promise<() => void> {
  const before = queues.get(path);
  if (before !== undefined && isHurried) throw new LockHeld(path);
  let leave: () => void = () => undefined;
  const own = new Promise<void>((resolve) => (leave = resolve));
  queues.set(path, own);
  await before;
  return () => {
    if (queues.get(path) === own) queues.delete(path);
    leave();
  };
}

/** Takes the lock directory, which another process may hold. */
async function acquire(path: string, options: LockOptions): Promise<() => Promise<void>> {
  const { staleMs, renewMs = staleMs / 2, waitMs, onLost = () => undefined } = options;
  const deadline = performance.now() + waitMs;
  const watch = new Watch(lockDirOf(path), staleMs);
  let vanished = 0;
  for (let pause = PAUSE.first; ; pause = Math.min(pause * PAUSE.growth, PAUSE.last)) {
    const isOver = performance.now() >= deadline;
    await diskReady(path);
    try {
      // Whether a lock is stale is not for it to say: see above.
      const how = { realpath: false, retries: 0, stale: Infinity, update: renewMs, fs: observedFs };
      return await lock(path, { ...how, onCompromised: onLost });
    } catch (error) {
      if (hasCode(error, 'ENOENT') && !isOver && (vanished += 1) <= MAX_VANISHED) {
        await makeFolder(dirname(path)).catch(ignoreVanished);
        continue;
      }
      if (!hasCode(error, 'ELOCKED')) throw error;
    }
    await watch.look();
    if (isOver && watch.isAlive) throw new LockHeld(path);
    await sleep(pause);
  }
}

function ignoreVanished(error: unknown): void {
  if (!hasCode(error, 'ENOENT')) throw error;
}

/** Looks at a lock that another process holds, and removes it when it is not renewed, whatever its time says. */
class Watch {
  readonly #lockDir: string;
  readonly #staleMs: number;
  #seen: { mtimeMs: number; at: number; unchangedMs: number } | undefined;
  #isAlive = false;

  constructor(lockDir: string, staleMs: number) {
    this.#lockDir = lockDir;
    this.#staleMs = staleMs;
  }

  /**
   * Whether its holder is taken to live: it was seen to renew the lock, or its last renewal, if both clocks are right, was
   * less than `staleMs` ago.
   */
  get isAlive(): boolean {
    return this.#isAlive;
  }

  async look(): Promise<void> {
    const mtimeMs = (await stat(this.#lockDir).catch(() => undefined))?.mtimeMs;
    if (mtimeMs === undefined) return; // released, or removed by another process that waits
    const at = performance.now();
    const before = this.#seen;
    if (before?.mtimeMs !== mtimeMs) {
      this.#isAlive = before !== undefined || Math.abs(Date.now() - mtimeMs) < this.#staleMs;
      this.#seen = { mtimeMs, at, unchangedMs: 0 };
    } else {
      // While this process was stopped, the holder may have been so, too: that time does not count.
      const unchangedMs = before.unchangedMs + Math.min(at - before.at, 2 * PAUSE.last);
      this.#seen = { mtimeMs, at, unchangedMs };
      if (unchangedMs < this.#staleMs) return;
      this.#isAlive = false;
      await rmdir(this.#lockDir).catch(() => undefined); // another process that waits may be faster
    }
  }
}

/**
 * The file system as `proper-lockfile` is given it: renewals are noted, and a lock that was lost is left to its new holder.
 * Making, seeing and removing an empty directory is synchronous where the disk is known to answer: by way of a thread it takes
 * ten times as long.
 */
const observedFs = {
  ...fs,
  mkdir: (path: string, done: Done): void => atOnce(() => fs.mkdirSync(path), done),
  stat(path: string, done: Done<fs.Stats>): void {
    if (isDiskFresh(path)) atOnce(() => fs.statSync(path), done);
    else fs.stat(path, done);
  },
  utimes(path: string, atime: Date, mtime: Date, done: (error: NodeJS.ErrnoException | null) => void): void {
    const before = renewals.get(path);
    // Until it is done, either time may be seen; where it fails, the one before.
    before?.push(mtime.getTime());
    fs.utimes(path, atime, mtime, (error) => {
      if (!(error instanceof Error)) before?.splice(0, before.length - 1);
      done(error);
    });
  },
  rmdir(path: string, done: Done): void {
    if (!isDiskFresh(path)) removeLater(path, done);
    else if (isLost(path)) done(null);
    else atOnce(() => fs.rmdirSync(path), done);
  },
  /** Called for each lock when the process ends. */
  rmdirSync(path: string): void {
    if (!isLost(path)) fs.rmdirSync(path);
  },
};

/** The same by way of a thread. */
function removeLater(path: string, done: Done): void {
  fs.stat(path, (error, stats) => {
    const ours = renewals.get(path);
    const isLost = ours !== undefined && (error !== null || !ours.includes(stats.mtime.getTime()));
    if (isLost) done(null);
    else fs.rmdir(path, done);
  });
}

type Done<T = void> = (error: NodeJS.ErrnoException | null, result?: T) => void;

/** Calls `done` with what `work` gives or throws, after the caller has gone on, as the functions of `fs` do. */
function atOnce<T>(work: () => T, done: Done<T>): void {
  try {
    const result = work();
    process.nextTick(done, null, result);
  } catch (error) {
    process.nextTick(done, error);
  }
}

/** Whether this process held the lock and somebody else has it now. */
function isLost(lockDir: string): boolean {
  return renewals.has(lockDir) && !isOurs(lockDir);
}

function isOurs(lockDir: string): boolean {
  const seen = mtimeOf(lockDir);
  return seen !== undefined && (renewals.get(lockDir) ?? []).includes(seen);
}

function mtimeOf(lockDir: string): number | undefined {
  return fs.statSync(lockDir, { throwIfNoEntry: false })?.mtime.getTime();
}

function lockDirOf(path: string): string {
  return `${path}.lock`;
}
