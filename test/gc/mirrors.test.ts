import { existsSync } from 'node:fs';
import { mkdir, readdir, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { lock } from 'proper-lockfile';
import { beforeEach, describe, expect, it } from 'vitest';
import { findMirrors, removeMirror } from '../../src/gc/mirrors.js';
import { tempDir } from '../support/tmp.js';

const NAME = 'a'.repeat(64);
let dir: string;
beforeEach(async () => {
  dir = await tempDir('mirrors');
});

async function mirror(name: string): Promise<string> {
  const path = join(dir, name);
  for (const repository of ['content.git', 'trees.git', 'history.git']) {
    await mkdir(join(path, repository), { recursive: true });
  }
  await writeFile(join(path, 'content.git/pack'), 'x'.repeat(100));
  return path;
}

describe('findMirrors', () => {
  it('finds what is named as a mirror, with its size', async () => {
    await mirror(NAME);
    for (const name of ['a'.repeat(63), 'A'.repeat(64), 'g'.repeat(64), '.tmp-x']) await mirror(name);
    expect(await findMirrors([dir, join(dir, 'missing')])).toMatchObject([
      { dir: join(dir, NAME), bytes: 100 },
    ]);
  });

  it('was used when anything in it was changed, or its folder was touched', async () => {
    const path = await mirror(NAME);
    const at = (ms: number, ...names: string[]) =>
      Promise.all(names.map((name) => utimes(join(path, name), new Date(ms), new Date(ms))));
    await at(1000, 'content.git/pack', 'content.git', 'trees.git', 'history.git', '.');
    expect(await findMirrors([dir])).toMatchObject([{ lastUsed: 1000 }]);
    await at(3000, 'content.git/pack');
    expect(await findMirrors([dir])).toMatchObject([{ lastUsed: 3000 }]);
    await at(5000, '.');
    expect(await findMirrors([dir])).toMatchObject([{ lastUsed: 5000 }]);
  });
});

describe('removeMirror', () => {
  it('removes a mirror and its locks, and leaves nothing beside it', async () => {
    expect(await removeMirror(await mirror(NAME))).toBe(true);
    expect(await readdir(dir)).toEqual([]);
  });

  it.each(['content.git', 'trees.git', 'history.git'])(
    'leaves one of which a writer holds %s, and the other locks free',
    async (name) => {
      const path = await mirror(NAME);
      const release = await lock(join(path, name), { realpath: false });
      expect(await removeMirror(path)).toBe(false);
      expect(existsSync(join(path, 'content.git/pack'))).toBe(true);
      await release();
      expect(await removeMirror(path)).toBe(true);
    },
  );

  it('is not there to be removed twice', async () => {
    const path = await mirror(NAME);
    const both = await Promise.all([removeMirror(path), removeMirror(path)]);
    expect(both.filter(Boolean)).toHaveLength(1);
    expect(await removeMirror(path)).toBe(false);
    expect(await readdir(dir)).toEqual([]);
  });
});
