import { mkdir, readFile, readdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  completionMark,
  initRepo,
  meanObjectBytes,
  packCount,
  readerOf,
  removeLeftovers,
} from '../../../src/vcs/bare/repo-files.js';
import { tempDir } from '../../support/tmp.js';

async function files(dir: string): Promise<string[]> {
  const entries = await readdir(dir, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(dir, path.join(entry.parentPath, entry.name)))
    .sort();
}

async function withPacks(sizes: Record<string, number>): Promise<string> {
  const dir = await tempDir('repo');
  await mkdir(path.join(dir, 'objects/pack'), { recursive: true });
  for (const [name, size] of Object.entries(sizes)) {
    await writeFile(path.join(dir, 'objects/pack', name), Buffer.alloc(size));
  }
  return dir;
}

describe('initRepo', () => {
  it('writes a bare repository, and removes what was there', async () => {
    const dir = await tempDir('repo');
    await writeFile(path.join(dir, 'old'), '');
    await initRepo(dir, 'sha1', false);
    expect(await files(dir)).toEqual(['HEAD', 'config', 'info/attributes']);
    const config = await readFile(path.join(dir, 'config'), 'utf8');
    expect(config).toContain('repositoryformatversion = 0');
    expect(config).not.toContain('extensions');
    expect(await readFile(completionMark(dir), 'utf8')).toBe('\n* -export-subst -export-ignore\n');
  });

  it('says the format of the names, which needs version 1', async () => {
    const dir = await tempDir('repo');
    await initRepo(dir, 'sha256', false);
    const config = await readFile(path.join(dir, 'config'), 'utf8');
    expect(config).toContain('repositoryformatversion = 1');
    expect(config).toContain('[extensions]\n\tobjectformat = sha256\n');
  });

  it('gives a filtered repository a directory to be read through, without objects of its own', async () => {
    const dir = await tempDir('repo');
    await initRepo(dir, 'sha1', true);
    expect(await files(readerOf(dir))).toEqual(['HEAD', 'config']);
  });
});

describe('removeLeftovers', () => {
  it('removes locks and packs that came in in part, and nothing else', async () => {
    const dir = await withPacks({ 'pack-1.pack': 1, tmp_pack_x: 1, '.tmp-1-pack-2.pack': 1, 'tmp_2.idx': 1 });
    for (const name of ['shallow', 'shallow.lock', 'config.lock']) await writeFile(path.join(dir, name), '');
    await removeLeftovers(dir);
    expect(await files(dir)).toEqual(['objects/pack/pack-1.pack', 'shallow']);
  });

  it('does nothing where there is no repository', async () => {
    const dir = path.join(await tempDir('repo'), 'absent');
    await expect(removeLeftovers(dir)).resolves.toBeUndefined();
  });
});

describe('meanObjectBytes and packCount', () => {
  it('are known from the sizes of files alone', async () => {
    const dir = await withPacks({
      'pack-1.pack': 6_000,
      'pack-1.idx': 1072 + 28 * 10,
      'pack-2.pack': 4_000,
      'pack-2.idx': 1072 + 28 * 10,
      'pack-2.promisor': 5,
    });
    expect([await meanObjectBytes(dir), await packCount(dir)]).toEqual([500, 2]);
  });

  it('are 0 where there are no packs, or empty ones', async () => {
    const absent = path.join(await tempDir('repo'), 'absent');
    expect([await meanObjectBytes(absent), await packCount(absent)]).toEqual([0, 0]);
    expect(await meanObjectBytes(await withPacks({ 'pack-1.pack': 32, 'pack-1.idx': 1072 }))).toBe(0);
  });
});
