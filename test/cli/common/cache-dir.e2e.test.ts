/** `cache.dir` that cannot be made or written: one sentence from every command that would need it, and at once. */
import { execFile } from 'node:child_process';
import { chmod, mkdir, readdir, stat, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { prepareCacheDir } from '../../../src/cli/common/cache-dir.js';
import { explain } from '../../../src/cli/explain.js';
import { exportTree } from '../../../src/cli/export.js';
import { gc } from '../../../src/cli/gc.js';
import { importTree } from '../../../src/cli/import.js';
import { list } from '../../../src/cli/list.js';
import { verify } from '../../../src/cli/verify.js';
import { makeFolder } from '../../../src/fs/make-folder.js';
import { tempDir } from '../../support/tmp.js';
import { makeVersion, writeProxyTree } from '../../support/stores/versions.js';
import { files } from '../support/files.js';

const CLI = path.resolve('dist/cli.js');

function run(...args: string[]): Promise<{ code: number; stderr: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, [CLI, ...args], { timeout: 60_000 }, (error, _, stderr) =>
      resolve({ code: Number(error?.code ?? 0), stderr }),
    );
  });
}

const UNUSABLE: [name: string, dir: (root: string) => Promise<string>][] = [
  ['below /proc', () => Promise.resolve('/proc/nope/cache')],
  ['below a device', () => Promise.resolve('/dev/null/cache')],
  [
    'a file',
    async (root) => {
      await writeFile(path.join(root, 'file'), '');
      return path.join(root, 'file');
    },
  ],
];

describe.each(UNUSABLE)('a cache directory that is %s', (_, dir) => {
  it.each([
    ['serve', '--listen', '127.0.0.1:0'],
    ['check'],
    ['warm', 'a.example/x@v1.0.0'],
    ['gc'],
    ['import', '.'],
  ])('%s', async (...command) => {
    const { dir: root, config } = await files({ vanity: 'host: a.example\npaths:\n  /x: /nowhere\n' });
    const cache = await dir(root);
    await writeFile(config, `cache: { dir: ${cache} }\n`);
    const { code, stderr } = await run(...command, '--config', config);
    expect(stderr).toMatch(/^modhaven: the cache directory \S+ cannot be made or written: [^\n]+\n$/);
    expect(code).toBe(2);
  });
});

it.each<[name: string, command: (config: string, dir: string) => Promise<unknown>]>([
  ['gc', (config) => gc({ config })],
  ['list', (config) => list({ config })],
  ['explain', (config) => explain({ config, module: 'a.example/x' })],
  ['verify', (config) => verify({ config, modules: [] })],
  ['export', (config, dir) => exportTree({ config, dir: path.join(dir, 'tree'), wanted: [] })],
])(
  '%s takes a cache of a later program for none of its own, also where it only reads',
  async (_, command) => {
    const { dir, config } = await files({ vanity: 'paths: {}\n' });
    await mkdir(path.join(dir, 'data'));
    await writeFile(path.join(dir, 'data/version'), '99\n');
    await expect(command(config, dir)).rejects.toMatchObject({
      code: 'CONFIG',
      message: `${path.join(dir, 'data')} was written by a later version of modhaven`,
    });
    expect(await readdir(path.join(dir, 'data'))).toEqual(['version']);
  },
);

it.each<[string, (config: string, dir: string) => Promise<unknown>]>([
  ['export', (config, dir) => exportTree({ config, dir, wanted: [] })],
  ['import', (config, dir) => importTree({ config, dir })],
])('%s refuses the cache itself as its tree, by whatever name, and changes nothing', async (_, command) => {
  const { dir, config } = await files({ vanity: 'paths: {}\n' });
  const cache = path.join(dir, 'data');
  await writeProxyTree(path.join(cache, 'download'), await makeVersion('a.example/x', 'v1.0.0', {}));
  await symlink('data', path.join(dir, 'link'));
  await prepareCacheDir(cache);
  const before = await readdir(cache, { recursive: true });
  for (const name of ['data', 'data/download', 'data/new/tree', 'link', 'link/download', './x/../data']) {
    await expect(command(config, path.join(dir, name)), name).rejects.toMatchObject({
      code: 'CONFIG',
      message: `${path.join(dir, name)} is in the cache directory ${cache}, or is that itself`,
    });
  }
  expect(await readdir(cache, { recursive: true })).toEqual(before);
});

it('a tree beside the cache is exported to, and imported from', async () => {
  const { dir, config } = await files({ vanity: 'paths: {}\n' });
  await writeProxyTree(path.join(dir, 'data/download'), await makeVersion('a.example/x', 'v1.0.0', {}));
  const tree = path.join(dir, 'data-tree');
  expect((await exportTree({ config, dir: tree, wanted: [] })).ok).toBe(true);
  expect((await importTree({ config, dir: tree })).ok).toBe(true);
});

describe('prepareCacheDir', () => {
  it('makes what is missing, and leaves nothing behind', async () => {
    const dir = path.join(await tempDir('cache'), 'a/b/c');
    await prepareCacheDir(dir);
    expect((await readdir(dir)).sort()).toEqual(['private', 'vcs']);
    await Promise.all([makeFolder(path.join(dir, 'x/y')), makeFolder(path.join(dir, 'x/y'))]);
    expect(await readdir(path.join(dir, 'x'))).toEqual(['y']);
  });

  it.skipIf(process.getuid?.() === 0)('refuses one that may not be written', async () => {
    const dir = await tempDir('cache');
    await mkdir(path.join(dir, 'ro'));
    await chmod(path.join(dir, 'ro'), 0o500);
    await expect(prepareCacheDir(path.join(dir, 'ro'))).rejects.toThrow('cannot be made or written');
  });
});

it('makes the parts that only this account may enter, as often as it is asked', async () => {
  const dir = path.join(await tempDir('cache'), 'data');
  await prepareCacheDir(dir);
  await prepareCacheDir(dir);
  for (const name of ['vcs', 'private']) {
    expect((await stat(path.join(dir, name))).mode & 0o777, name).toBe(0o700);
  }
});
