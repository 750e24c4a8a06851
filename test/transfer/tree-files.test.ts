import { mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { linkIntoTree, replaceInTree } from '../../src/transfer/tree-files.js';
import { tempDir } from '../support/tmp.js';

describe('linkIntoTree', () => {
  it('makes another name of a file, in new folders, and leaves one that is there', async () => {
    const dir = await tempDir('tree');
    const [from, file] = [path.join(dir, 'from'), path.join(dir, 'a/b/file')];
    await writeFile(from, 'new');
    expect(await linkIntoTree(from, file)).toBe(true);
    expect((await stat(file)).ino).toBe((await stat(from)).ino);
    const other = path.join(dir, 'other');
    await writeFile(other, 'other');
    expect(await linkIntoTree(other, file)).toBe(true);
    expect(await readFile(file, 'utf8')).toBe('new');
  });

  it('throws STORAGE where a folder is a file', async () => {
    const dir = await tempDir('tree');
    await writeFile(path.join(dir, 'file'), '');
    await expect(linkIntoTree(path.join(dir, 'file'), path.join(dir, 'file', 'x'))).rejects.toMatchObject({
      code: 'STORAGE',
      message: 'the export cannot be written',
    });
  });
});

it.runIf(process.platform === 'linux')('both end where no folder can be made', async () => {
  const from = path.join(await tempDir('tree'), 'from');
  await writeFile(from, '');
  const refused = { code: 'STORAGE', message: 'the export cannot be written' };
  await expect(linkIntoTree(from, '/proc/nope/a/file')).rejects.toMatchObject(refused);
  await expect(replaceInTree('/proc/nope/a/list', Buffer.from(''))).rejects.toMatchObject(refused);
});

describe('replaceInTree', () => {
  it('replaces a file, and does not touch one that is the same', async () => {
    const file = path.join(await tempDir('tree'), '@v', 'list');
    await mkdir(path.dirname(file), { recursive: true });
    await replaceInTree(file, Buffer.from('v1.0.0\n'));
    const first = await stat(file);
    await replaceInTree(file, Buffer.from('v1.0.0\n'));
    expect((await stat(file)).ino).toBe(first.ino);
    await replaceInTree(file, Buffer.from('v1.0.0\nv1.1.0\n'));
    expect(await readFile(file, 'utf8')).toBe('v1.0.0\nv1.1.0\n');
  });
});
