/** Export to a tree, as far as it can be seen without go; what go makes of it is in test/e2e/air-gapped.test.ts. */
import { mkdir, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { createDiskStore } from '../../src/store/disk/disk-store.js';
import type { CopiedVersion } from '../../src/transfer/copy-version.js';
import { exportVersions } from '../../src/transfer/export-versions.js';
import { allVersions } from '../../src/transfer/import-versions.js';
import { tempDir } from '../support/tmp.js';
import { makeVersion, proxyFile, writeProxyTree } from '../support/stores/versions.js';

let dir: string;
let storeDir: string;

beforeEach(async () => {
  const root = await tempDir('export');
  [dir, storeDir] = [path.join(root, 'tree'), path.join(root, 'store')];
});

async function exportAll(to = dir): Promise<CopiedVersion[]> {
  const store = createDiskStore(storeDir);
  return exportVersions(await allVersions(store), { store, storeDir, dir: to });
}

const list = (module: string) => readFile(path.join(dir, module, '@v/list'), 'utf8');

describe('exportVersions', () => {
  it('links all files of a version, and lists what is whole, oldest first', async () => {
    for (const version of ['v1.10.0', 'v1.9.0', 'v1.9.0-rc.1', 'v0.0.0-20240102030405-0123456789ab']) {
      await writeProxyTree(storeDir, await makeVersion('ex.test/a', version));
    }
    await rm(proxyFile(storeDir, 'ex.test/a', 'v1.9.0-rc.1', 'zip'));
    expect((await exportAll()).map(({ outcome }) => outcome)).toEqual(Array(4).fill('added'));
    expect(await list('ex.test/a')).toBe('v0.0.0-20240102030405-0123456789ab\nv1.9.0\nv1.10.0\n');
    for (const kind of ['info', 'mod', 'zip', 'ziphash']) {
      const [from, to] = await Promise.all(
        [storeDir, dir].map((root) => stat(proxyFile(root, 'ex.test/a', 'v1.9.0', kind))),
      );
      expect(to?.ino, kind).toBe(from?.ino);
    }
  });

  it('adds to a tree, and changes nothing in it but the list', async () => {
    await writeProxyTree(storeDir, await makeVersion('ex.test/a', 'v1.0.0'));
    await exportAll();
    await writeProxyTree(
      storeDir,
      await makeVersion('ex.test/a', 'v1.1.0'),
      await makeVersion('ex.test/b', 'v1.0.0'),
    );
    expect((await exportAll()).map(({ outcome }) => outcome)).toEqual(['same', 'added', 'added']);
    expect(await list('ex.test/a')).toBe('v1.0.0\nv1.1.0\n');
    expect(await readdir(path.join(dir, 'ex.test/a/@v'))).toHaveLength(9);
  });

  it('reports where the tree has another content, and leaves it', async () => {
    const [mine, other] = [
      await makeVersion('ex.test/a', 'v1.0.0'),
      await makeVersion('ex.test/a', 'v1.0.0', { 'b.go': 'package b\n' }),
    ];
    await writeProxyTree(storeDir, mine);
    await writeProxyTree(dir, other);
    expect(await exportAll()).toMatchObject([
      {
        outcome: 'different',
        faults: [{ part: 'zip', problem: `is ${mine.hash} here and ${other.hash} there` }],
      },
    ]);
    expect(await readFile(proxyFile(dir, 'ex.test/a', 'v1.0.0', 'zip'))).toEqual(other.zip);
  });

  it('refuses a version whose zip is not what its hash says, and exports the others', async () => {
    const [bad, good] = [await makeVersion('ex.test/a', 'v1.0.0'), await makeVersion('ex.test/a', 'v1.1.0')];
    await writeProxyTree(storeDir, { ...bad, hash: good.hash }, good);
    expect(await exportAll()).toMatchObject([
      { version: 'v1.0.0', outcome: 'damaged', faults: [{ part: 'zip' }] },
      { version: 'v1.1.0', outcome: 'added' },
    ]);
    expect(await list('ex.test/a')).toBe('v1.1.0\n');
  });

  it('exports the go.mod of a version that a build only looks at, and does not list it', async () => {
    await writeProxyTree(storeDir, await makeVersion('ex.test/a', 'v1.0.0'));
    for (const kind of ['zip', 'ziphash']) await rm(proxyFile(storeDir, 'ex.test/a', 'v1.0.0', kind));
    expect(await exportAll()).toMatchObject([{ outcome: 'added', added: ['info', 'mod'] }]);
    expect(await list('ex.test/a')).toBe('');
  });

  it('goes on where one was broken off before its list', async () => {
    await writeProxyTree(storeDir, await makeVersion('ex.test/a', 'v1.0.0'));
    await exportAll();
    await rm(path.join(dir, 'ex.test/a/@v/list'));
    expect(await exportAll()).toMatchObject([{ outcome: 'same' }]);
    expect(await list('ex.test/a')).toBe('v1.0.0\n');
  });

  it('says that the tree cannot be written', async () => {
    await writeProxyTree(storeDir, await makeVersion('ex.test/a', 'v1.0.0'));
    await mkdir(dir);
    await writeFile(path.join(dir, 'ex.test'), 'a file');
    await expect(exportAll()).rejects.toMatchObject({
      code: 'STORAGE',
      message: 'the export cannot be written',
    });
  });

  // Another file system than that of the tests, where there is one.
  it('copies where the file system has no links', async (context) => {
    const shm = '/dev/shm';
    const [here, there] = await Promise.all([stat(path.dirname(dir)), stat(shm).catch(() => undefined)]);
    if (there === undefined || there.dev === here.dev) return context.skip();
    const version = await makeVersion('ex.test/a', 'v1.0.0');
    await writeProxyTree(storeDir, version);
    const to = path.join(shm, path.basename(path.dirname(dir)));
    try {
      expect(await exportAll(to)).toMatchObject([{ outcome: 'added' }]);
      expect(await readFile(proxyFile(to, 'ex.test/a', 'v1.0.0', 'zip'))).toEqual(version.zip);
      expect((await readdir(path.join(to, 'ex.test/a/@v'))).sort()).toEqual([
        'list',
        ...['info', 'mod', 'zip', 'ziphash'].map((kind) => `v1.0.0.${kind}`),
      ]);
    } finally {
      await rm(to, { recursive: true });
    }
  });
});
