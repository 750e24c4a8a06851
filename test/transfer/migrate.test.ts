/** What a migration does beside versions; `test/cli/migrate.e2e.test.ts` has the rest, over a real object store. */
import { beforeEach, expect, it } from 'vitest';
import { createMemoryBlobStore } from '../support/stores/memory-blob-store.js';
import type { BlobStore } from '../../src/store/blob-store.js';
import {
  migrateRecords,
  migrateSeals,
  migrateVersions,
  type MigratedStores,
} from '../../src/transfer/migrate.js';
import { putBytes } from '../../src/store/version-store.js';
import { parseModulePath } from '../../src/module/module-path.js';
import { createMemoryStore } from '../support/stores/memory-store.js';

function stores(): MigratedStores {
  const versions = createMemoryStore();
  return {
    versions,
    unchecked: versions,
    checked: { knownSums: () => Promise.resolve({}) },
    sealed: createMemoryBlobStore(),
    checksums: createMemoryBlobStore(),
    upstream: createMemoryBlobStore(),
    privateAnswers: createMemoryBlobStore(),
    ownDatabases: createMemoryBlobStore(),
    fetched: createMemoryBlobStore(),
  };
}
const put = (blobs: BlobStore, name: string, text: string, asOf?: number) =>
  blobs.putIfAbsent(name, Buffer.from(text), { asOf });
const textOf = async (blobs: BlobStore, name: string) => (await blobs.get(name))?.bytes.toString();

let from: MigratedStores;
let to: MigratedStores;
beforeEach(() => {
  from = stores();
  to = stores();
});

it('copies seals, and replaces none', async () => {
  await put(from.sealed, 'a/@v/v1.0.0', 'sealed');
  await put(from.sealed, 'b/@v/v1.0.0', 'here');
  await put(to.sealed, 'b/@v/v1.0.0', 'there');
  expect(await migrateSeals({ from, to })).toEqual({ added: 1, same: 0, different: ['b/@v/v1.0.0'] });
  expect(await textOf(to.sealed, 'a/@v/v1.0.0')).toBe('sealed');
});

it('leaves the newer of two answers', async () => {
  await put(from.upstream, 'a/@v/list', 'old', 1_000);
  await put(to.upstream, 'a/@v/list', 'new', 2_000);
  await put(from.privateAnswers, 'b/@v/list', 'new', 2_000);
  await put(to.privateAnswers, 'b/@v/list', 'old', 1_000);
  expect(await migrateRecords({ from, to })).toEqual({ added: 1, same: 1, different: [] });
  expect([await textOf(to.upstream, 'a/@v/list'), await textOf(to.privateAnswers, 'b/@v/list')]).toEqual([
    'new',
    'new',
  ]);
});

it('copies a checksum database that grows meanwhile, without the trees of others', async () => {
  await put(from.ownDatabases, 'sum.test/commit/000000000000', 'first');
  await put(from.ownDatabases, '.seen/sum.golang.org/latest', 'tree');
  const get = from.ownDatabases.get.bind(from.ownDatabases);
  from.ownDatabases.get = async (name) => {
    await put(from.ownDatabases, 'sum.test/commit/000000000001', 'second');
    return get(name);
  };
  expect(await migrateRecords({ from, to })).toEqual({ added: 2, same: 0, different: [] });
  expect(await textOf(to.ownDatabases, 'sum.test/commit/000000000001')).toBe('second');
  expect(await migrateRecords({ from, to })).toEqual({ added: 0, same: 2, different: [] });
});

it('leaves out a version of which another one was sealed at the target', async () => {
  const module = parseModulePath('ex.test/a');
  await putBytes(
    from.versions,
    { module, version: 'v1.0.0', kind: 'mod' },
    Buffer.from('module ex.test/a\n'),
  );
  const version = { module, version: 'v1.0.0' as const };
  const options = { from, to, recorded: () => Promise.resolve([]) };
  expect(await migrateVersions([version], options)).toMatchObject([{ outcome: 'added', added: ['mod'] }]);
  expect(await migrateVersions([version], options)).toMatchObject([{ outcome: 'same' }]);
  await putBytes(
    from.versions,
    { ...version, version: 'v1.1.0', kind: 'mod' },
    Buffer.from('module other.test\n'),
  );
  await putBytes(
    to.versions,
    { ...version, version: 'v1.1.0', kind: 'mod' },
    Buffer.from('module ex.test/a\n'),
  );
  expect(await migrateVersions([{ ...version, version: 'v1.1.0' }], options)).toMatchObject([
    { outcome: expect.stringMatching(/^(?:damaged|different)$/) as string },
  ]);
});
