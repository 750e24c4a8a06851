import { existsSync } from 'node:fs';
import { mkdir, readdir, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it, vi } from 'vitest';
import { LockHeld, lockPath, type HeldLock } from '../../src/fs/path-lock.js';
import { tempDir } from '../support/tmp.js';

/** The shortest that counts. */
const STALE = { staleMs: 2_000 };
const WAIT = { ...STALE, waitMs: 20_000 };
const NO_WAIT = { ...STALE, waitMs: 0 };

/** More than the steps in which a file system counts modification times. */
const CLOCK_TICK_MS = 50;

interface Place {
  root: string;
  path: string;
  lockDir: string;
}

async function place(): Promise<Place> {
  const root = await tempDir('path-lock');
  const path = join(root, 'folder', 'x');
  return { root, path, lockDir: `${path}.lock` };
}

/** A place whose lock another process has taken. */
async function takenPlace(): Promise<Place> {
  const taken = await place();
  await mkdir(taken.lockDir, { recursive: true });
  return taken;
}

describe.concurrent('a lock on a path', () => {
  it('is held by one caller of a process at a time, in their order, and leaves nothing', async () => {
    const { root, path } = await place();
    const log: string[] = [];
    const turn = async (name: string) => {
      const lock = await lockPath(path, WAIT);
      log.push(`${name} begins`);
      await sleep(5);
      log.push(`${name} ends`);
      await lock.release();
    };
    await Promise.all(['a', 'b', 'c', 'd'].map(turn));
    const expected = ['a', 'b', 'c', 'd'].flatMap((name) => [`${name} begins`, `${name} ends`]);
    expect(log).toEqual(expected);
    expect(await readdir(join(root, 'folder'))).toEqual([]);
  });

  it('is another one for another path', async () => {
    const { path } = await place();
    const first = await lockPath(path, WAIT);
    const second = await lockPath(`${path}2`, NO_WAIT);
    expect([first.isHeld(), second.isHeld()]).toEqual([true, true]);
    await Promise.all([first.release(), second.release()]);
  });

  it('is free again after an attempt that failed', async () => {
    const { root } = await place();
    await writeFile(join(root, 'file'), '');
    const below = join(root, 'file', 'x');
    for (let i = 0; i < 2; i += 1) await expect(lockPath(below, WAIT)).rejects.toThrow('ENOTDIR');
    await expect(lockPath('/proc/nowhere/x', WAIT)).rejects.toThrow('ENOENT');
  });

  it('is not waited for by a caller that does not wait, who makes nothing', async () => {
    const { root, path, lockDir } = await place();
    await expect(lockPath(path, NO_WAIT)).rejects.toMatchObject({ code: 'ENOENT' });
    expect(await readdir(root)).toEqual([]);
    const lock = await lockPath(path, WAIT);
    await expect(lockPath(path, NO_WAIT)).rejects.toThrow(LockHeld);
    await lock.release();
    await mkdir(lockDir);
    await expect(lockPath(path, NO_WAIT)).rejects.toThrow(LockHeld);
    await rm(lockDir, { recursive: true });
    await (await lockPath(path, NO_WAIT)).release();
  });
});

describe.concurrent('the lock of another process', () => {
  it('is waited for', async () => {
    const { path, lockDir } = await takenPlace();
    let lock: HeldLock | undefined;
    const turn = lockPath(path, WAIT).then((held) => (lock = held));
    await sleep(300);
    expect(lock).toBeUndefined();
    await rm(lockDir, { recursive: true });
    await (await turn).release();
  });

  it('is given up on after a while', async () => {
    const { path } = await takenPlace();
    await expect(lockPath(path, { ...STALE, waitMs: 500 })).rejects.toMatchObject({ code: 'ELOCKED' });
  });

  it('may go with its folder, which is made again', async () => {
    const { root, path } = await takenPlace();
    const turn = lockPath(path, WAIT);
    await sleep(100);
    await rename(join(root, 'folder'), join(root, 'away'));
    const lock = await turn;
    expect(lock.isHeld()).toBe(true);
    await lock.release();
  });

  it.each([-3600, 0, 1, 3600])(
    'is taken over when it is not renewed; its clock was off by %i s',
    async (off) => {
      const { path, lockDir } = await takenPlace();
      const time = Date.now() / 1000 + off;
      await utimes(lockDir, time, time);
      await (await lockPath(path, WAIT)).release();
    },
  );

  it.each([-3600, 0, 3600])('is left to it while it is renewed; its clock is off by %i s', async (off) => {
    const { path, lockDir } = await takenPlace();
    const stop = await renewed(lockDir, off);
    await expect(lockPath(path, NO_WAIT)).rejects.toThrow(LockHeld);
    let isMine = false;
    const turn = lockPath(path, WAIT).finally(() => (isMine = true));
    await sleep(4_000);
    expect(isMine).toBe(false);
    await stop();
    await (await turn).release();
  });

  it.each([-3600, 3600])(
    'is taken over by a caller that does not wait only if it is not renewed; its clock was off by %i s',
    async (off) => {
      const { path, lockDir } = await takenPlace();
      const time = Date.now() / 1000 + off;
      await utimes(lockDir, time, time);
      const start = performance.now();
      await (await lockPath(path, NO_WAIT)).release();
      expect(performance.now() - start).toBeGreaterThan(STALE.staleMs - 100);
    },
  );
});

/** Renews the lock of another process, by a clock that is off by so many seconds, until what it gives is called. */
async function renewed(lockDir: string, off: number): Promise<() => Promise<void>> {
  const renew = async (): Promise<void> => {
    const time = Date.now() / 1000 + off;
    await utimes(lockDir, time, time);
  };
  await renew();
  const timer = setInterval(() => void renew().catch(() => undefined), 300);
  return async () => {
    clearInterval(timer);
    await rm(lockDir, { recursive: true });
  };
}

describe.concurrent('a held lock', () => {
  it('is renewed for as long as it is held', async () => {
    const { path, lockDir } = await place();
    const lock = await lockPath(path, { ...WAIT, renewMs: 1_000 });
    const before = (await stat(lockDir)).mtimeMs;
    await sleep(2_500);
    expect((await stat(lockDir)).mtimeMs).toBeGreaterThan(before);
    expect(lock.isHeld()).toBe(true);
    await lock.release();
  });

  it('that was taken over is left to its new holder', async () => {
    const { path, lockDir } = await place();
    let losses = 0;
    const lock = await lockPath(path, { ...WAIT, renewMs: 1_000, onLost: () => (losses += 1) });
    await rm(lockDir, { recursive: true });
    expect(lock.isHeld()).toBe(false);
    await sleep(CLOCK_TICK_MS);
    await mkdir(lockDir);
    expect(lock.isHeld()).toBe(false);
    await vi.waitFor(() => expect(losses).toBe(1), 20_000);
    await lock.release();
    expect(existsSync(lockDir)).toBe(true);
  });

  it('that was taken over is left to its new holder at once, too', async () => {
    const { path, lockDir } = await place();
    const lock = await lockPath(path, WAIT);
    await rm(lockDir, { recursive: true });
    await sleep(CLOCK_TICK_MS);
    await mkdir(lockDir);
    await lock.release();
    expect(existsSync(lockDir)).toBe(true);
  });
});
