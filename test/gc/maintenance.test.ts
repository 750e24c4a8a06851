import { existsSync, statfsSync } from 'node:fs';
import type * as FsPromises from 'node:fs/promises';
import { mkdir, statfs, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Maintenance } from '../../src/gc/maintenance.js';
import { openStores, type Stores } from '../../src/store/open/open-stores.js';
import { tempDir } from '../support/tmp.js';

// A disk that is nearly full cannot be had without rights to mount one.
vi.mock('node:fs/promises', async (importOriginal) => {
  const original = await importOriginal<typeof FsPromises>();
  return { ...original, statfs: vi.fn(original.statfs) };
});

const disk = (bavail: number) =>
  Object.assign(statfsSync('/'), { blocks: 2_000, bsize: 1024, bavail, files: 0, ffree: 0 });
const NEARLY_FULL = disk(20);
const ROOMY = disk(1_000);

let dir: string;
let stores: Stores;
let maintenance: Maintenance;
const log = { info: vi.fn(), warn: vi.fn() };

beforeEach(async () => {
  vi.clearAllMocks();
  dir = await tempDir('maintenance');
  stores = openStores({ cacheDir: dir });
  maintenance = new Maintenance({
    stores,
    log,
    maxBytes: () => 1_000_000,
    isReplaceable: () => false,
    hasUpstream: () => false,
  });
});
afterEach(() => maintenance.stop());

interface Report {
  maxBytes: number;
  bytes?: number;
  removed?: { leftovers: number };
  disk?: { error?: string };
}
const report = () => maintenance.report() as Report;

/** A mirror of a repository, which may be removed. */
async function madeMirror(): Promise<string> {
  const mirror = join(dir, 'vcs', 'a'.repeat(64));
  await mkdir(join(mirror, 'content.git'), { recursive: true });
  await mkdir(join(mirror, 'trees.git'));
  await mkdir(join(mirror, 'history.git'));
  await writeFile(join(mirror, 'content.git/pack'), 'x'.repeat(100_000));
  return mirror;
}

describe('Maintenance', () => {
  it('reports its limit before it has looked', () => {
    expect(report()).toEqual({ maxBytes: 1_000_000, disk: undefined, scrub: undefined });
  });

  it('removes at its start what killed processes left, and says so', async () => {
    await mkdir(join(dir, 'download'), { recursive: true });
    const left = join(dir, 'download/.tmp-left');
    await writeFile(left, 'x'.repeat(100));
    await utimes(left, new Date(0), new Date(0));
    maintenance.start();
    await vi.waitFor(() => expect(report().removed).toMatchObject({ leftovers: 1 }), { timeout: 20_000 });
    expect(log.info.mock.calls).toEqual([
      [
        expect.objectContaining({ leftovers: 1, mirrors: 0, versions: 0, answers: 0 }),
        'room was made in the cache',
      ],
    ]);
  });

  it('says nothing where there was nothing to do', async () => {
    maintenance.start();
    await vi.waitFor(() => expect(report().removed).toMatchObject({ leftovers: 0 }), { timeout: 20_000 });
    expect(log.info).not.toHaveBeenCalled();
    expect(log.warn).not.toHaveBeenCalled();
  });

  it('makes room at once where a fetch finds none, and not again where nothing more may be removed', async () => {
    vi.mocked(statfs).mockResolvedValueOnce(ROOMY);
    maintenance.start();
    await vi.waitFor(() => expect(report().bytes).toBe(0), { timeout: 20_000 });
    const mirror = await madeMirror();

    for (let i = 0; i < 3; i += 1) vi.mocked(statfs).mockResolvedValueOnce(NEARLY_FULL);
    vi.mocked(statfs).mockResolvedValueOnce(ROOMY);
    await stores.room.look(); // the one before, which found room, holds for a moment
    await stores.room.assert();
    expect(existsSync(mirror)).toBe(false);
    expect(report()).toMatchObject({ removed: { mirrors: 1 }, disk: { free: 1_000 * 1024 } });

    const looks = vi.mocked(statfs).mock.calls.length;
    vi.mocked(statfs).mockResolvedValue(NEARLY_FULL);
    await stores.room.look();
    for (let i = 0; i < 3; i += 1) {
      await expect(stores.room.assert()).rejects.toMatchObject({ code: 'STORAGE' });
    }
    // This one, each fetch, and for the first of them gc.
    expect(vi.mocked(statfs).mock.calls.length - looks).toBe(5);
    expect(report().disk?.error).toContain('the disk is full but for 20.0 KiB of 2.0 MiB');
    vi.mocked(statfs).mockReset();
  });

  it('makes room also where a look goes on that began while there was some', async () => {
    let answer!: () => void;
    vi.mocked(statfs).mockImplementationOnce(() => new Promise((resolve) => (answer = () => resolve(ROOMY))));
    maintenance.start();
    await vi.waitFor(() => expect(statfs).toHaveBeenCalled(), { timeout: 20_000 });
    const mirror = await madeMirror();
    for (let i = 0; i < 4; i += 1) vi.mocked(statfs).mockResolvedValueOnce(NEARLY_FULL);
    vi.mocked(statfs).mockResolvedValueOnce(ROOMY);
    await stores.room.look(); // the one that goes on would do for the fetch
    const asserted = stores.room.assert();
    answer();
    await asserted;
    expect(existsSync(mirror)).toBe(false);
  });

  it('writes down uses when it ends, and ends also where that fails', async () => {
    const flush = vi.spyOn(stores.lastUse, 'flush').mockRejectedValue(new Error('no room'));
    await maintenance.stop();
    expect(flush).toHaveBeenCalledOnce();
  });
});
