import { readFile, readdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseModulePath } from '../../../src/module/module-path.js';
import { openStores } from '../../../src/store/open/open-stores.js';
import { putBytes } from '../../../src/store/version-store.js';
import { tempDir } from '../../support/tmp.js';

describe('openStores', () => {
  it('touches nothing until something is stored, and then keeps each thing in its folder', async () => {
    const cacheDir = await tempDir('cache');
    const { versions, upstream, checksums } = openStores({ cacheDir });
    expect(await readdir(cacheDir)).toEqual([]);
    const part = {
      module: parseModulePath('example.com/m'),
      version: 'v1.0.0' as const,
      kind: 'mod',
    } as const;
    await putBytes(versions, part, Buffer.from('module example.com/m\n'));
    await upstream.replace('example.com/m/@v/list', Buffer.from('v1.0.0\n'));
    await checksums.putIfAbsent('sum.example.com/tile/8/0/000', Buffer.from('hashes'));
    const textOf = (name: string) => readFile(join(cacheDir, name), 'utf8');
    expect(await textOf('download/example.com/m/@v/v1.0.0.mod')).toBe('module example.com/m\n');
    expect(await textOf('upstream/example.com/m/@v/list')).toBe('v1.0.0\n');
    expect(await textOf('download/sumdb/sum.example.com/tile/8/0/000')).toBe('hashes');
  });

  it('has names of modules and people, and what was damaged, for this account alone', async () => {
    const cacheDir = await tempDir('cache');
    const stores = openStores({ cacheDir });
    const version = { module: parseModulePath('example.com/m'), version: 'v1.0.0' as const };
    await putBytes(stores.versions, { ...version, kind: 'mod' }, Buffer.from('module example.com/m\n'));
    await stores.privateAnswers.replace('example.com/m/@v/list', Buffer.from('v1.0.0\n'));
    await stores.fetched.putIfAbsent('example.com/m/@fetched', Buffer.from('v1.0.0\n'));
    await stores.seals.add(version, { reason: 'purged' });
    await writeFile(join(cacheDir, 'download/example.com/m/@v/v1.0.0.mod'), 'damaged');
    expect(await openStores({ cacheDir }).versions.read({ ...version, kind: 'mod' })).toBeUndefined();
    stores.lastUse.note('example.com/m', 'v1.0.0');
    await stores.lastUse.flush();
    const rights = async (name: string) => (await stat(join(cacheDir, name))).mode & 0o077;
    for (const name of ['private', 'fetched', 'recorded', 'sums', 'damaged', 'usage']) {
      expect([name, await rights(name)]).toEqual([name, 0]);
    }
  });
});
