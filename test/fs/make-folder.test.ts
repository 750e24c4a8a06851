import { chmod, mkdir, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { makeFolder, makeFolderIn, makePrivateFolder } from '../../src/fs/make-folder.js';
import { tempDir } from '../support/tmp.js';

let dir: string;
beforeEach(async () => (dir = await tempDir('make-folder')));

const isFolder = async (path: string) => (await stat(path)).isDirectory();

describe('makeFolder', () => {
  it('makes a folder and its parents', async () => {
    await makeFolder(join(dir, 'a/b/c'));
    expect(await isFolder(join(dir, 'a/b/c'))).toBe(true);
  });

  it('leaves one that exists, also behind a link', async () => {
    await mkdir(join(dir, 'real'));
    await writeFile(join(dir, 'real/kept'), '');
    await symlink('real', join(dir, 'link'));
    await makeFolder(join(dir, 'real'));
    await makeFolder(join(dir, 'link/below'));
    expect(await isFolder(join(dir, 'real/below'))).toBe(true);
    expect((await stat(join(dir, 'real/kept'))).isFile()).toBe(true);
  });

  it('agrees with others who make the same folder', async () => {
    await Promise.all(Array.from({ length: 8 }, () => makeFolder(join(dir, 'x/y/z'))));
    expect(await isFolder(join(dir, 'x/y/z'))).toBe(true);
  });

  it('refuses a file in place of the folder or of a parent', async () => {
    await writeFile(join(dir, 'file'), '');
    await expect(makeFolder(join(dir, 'file'))).rejects.toMatchObject({
      code: 'ENOTDIR',
      message: 'there is a file of that name, not a directory',
    });
    await expect(makeFolder(join(dir, 'file/below'))).rejects.toMatchObject({ code: 'ENOTDIR' });
  });

  it('refuses a link that leads nowhere', async () => {
    await symlink('nowhere', join(dir, 'dangling'));
    await expect(makeFolder(join(dir, 'dangling'))).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it.runIf(process.platform === 'linux')('ends below /proc, where nothing can be made', async () => {
    await expect(makeFolder('/proc/modhaven/data')).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it.skipIf(process.getuid?.() === 0)('says that it may not', async () => {
    await chmod(dir, 0o500);
    await expect(makeFolder(join(dir, 'a/b'))).rejects.toMatchObject({ code: 'EACCES' });
  });
});

const rights = async (path: string) => (await stat(path)).mode & 0o777;

describe('makePrivateFolder', () => {
  it('makes a folder for this account alone, and its parents as usual', async () => {
    await Promise.all([makePrivateFolder(join(dir, 'a/b/c')), makePrivateFolder(join(dir, 'a/b/c'))]);
    expect(await rights(join(dir, 'a/b/c'))).toBe(0o700);
    expect((await rights(join(dir, 'a/b'))) & 0o500).toBe(0o500);
  });

  it('leaves the rights of one that is there', async () => {
    await mkdir(join(dir, 'there'));
    await chmod(join(dir, 'there'), 0o750);
    await makePrivateFolder(join(dir, 'there'));
    expect(await rights(join(dir, 'there'))).toBe(0o750);
  });
});

it('makeFolderIn makes a folder, and its root for this account alone', async () => {
  const root = join(dir, 'root');
  await makeFolderIn(root, join(root, 'a/b'));
  await makeFolderIn(root, join(root, 'a/b'));
  expect(await rights(root)).toBe(0o700);
  expect((await stat(join(root, 'a/b'))).isDirectory()).toBe(true);
});
