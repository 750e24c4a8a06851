import { describe, expect, it, onTestFinished } from 'vitest';
import { DiskWatch, diskReady, isDiskFresh, watchDisk } from '../../src/fs/disk-watch.js';
import { tempDir } from '../support/tmp.js';

const never = () => new Promise<never>(() => undefined);
const TIMES = { tick: 5, suspect: 10, hangs: 40, rest: 10, fresh: 60_000 };

/** A disk that hangs until it is released. */
function hanging() {
  let release: () => void = () => undefined;
  let asked = 0;
  const answer = new Promise<void>((resolve) => (release = resolve));
  const ask = () => {
    asked += 1;
    return answer;
  };
  return { disk: { touch: ask, write: ask }, release, asked: () => asked };
}

const answering = { touch: () => Promise.resolve(), write: () => Promise.resolve() };

describe('a disk that hangs', () => {
  const told: object[] = [];
  const log = {
    error: (_details: object, message: string) => void told.push({ error: message }),
    info: (_details: object, message: string) => void told.push({ info: message }),
  };

  it('makes what waits for it fail in words, and what comes later at once, until it answers again', async () => {
    const { disk, release } = hanging();
    const watch = new DiskWatch('/cache', log, TIMES, disk);
    const refused = { code: 'STORAGE', reason: expect.stringContaining('does not answer') as string };
    await expect(watch.run(never)).rejects.toMatchObject(refused);
    let isBegun = false;
    const later = watch.run(() => {
      isBegun = true;
      return never();
    });
    await expect(later).rejects.toMatchObject(refused);
    await expect(watch.ready()).rejects.toMatchObject(refused);
    expect([isBegun, watch.hangs?.code]).toEqual([false, 'STORAGE']);
    release();
    await expect.poll(() => watch.hangs, { interval: 1, timeout: 60_000 }).toBeUndefined();
    expect(await watch.run(() => Promise.resolve('read'))).toBe('read');
    expect(told).toEqual([
      { error: 'the cache directory of modhaven has a problem' },
      { info: 'the disk of cache.dir answers again' },
    ]);
  });

  it('is asked by one write at a time, however many wait', async () => {
    const { disk, asked } = hanging();
    const watch = new DiskWatch('/cache', undefined, TIMES, disk);
    const waiting = [1, 2, 3].map(() => watch.run(never).catch(() => 'failed'));
    expect(await Promise.all(waiting)).toEqual(['failed', 'failed', 'failed']);
    expect(asked()).toBe(1);
    const ready = async () => Promise.resolve(watch.ready()).catch(() => 'failed');
    expect(await Promise.all([ready(), ready()])).toEqual(['failed', 'failed']);
    expect(asked()).toBe(1);
  });
});

describe('a disk that answers', () => {
  it('leaves what takes long its time', async () => {
    let writes = 0;
    const write = () => {
      writes += 1;
      return Promise.resolve();
    };
    const watch = new DiskWatch('/cache', undefined, TIMES, { ...answering, write });
    let finish: (text: string) => void = () => undefined;
    const slow = watch.run(() => new Promise<string>((resolve) => (finish = resolve)));
    await expect.poll(() => writes, { interval: 1, timeout: 60_000 }).toBeGreaterThan(3);
    finish('done');
    expect(await slow).toBe('done');
  });

  it('passes failures of the work on as they are', async () => {
    const watch = new DiskWatch('/cache', undefined, TIMES, answering);
    const failure = new Error('no');
    await expect(watch.run(() => Promise.reject(failure))).rejects.toBe(failure);
  });

  it('is fresh for a moment after it took a write, and only then may be asked at once', async () => {
    const watch = new DiskWatch('/cache', undefined, { ...TIMES, fresh: 60_000 }, answering);
    expect(watch.isFresh).toBe(false);
    await watch.ready();
    expect([watch.isFresh, watch.ready()]).toEqual([true, undefined]);
    const withoutWait = new DiskWatch('/cache', undefined, { ...TIMES, fresh: 0 }, answering);
    await withoutWait.ready();
    expect(withoutWait.isFresh).toBe(false);
  });

  it('is one on which a folder is missing, or a real one', async () => {
    for (const dir of ['/nonexistent', await tempDir('watched')]) {
      const watch = new DiskWatch(dir, undefined, { ...TIMES, hangs: 60_000 });
      await watch.ready();
      expect(watch.isFresh).toBe(true);
    }
  });
});

describe('the disk of a process', () => {
  it('is that of its cache.dir alone', async () => {
    const watch = new DiskWatch('/cache', undefined, TIMES, answering);
    watchDisk(watch);
    onTestFinished(() => watchDisk(new DiskWatch('/nonexistent')));
    expect([diskReady('/cached'), diskReady('/etc/x')]).toEqual([undefined, undefined]);
    expect([isDiskFresh('/cached'), isDiskFresh('/cache/x'), isDiskFresh('/cache')]).toEqual([
      true,
      false,
      false,
    ]);
    await diskReady('/cache/x');
    expect(isDiskFresh('/cache/x')).toBe(true);
  });
});
