import { existsSync } from 'node:fs';
import { mkdir, readdir, rmdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, expect, it } from 'vitest';
import { inFolder, removeEmptyFolders, removeFile } from '../../src/fs/empty-folders.js';
import { tempDir } from '../support/tmp.js';

let root: string;
beforeEach(async () => {
  root = await tempDir('folders');
});

it('makes the folder again that is removed before the file is in it', async () => {
  const folder = join(root, 'a', 'b');
  let tries = 0;
  await inFolder(folder, async () => {
    tries += 1;
    if (tries < 3) await removeEmptyFolders(folder, root);
    await writeFile(join(folder, 'file'), 'x');
  });
  expect(tries).toBe(3);
  expect(await readdir(folder)).toEqual(['file']);
});

it('does not try for ever, and tries nothing again that fails for another reason', async () => {
  const failure = (code: string) => Object.assign(new Error(code), { code });
  let tries = 0;
  const failing = (code: string) =>
    inFolder(root, () => {
      tries += 1;
      return Promise.reject(failure(code));
    });
  await expect(failing('ENOENT')).rejects.toThrow('ENOENT');
  expect(tries).toBeLessThan(50);
  tries = 0;
  await expect(failing('ENOSPC')).rejects.toThrow('ENOSPC');
  expect(tries).toBe(1);
});

it('removes a file and the folders that are empty then, never the root', async () => {
  await mkdir(join(root, 'a', 'b', 'c'), { recursive: true });
  await mkdir(join(root, 'a', 'other'));
  await writeFile(join(root, 'a', 'b', 'c', 'file'), 'x');
  await removeFile(join(root, 'a', 'b', 'c', 'file'), root);
  expect(await readdir(join(root, 'a'))).toEqual(['other']);
  await removeFile(join(root, 'a', 'other', 'none'), root);
  expect(await readdir(root)).toEqual([]);
  await removeFile(join(root, 'none'), root);
  expect(existsSync(root)).toBe(true);
});

it('leaves folders alone that are not below the root', async () => {
  const beside = `${root}-beside`;
  await mkdir(beside);
  await removeEmptyFolders(beside, root);
  expect(existsSync(beside)).toBe(true);
  await rmdir(beside);
});
