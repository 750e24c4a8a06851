import { setTimeout as wait } from 'node:timers/promises';
import { describe, expect, it, vi } from 'vitest';
import { parseModulePath } from '../../src/module/module-path.js';
import { openStores } from '../../src/store/open/open-stores.js';
import { purge, watchPurges } from '../../src/store/purge.js';
import { Seals } from '../../src/store/seals.js';
import { PART_KINDS, putBytes } from '../../src/store/version-store.js';
import { createMemoryBlobStore } from '../support/stores/memory-blob-store.js';
import { tempDir } from '../support/tmp.js';

const version = { module: parseModulePath('corp.test/lib'), version: 'v1.0.0' as const };
const HASH = `h1:${Buffer.alloc(32, 1).toString('base64')}`;
const CONTENT = {
  info: JSON.stringify({ Version: 'v1.0.0', Time: '2024-03-01T12:00:00Z', Origin: { Hash: 'a'.repeat(40) } }),
  mod: 'module corp.test/lib\n',
  ziphash: HASH,
  zip: 'PK',
};

describe('purge', () => {
  it('removes a version, takes the same again, and nothing else', async () => {
    const stores = openStores({ cacheDir: await tempDir('purge') });
    const put = (kind: keyof typeof CONTENT, content = CONTENT[kind]) =>
      putBytes(stores.versions, { ...version, kind }, Buffer.from(content));
    for (const kind of PART_KINDS) await put(kind);
    expect(await purge(stores, version)).toMatchObject({ zip: HASH, origin: 'a'.repeat(40) });
    for (const kind of PART_KINDS) expect(await stores.versions.size({ ...version, kind })).toBeUndefined();
    expect(await purge(stores, version)).toBeUndefined();

    await expect(put('info', CONTENT.info.replaceAll('aaaa', 'bbbb'))).rejects.toMatchObject({
      code: 'CHECKSUM_MISMATCH',
      message: 'refused: corp.test/lib@v1.0.0: its commit is not the one that was served before',
      reason: expect.stringContaining('was purged') as string,
    });
    await expect(put('mod', 'module corp.test/lib\n\n')).rejects.toMatchObject({ code: 'CHECKSUM_MISMATCH' });
    await expect(put('ziphash', HASH.replace('AQ', 'BQ'))).rejects.toMatchObject({
      code: 'CHECKSUM_MISMATCH',
    });
    for (const kind of PART_KINDS) await put(kind);
    expect((await stores.versions.read({ ...version, kind: 'mod' }))?.toString()).toBe(CONTENT.mod);
  });

  it('seals a zip that was stored while the purge began', async () => {
    const stores = openStores({ cacheDir: await tempDir('purge') });
    for (const kind of PART_KINDS) {
      await putBytes(stores.versions, { ...version, kind }, Buffer.from(CONTENT[kind]));
    }
    let looks = 0;
    const knownSums = () => ((looks += 1) === 1 ? Promise.resolve({}) : stores.checked.knownSums(version));
    await purge({ ...stores, checked: { knownSums } }, version);
    expect(await stores.seals.of(version)).toMatchObject({ reason: 'purged', zip: HASH });
  });

  it('is noticed by others, and only then', async () => {
    const cacheDir = await tempDir('purge');
    const [server, command] = [openStores({ cacheDir }), openStores({ cacheDir })];
    await putBytes(server.versions, { ...version, kind: 'mod' }, Buffer.from(CONTENT.mod));
    let purges = 0;
    const watch = watchPurges(server, () => (purges += 1));
    await wait(1_200);
    expect(purges).toBe(0);
    await purge(command, version);
    await vi.waitFor(() => expect(purges).toBeGreaterThan(0), 20_000);
    watch.close();
  });
});

describe('watchPurges', () => {
  it('asks a bucket half as often as a disk', async () => {
    const looks = { disk: 0, bucket: 0 };
    const watchOf = (kind: keyof typeof looks) => {
      const blobs = createMemoryBlobStore();
      const get = blobs.get.bind(blobs);
      blobs.get = (name) => {
        looks[kind] += 1;
        return get(name);
      };
      const copies = {
        forget: () => Promise.resolve(),
        seenPurge: () => Promise.resolve('none'),
        sawPurge: () => Promise.resolve(),
      };
      const stores = { seals: new Seals(blobs), copies: kind === 'bucket' ? copies : undefined };
      return watchPurges(stores, () => undefined);
    };
    const watches = [watchOf('disk'), watchOf('bucket')];
    await wait(1_700);
    for (const watch of watches) watch.close();
    expect(looks).toEqual({ disk: 2, bucket: 1 });
  });
});

describe('watchPurges, with local copies', () => {
  const other = { module: parseModulePath('corp.test/other'), version: 'v1.0.0' as const };

  async function watched(seen: string | undefined, purges: (typeof version)[]) {
    const { seals } = openStores({ cacheDir: await tempDir('purge') });
    for (const purged of purges) await seals.announcePurge(purged);
    const forgotten: unknown[] = [];
    const notes: string[] = [];
    const copies = {
      forget: (versions: readonly unknown[] | 'all') => Promise.resolve(void forgotten.push(versions)),
      seenPurge: () => Promise.resolve(seen),
      sawPurge: (id: string) => Promise.resolve(void notes.push(id)),
    };
    const watch = watchPurges({ seals, copies }, () => undefined);
    while (notes.length === 0) await wait(5);
    return { seals, forgotten, watch, notes };
  }

  it('tells of a purge also where the first look failed, and goes on where a copy cannot be removed', async () => {
    const { seals } = openStores({ cacheDir: await tempDir('purge') });
    await seals.announcePurge(version);
    let [looks, removals, purges] = [0, 0, 0];
    const stores = {
      seals: Object.assign(Object.create(seals) as typeof seals, {
        purges: () => ((looks += 1) === 1 ? Promise.reject(new Error('no answer')) : seals.purges()),
      }),
      copies: {
        forget: () => ((removals += 1) === 1 ? Promise.reject(new Error('EBUSY')) : Promise.resolve()),
        seenPurge: () => Promise.resolve(undefined),
        sawPurge: () => Promise.resolve(),
      },
    };
    const watch = watchPurges(stores, () => (purges += 1));
    await vi.waitFor(() => {
      watch.look();
      expect([removals, purges]).toEqual([2, 1]);
    }, 20_000);
    watch.close();
  });

  it('forgets all where it is not known which purge was seen', async () => {
    const { forgotten, watch } = await watched('long ago', [version]);
    expect(forgotten).toEqual(['all']);
    watch.close();
  });

  it('forgets what was purged since, and nothing else', async () => {
    const { seals, forgotten, watch, notes } = await watched('none', [version]);
    expect(forgotten).toEqual([[version]]);
    await seals.announcePurge(other);
    watch.look();
    while (notes.length < 2) await wait(5);
    expect(forgotten).toEqual([[version], [other]]);
    watch.close();
  });
});
