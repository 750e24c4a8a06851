/**
 * The lock that guards writing to one bare repository, in this process and between processes. A holder that was stopped
 * for so long that it lost the lock (SIGSTOP, a suspended machine) is told so by its `WriteRight`, before each step that writes,
 * and the git children that write for it are ended.
 */
import { lockPath, type HeldLock } from '../../fs/path-lock.js';

/** Stale: long enough that a stalled event loop does not lose it, short enough that the first request after a kill works. */
const LOCK = { staleMs: 10_000, renewMs: 2_000, waitMs: 300_000 };

/** The right to write, as long as it lasts. */
export interface WriteRight {
  /** Aborted when the lock was lost. */
  readonly signal: AbortSignal;
  /** Throws `LockLost` unless this process still holds the lock. */
  assertHeld(): void;
}

/**
 * The lock of the repository in `dir`, for a caller that only looks whether it is free: it does not wait. Throws `LockHeld`, or
 * what the file system throws.
 */
export function tryLockRepository(dir: string): Promise<HeldLock> {
  return lockPath(dir, { ...LOCK, waitMs: 0 });
}

/** The lock was taken over, or its directory was removed, while its holder did not run. */
class LockLost extends Error {
  /** That of a lock that is held by another caller or process. */
  readonly code = 'ELOCKED';

  constructor(dir: string) {
    super(`the lock of ${dir} was lost to another process`);
    this.name = 'LockLost';
  }
}

export class RepoLock {
  readonly #dir: string;

  /** The lock of the repository in `dir`, which need not exist. All locks of one `dir` are the same lock. */
  constructor(dir: string) {
    this.#dir = dir;
  }

  /**
   * Runs `work` while no other caller and no other process holds the lock; once more if the lock was lost meanwhile.
   * Rejects with code ELOCKED where another process holds it for minutes, and with what the file system says.
   */
  async run<T>(work: (lease: WriteRight) => Promise<T>): Promise<T> {
    try {
      return await this.#locked(work);
    } catch (error) {
      if (error instanceof LockLost) return this.#locked(work);
      throw error;
    }
  }

  async #locked<T>(work: (lease: WriteRight) => Promise<T>): Promise<T> {
    const lost = new AbortController();
    const onLost = () => lost.abort(new LockLost(this.#dir));
    const held = await lockPath(this.#dir, { ...LOCK, onLost });
    try {
      return await work(leaseOf(held, lost.signal, onLost));
    } catch (error) {
      // Whatever failed because the lock was lost is told as that.
      lost.signal.throwIfAborted();
      throw error;
    } finally {
      await held.release();
    }
  }
}

function leaseOf(held: HeldLock, signal: AbortSignal, onLost: () => void): WriteRight {
  return {
    signal,
    assertHeld: () => {
      if (!held.isHeld()) onLost();
      signal.throwIfAborted();
    },
  };
}
