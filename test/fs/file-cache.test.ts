import { createHash } from 'node:crypto';
import { readFile, readdir, stat, utimes, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { FileCache } from '../../src/fs/file-cache.js';
import { tempDir } from '../support/tmp.js';

let dir: string;
beforeEach(async () => {
  dir = path.join(await tempDir('copies'), 'files');
});

async function keep(cache: FileCache, name: string, content: string | Buffer): Promise<void> {
  const draft = await cache.draft();
  await writeFile(draft, content);
  await cache.keep(name, draft, createHash('sha256').update(content).digest());
}

describe('FileCache', () => {
  it('keeps files under names with folders, across processes', async () => {
    const cache = new FileCache(dir, 1_000_000);
    expect(await cache.read('a/b')).toBeUndefined();
    await keep(cache, 'a/b', 'content');
    await keep(cache, 'empty', '');
    for (const reader of [cache, new FileCache(dir, 1_000_000)]) {
      expect((await reader.read('a/b'))?.toString()).toBe('content');
      expect((await reader.read('empty'))?.length).toBe(0);
      const opened = await reader.open('a/b');
      expect(opened?.size).toBe(7);
      await opened?.handle.close();
    }
  });

  it('goes on reading what is removed meanwhile', async () => {
    const cache = new FileCache(dir, 1_000_000);
    await keep(cache, 'a', 'content');
    const opened = await cache.open('a');
    await cache.remove('a');
    expect(await cache.read('a')).toBeUndefined();
    expect((await opened?.handle.read(Buffer.alloc(7), 0, 7, 0))?.buffer.toString()).toBe('content');
    await opened?.handle.close();
  });

  it.each([
    ['changed', (bytes: Buffer) => Buffer.concat([Buffer.from('X'), bytes.subarray(1)])],
    ['cut off', (bytes: Buffer) => bytes.subarray(0, -1)],
    ['cut to nothing', () => Buffer.alloc(0)],
  ])('has no copy that was %s', async (_what, damage) => {
    await keep(new FileCache(dir, 1_000_000), 'a', 'content');
    const file = path.join(dir, 'a');
    await writeFile(file, damage(await readFile(file)));
    expect(await new FileCache(dir, 1_000_000).read('a')).toBeUndefined();
    expect(await readdir(dir)).toEqual([]);
  });

  it('removes what was not used for longest when it grows too large', async () => {
    const cache = new FileCache(dir, 40_000);
    for (let i = 0; i < 10; i += 1) {
      await keep(cache, `n${i}`, Buffer.alloc(5_000, i));
      await cache.settled();
      const at = 1_700_000_000 + i;
      if (await stat(path.join(dir, `n${i}`)).catch(() => undefined)) {
        await utimes(path.join(dir, `n${i}`), at, at);
      }
    }
    const left = await readdir(dir);
    expect(left.length * 5_032).toBeLessThanOrEqual(40_000);
    expect(left).toContain('n9');
    expect(left).not.toContain('n0');
  });

  it('says what is too large for it', () => {
    const cache = new FileCache(dir, 1_000);
    expect([cache.takes(250), cache.takes(251)]).toEqual([true, false]);
  });
});
