/**
 * The lock that guards writing to one bare repository: inside this process a queue, between processes a lock directory.
 *
 * The holder renews the modification time of the directory; a lock that was not renewed for `STALE_MS` is taken over,
 * because its holder is dead. Two cases need more than `proper-lockfile` gives:
 * - a modification time in the future (the clock of the holder was ahead, or ours was set back) is never old enough for
 *   it: such a lock is watched, by a clock that is never set, and removed when it is not renewed;
 * - a holder that was stopped for longer than `STALE_MS` (SIGSTOP, a suspended machine) has lost the lock without having
 *   noticed: its `Lease` says so before each step that writes, and ends the git children that write for it.
 */
import fs from 'node:fs';
import { mkdir, rmdir, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { lock } from 'proper-lockfile';

/** Long enough that a stalled event loop does not lose the lock, short enough that the first request after a kill works. */
const STALE_MS = 10_000;

/** How often the holder renews its lock. */
const RENEW_MS = 2_000;

/** How often a lock that is waited for is looked at, and how far clocks of machines that share a disk may differ. */
const WATCH_MS = 1_000;
const CLOCK_SKEW_MS = 2_000;

/** Waiting for another process: about as long as the longest git operation. */
const RETRIES = { retries: 600, factor: 1.2, minTimeout: 50, maxTimeout: 500 };

/** The right to write, as long as it lasts. */
export interface Lease {
  /** Aborted when the lock was lost. */
  readonly signal: AbortSignal;
  /** Throws `LockLost` unless this process still holds the lock. */
  assertHeld(): void;
}

/** The lock was taken over, or its directory was removed, while its holder did not run. */
class LockLost extends Error {
  /** That of `proper-lockfile` for a lock that is held by another caller or process. */
  readonly code = 'ELOCKED';

  constructor(lockDir: string) {
    super(`${lockDir} was lost to another process`);
    this.name = 'LockLost';
  }
}

export class RepoLock {
  readonly #dir: string;
  readonly #lockDir: string;
  #queue: Promise<unknown> = Promise.resolve();

  /** The lock of the repository in `dir`, which need not exist. */
  constructor(dir: string) {
    this.#dir = dir;
    this.#lockDir = `${dir}.lock`;
  }

  /**
   * Runs `work` while no other caller and no other process holds the lock; once more if the lock was lost meanwhile.
   * Rejects with code ELOCKED where another process holds it for minutes.
   */
  run<T>(work: (lease: Lease) => Promise<T>): Promise<T> {
    const result = this.#queue.then(() =>
      this.#locked(work).catch((error: unknown) => {
        if (error instanceof LockLost) return this.#locked(work);
        throw error;
      }),
    );
    this.#queue = result.catch(() => undefined);
    return result;
  }

  async #locked<T>(work: (lease: Lease) => Promise<T>): Promise<T> {
    await mkdir(dirname(this.#dir), { recursive: true });
    const lost = new AbortController();
    const release = await this.#acquire(() => lost.abort(new LockLost(this.#lockDir)));
    const lease: Lease = {
      signal: lost.signal,
      assertHeld: () => {
        if (!isRenewedByUs(this.#lockDir)) lost.abort(new LockLost(this.#lockDir));
        lost.signal.throwIfAborted();
      },
    };
    try {
      return await work(lease);
    } catch (error) {
      // Whatever failed because the lock was lost is told as that.
      lost.signal.throwIfAborted();
      throw error;
    } finally {
      // A lock that was lost is for its new holder to release.
      if (isRenewedByUs(this.#lockDir)) await release().catch(() => undefined);
      renewals.delete(this.#lockDir);
    }
  }

  async #acquire(onLost: () => void): Promise<() => Promise<void>> {
    const waiting = new AbortController();
    void removeLockFromFuture(this.#lockDir, waiting.signal).catch(() => undefined);
    try {
      const release = await lock(this.#dir, {
        realpath: false,
        stale: STALE_MS,
        update: RENEW_MS,
        retries: RETRIES,
        fs: observedFs,
        onCompromised: onLost,
      });
      const mtime = mtimeOf(this.#lockDir);
      renewals.set(this.#lockDir, mtime === undefined ? [] : [mtime]);
      return release;
    } finally {
      waiting.abort();
    }
  }
}

/** The last modification times, in milliseconds, that this process gave to the locks it holds. */
const renewals = new Map<string, number[]>();

/** The file system as `proper-lockfile` is given it: renewals are noted. */
const observedFs = {
  ...fs,
  utimes(path: string, atime: Date, mtime: Date, done: (error: NodeJS.ErrnoException | null) => void): void {
    const before = renewals.get(path);
    // Until it is done, either time may be seen.
    if (before !== undefined) renewals.set(path, [...before.slice(-1), mtime.getTime()]);
    fs.utimes(path, atime, mtime, done);
  },
};

function isRenewedByUs(lockDir: string): boolean {
  const seen = mtimeOf(lockDir);
  return seen !== undefined && (renewals.get(lockDir) ?? []).includes(seen);
}

function mtimeOf(lockDir: string): number | undefined {
  return fs.statSync(lockDir, { throwIfNoEntry: false })?.mtime.getTime();
}

/** Removes a lock whose modification time lies in the future and is not renewed for `STALE_MS`, until `signal` ends it. */
async function removeLockFromFuture(lockDir: string, signal: AbortSignal): Promise<void> {
  let seen: { mtimeMs: number; since: number } | undefined;
  for (;;) {
    const mtimeMs = (await stat(lockDir).catch(() => undefined))?.mtimeMs ?? 0;
    if (mtimeMs <= Date.now() + CLOCK_SKEW_MS) seen = undefined;
    else if (seen?.mtimeMs !== mtimeMs) seen = { mtimeMs, since: performance.now() };
    else if (performance.now() - seen.since >= STALE_MS) await rmdir(lockDir);
    await sleep(WATCH_MS, undefined, { signal, ref: false });
  }
}
