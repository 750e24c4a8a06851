import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseModulePath } from '../../src/module/module-path.js';
import { recognizeLayout } from '../../src/transfer/layout.js';
import { tempDir } from '../support/tmp.js';
import { makeVersion, writeAthensTree, writeProxyTree } from '../support/stores/versions.js';

/** A module with capitals: one layout escapes them, the other does not. */
const NAME = 'example.com/Group/m';
const PART = { module: parseModulePath(NAME), version: 'v1.0.0', kind: 'mod' } as const;

describe('recognizeLayout', () => {
  it('knows a GOPROXY file tree', async () => {
    const dir = await tempDir('tree');
    await writeProxyTree(dir, await makeVersion(NAME, 'v1.0.0'));
    const { name, source } = await recognizeLayout(dir);
    expect(name).toBe('GOPROXY file tree');
    expect((await source.read(PART))?.toString()).toBe(`module ${NAME}\n`);
  });

  it('knows the disk storage of Athens', async () => {
    const dir = await tempDir('tree');
    await writeAthensTree(dir, await makeVersion(NAME, 'v1.0.0'));
    const { name, source } = await recognizeLayout(dir);
    expect(name).toBe('Athens disk storage');
    expect((await source.read(PART))?.toString()).toBe(`module ${NAME}\n`);
  });

  it('knows a GOMODCACHE, by itself and by its folder of downloads', async () => {
    const cache = path.join(await tempDir('gopath'), 'pkg', 'mod');
    await writeProxyTree(path.join(cache, 'cache', 'download'), await makeVersion(NAME, 'v1.0.0'));
    for (const dir of [cache, path.join(cache, 'cache', 'download')]) {
      const { name, source, goStateDir } = await recognizeLayout(dir);
      expect([name, goStateDir]).toEqual(['GOMODCACHE', path.resolve(cache, '..', 'sumdb')]);
      expect((await source.read(PART))?.toString()).toBe(`module ${NAME}\n`);
    }
  });

  it('knows a cache directory of modhaven, and no host named download', async () => {
    const dir = await tempDir('tree');
    await writeProxyTree(path.join(dir, 'download'), await makeVersion(NAME, 'v1.0.0'));
    await mkdir(path.join(dir, 'vcs', 'mirror.git'), { recursive: true });
    const { name, source, dir: root } = await recognizeLayout(dir);
    expect(name).toBe('cache of modhaven');
    expect(root).toBe(path.join(dir, 'download'));
    expect((await source.read(PART))?.toString()).toBe(`module ${NAME}\n`);
    await writeProxyTree(dir, await makeVersion(NAME, 'v1.0.0'));
    expect((await recognizeLayout(dir)).name).toBe('GOPROXY file tree');
  });

  it('refuses a folder without versions, and one that cannot be read', async () => {
    const dir = await tempDir('empty');
    await mkdir(path.join(dir, 'github.com', 'a'), { recursive: true });
    await writeFile(path.join(dir, 'notes.txt'), '');
    await expect(recognizeLayout(dir)).rejects.toThrow('holds no module versions');
    await expect(recognizeLayout(path.join(dir, 'nothing'))).rejects.toThrow('the folder cannot be read');
  });
});
