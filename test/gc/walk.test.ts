import { mkdir, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { measure, measureEach, walk, type FoundFile } from '../../src/gc/walk.js';
import { tempDir } from '../support/tmp.js';

let dir: string;
beforeEach(async () => {
  dir = await tempDir('walk');
  await mkdir(join(dir, 'a/b'), { recursive: true });
  await writeFile(join(dir, 'a/one'), 'x'.repeat(10));
  await writeFile(join(dir, 'a/b/two'), 'x'.repeat(200));
});

async function names(skips?: (found: FoundFile) => boolean): Promise<string[]> {
  const found: string[] = [];
  for await (const { path, isDirectory, bytes } of walk(dir, skips)) {
    found.push(`${relative(dir, path)}${isDirectory ? '/' : ` ${bytes}`}`);
  }
  return found;
}

describe('walk', () => {
  it('finds folders before what is in them', async () => {
    const found = await names();
    expect(found.toSorted()).toEqual(['a/', 'a/b/', 'a/b/two 200', 'a/one 10']);
    expect(found.indexOf('a/')).toBe(0);
    expect(found.indexOf('a/b/')).toBeLessThan(found.indexOf('a/b/two 200'));
  });

  it('shows a folder that it does not go into', async () => {
    expect((await names(({ path }) => path.endsWith('b'))).toSorted()).toEqual(['a/', 'a/b/', 'a/one 10']);
  });

  it('follows no links, which may lead round or out', async () => {
    await symlink('..', join(dir, 'a/round'));
    await symlink('/etc', join(dir, 'out'));
    const found = await names();
    expect(found.filter((name) => name.includes('round') || name.startsWith('out'))).toHaveLength(2);
  });

  it('goes on where something is removed meanwhile', async () => {
    const found: string[] = [];
    for await (const { path } of walk(dir)) {
      found.push(relative(dir, path));
      await rm(join(dir, 'a'), { recursive: true, force: true });
    }
    expect(found).toEqual(['a']);
  });

  it('finds nothing in a folder that is not there', async () => {
    await rm(dir, { recursive: true });
    expect(await names()).toEqual([]);
  });
});

describe('measure', () => {
  it('sums the files, and takes the newest time of anything', async () => {
    const old = new Date(1_000_000);
    for (const name of ['a/one', 'a/b/two', 'a/b', 'a']) await utimes(join(dir, name), old, old);
    expect(await measure(dir)).toEqual({ bytes: 210, modifiedAt: 1_000_000 });
    await utimes(join(dir, 'a/b'), new Date(2_000_000), new Date(2_000_000));
    expect(await measure(dir)).toEqual({ bytes: 210, modifiedAt: 2_000_000 });
    expect(await measure(join(dir, 'none'))).toEqual({ bytes: 0, modifiedAt: 0 });
  });
});

it('measureEach adds up each folder, and says how far it is', async () => {
  await mkdir(join(dir, 'c/d/e'), { recursive: true });
  await writeFile(join(dir, 'c/d/e/three'), 'x'.repeat(3_000));
  await writeFile(join(dir, 'four'), 'x'.repeat(4));
  const told: string[] = [];
  const sums = await measureEach(dir, (done, total) => told.push(`${done}/${total}`));
  expect(Object.fromEntries(sums)).toEqual({ a: 210, c: 3_000, four: 4 });
  expect(told.at(-1)).toBe(`${told.length}/${told.length}`);
});
