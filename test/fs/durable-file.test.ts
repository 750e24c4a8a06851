/** Files that appear whole or not at all. */
import { chmod, chown, mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { createFile, flushNames, linkFirst, replaceFile } from '../../src/fs/durable-file.js';
import { TEMPORARY, temporaryName } from '../../src/fs/temporary-name.js';
import { tempDir } from '../support/tmp.js';

describe('createFile', () => {
  it('makes a file with its content, rights and time, and leaves nothing else', async () => {
    const dir = await tempDir('durable');
    const file = path.join(dir, 'a');
    expect(await createFile(file, 'content', { mode: 0o600, modifiedAt: 1_700_000_000_000 })).toBe(true);
    expect(await readFile(file, 'utf8')).toBe('content');
    const { mode, mtimeMs } = await stat(file);
    expect(mode & 0o777).toBe(0o600);
    expect(mtimeMs).toBe(1_700_000_000_000);
    expect(await readdir(dir)).toEqual(['a']);
  });

  it('never changes a file that is there', async () => {
    const dir = await tempDir('durable');
    const file = path.join(dir, 'a');
    await writeFile(file, 'first');
    expect(await createFile(file, 'second')).toBe(false);
    expect(await readFile(file, 'utf8')).toBe('first');
    expect(await readdir(dir)).toEqual(['a']);
  });

  it('lets one of many writers win, whose content is whole', async () => {
    const dir = await tempDir('durable');
    const file = path.join(dir, 'a');
    const contents = Array.from({ length: 20 }, (_, i) => String(i).repeat(10_000));
    const won = await Promise.all(contents.map((content) => createFile(file, content)));
    expect(won.filter(Boolean)).toHaveLength(1);
    expect(await readFile(file, 'utf8')).toBe(contents[won.indexOf(true)]);
    expect(await readdir(dir)).toEqual(['a']);
  });

  it('writes what is large, too', async () => {
    const file = path.join(await tempDir('durable'), 'a');
    const content = Buffer.alloc(1_000_000, 'x');
    await createFile(file, content);
    expect((await readFile(file)).equals(content)).toBe(true);
  });

  it('throws what the operating system says, and leaves nothing', async () => {
    const dir = await tempDir('durable');
    await expect(createFile(path.join(dir, 'none/a'), '')).rejects.toMatchObject({ code: 'ENOENT' });
    expect(await readdir(dir)).toEqual([]);
  });
});

describe('flushNames', () => {
  it('shares a flush that has not begun, and never one that has', async () => {
    const dir = await tempDir('durable');
    const [first, second, third] = [flushNames(dir), flushNames(dir), flushNames(dir)];
    expect(second).not.toBe(first);
    expect(third).toBe(second);
    await second;
    expect(flushNames(dir)).not.toBe(second);
  });

  it('tells each caller of a failure, and goes on after it', async () => {
    const dir = path.join(await tempDir('durable'), 'later');
    const failed = await Promise.allSettled([flushNames(dir), flushNames(dir)]);
    expect(failed.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    await mkdir(dir);
    await expect(flushNames(dir)).resolves.toBeUndefined();
  });
});

describe('replaceFile', () => {
  it('puts a file in the place of another, whatever its rights were', async () => {
    const file = path.join(await tempDir('durable'), 'a');
    await writeFile(file, 'first');
    await chmod(file, 0o400);
    await replaceFile(file, 'second');
    expect(await readFile(file, 'utf8')).toBe('second');
  });

  it('can keep the rights of the file before', async () => {
    const file = path.join(await tempDir('durable'), 'a');
    await replaceFile(file, 'first', { mode: 0o600, keepsRights: true });
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    await chmod(file, 0o664);
    await replaceFile(file, 'second', { mode: 0o600, keepsRights: true });
    expect((await stat(file)).mode & 0o777).toBe(0o664);
  });

  it.skipIf(process.getuid?.() !== 0)('can keep its owner', async () => {
    const file = path.join(await tempDir('durable'), 'a');
    await writeFile(file, 'first');
    await chown(file, 12, 34);
    await replaceFile(file, 'second', { keepsRights: true });
    expect(await stat(file)).toMatchObject({ uid: 12, gid: 34 });
  });

  it('leaves what is there, and nothing beside it, when it fails', async () => {
    const dir = await tempDir('durable');
    await mkdir(path.join(dir, 'a/b'), { recursive: true });
    await expect(replaceFile(path.join(dir, 'a'), 'x')).rejects.toThrow();
    expect(await readdir(dir, { recursive: true })).toEqual(['a', 'a/b']);
  });
});

it('linkFirst keeps the finished file, and the first of two names wins', async () => {
  const dir = await tempDir('durable');
  const [one, two, place] = ['one', 'two', 'place'].map((name) => path.join(dir, name)) as [
    string,
    string,
    string,
  ];
  await writeFile(one, '1');
  await writeFile(two, '2');
  expect([await linkFirst(one, place), await linkFirst(two, place)]).toEqual([true, false]);
  expect(await readFile(place, 'utf8')).toBe('1');
});

it('temporary names are never the same, and begin as those that a reader passes over', () => {
  const names = Array.from({ length: 100 }, () => temporaryName('/x'));
  expect(new Set(names).size).toBe(100);
  for (const name of names) expect(path.basename(name).startsWith(TEMPORARY)).toBe(true);
});
