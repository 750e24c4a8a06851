import { statfsSync } from 'node:fs';
import type * as FsPromises from 'node:fs/promises';
import { statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { DiskRoom, missingBytes } from '../../src/fs/disk-room.js';
import { tempDir } from '../support/tmp.js';

// A disk that is nearly full cannot be had without rights to mount one; `test/e2e/faults/disk.test.ts` does where it may.
vi.mock('node:fs/promises', async (importOriginal) => {
  const original = await importOriginal<typeof FsPromises>();
  return { ...original, statfs: vi.fn(original.statfs) };
});

const MIB = 2 ** 20;
/** A disk of 1 GiB: 51.2 MiB should be free, and below 25.6 MiB nothing new is fetched. */
const disk = (freeMib: number, more: object = {}) =>
  Object.assign(statfsSync('/'), { blocks: 1024, bsize: MIB, bavail: freeMib, files: 0, ffree: 0, ...more });

const logged: string[] = [];
let room: DiskRoom;
beforeEach(() => {
  logged.length = 0;
  vi.mocked(statfs).mockReset();
  room = new DiskRoom('/cache', { error: (_details, message) => logged.push(message) });
});

describe('DiskRoom', () => {
  it('refuses what is new below half of the reserve, in words, and not above it', async () => {
    vi.mocked(statfs).mockResolvedValue(disk(26));
    await room.assert();
    expect(await room.shortage()).toBeUndefined();
    vi.mocked(statfs).mockResolvedValue(disk(25));
    await room.look();
    await expect(room.assert()).rejects.toMatchObject({
      code: 'STORAGE',
      reason: 'the disk is full but for 25.0 MiB of 1.0 GiB; below 25.6 MiB nothing new is fetched',
      remedyBy: 'admin',
    });
    expect(room.report()).toMatchObject({ free: 25 * MIB, error: expect.stringContaining('full') as string });
  });

  it('needs no more than 512 MiB of a large disk, and none of one that says nothing of its size', async () => {
    const large = (freeMib: number) => disk(freeMib, { blocks: 2 ** 20 });
    vi.mocked(statfs).mockResolvedValue(large(512));
    await room.assert();
    vi.mocked(statfs).mockResolvedValue(large(511));
    await room.look();
    await expect(room.assert()).rejects.toMatchObject({ code: 'STORAGE' });
    vi.mocked(statfs).mockResolvedValue(disk(0, { blocks: 0 }));
    await room.look();
    await room.assert();
  });

  it('counts inodes as well', async () => {
    vi.mocked(statfs).mockResolvedValue(disk(512, { files: 1000, ffree: 24 }));
    await expect(room.assert()).rejects.toMatchObject({
      reason: 'the disk is full but for 24 inodes of 1000 inodes; below 25 inodes nothing new is fetched',
    });
  });

  it('asks the file system once for all fetches of a moment', async () => {
    vi.mocked(statfs).mockResolvedValue(disk(512));
    await Promise.all(Array.from({ length: 50 }, () => room.assert()));
    expect(statfs).toHaveBeenCalledOnce();
  });

  it('asks each time where less than the reserve is free', async () => {
    vi.mocked(statfs).mockResolvedValue(disk(40));
    const room = new DiskRoom('/');
    for (let fetches = 0; fetches < 3; fetches += 1) await room.assert();
    expect(statfs).toHaveBeenCalledTimes(3);
  });

  it('says it in the log once, and again after there was room', async () => {
    for (const free of [10, 9, 512, 8]) {
      vi.mocked(statfs).mockResolvedValue(disk(free));
      await room.look();
      await room.assert().catch(() => undefined);
    }
    expect(logged).toHaveLength(2);
    expect(logged[0]).toContain('no room for anything new');
  });

  it('has room made first, and looks again only where something was removed', async () => {
    vi.mocked(statfs).mockResolvedValue(disk(10));
    let isRemoved = false;
    room.whenShort(() => {
      if (isRemoved) vi.mocked(statfs).mockResolvedValue(disk(60));
      return Promise.resolve(isRemoved);
    });
    await expect(room.assert()).rejects.toMatchObject({ code: 'STORAGE' });
    expect(statfs).toHaveBeenCalledOnce();
    isRemoved = true;
    await room.assert();
    // Once more where the first look was too long ago.
    expect(vi.mocked(statfs).mock.calls.length).toBeGreaterThan(1);
  });

  it('has room made again where others used up what was made', async () => {
    let [removals, free] = [0, 10];
    vi.mocked(statfs).mockImplementation(() => Promise.resolve(disk(free)));
    room.whenShort(() => {
      removals += 1;
      if (removals === 2) free = 60;
      return Promise.resolve(true);
    });
    await room.assert();
    expect(removals).toBe(2);
    free = 10;
    await room.look();
    await expect(room.assert()).rejects.toMatchObject({ code: 'STORAGE' });
    expect(removals).toBe(5);
  });

  it('has no opinion of a disk that cannot be asked', async () => {
    const { statfs: really } = await vi.importActual<typeof FsPromises>('node:fs/promises');
    vi.mocked(statfs).mockImplementation(really);
    const missing = new DiskRoom(join(await tempDir('room'), 'missing'));
    await missing.assert();
    expect(missing.report()).toBeUndefined();
  });
});

describe('missingBytes', () => {
  const supply = (total: number, free: number, reserve: number) => ({ total, free, reserve });

  it('is what is missing of the reserve', () => {
    const none = supply(0, 0, 0);
    expect(missingBytes({ bytes: supply(1000, 60, 50), inodes: none }, 700)).toBe(0);
    expect(missingBytes({ bytes: supply(1000, 20, 50), inodes: none }, 700)).toBe(30);
  });

  it('is a part of what is held where inodes are missing', () => {
    const bytes = supply(1000, 500, 50);
    expect(missingBytes({ bytes, inodes: supply(100, 0, 5) }, 700)).toBe(35);
    expect(missingBytes({ bytes: { ...bytes, free: 0 }, inodes: supply(100, 0, 5) }, 700)).toBe(50);
  });
});
