import path from 'node:path';
import { AnnouncingStore } from '../../src/catalog/announcing-store.js';
import { DiskWatch } from '../../src/fs/disk-watch.js';
import { AnsweringStore } from '../../src/store/disk/answering-store.js';
import { CheckedStore } from '../../src/store/checked-store.js';
import { createDiskStore } from '../../src/store/disk/disk-store.js';
import { ObservedStore } from '../../src/store/observed-store.js';
import { openStores } from '../../src/store/open/open-stores.js';
import { RecordedSums } from '../../src/store/recorded-sums.js';
import { RoomAwareStore } from '../../src/store/room-aware-store.js';
import { SealedStore } from '../../src/store/sealed-store.js';
import { Seals } from '../../src/store/seals.js';
import { guardedStore } from '../../src/sumdb/log/guarded-store.js';
import { createZipHasher } from '../../src/zip/zip-hasher.js';
import { createMemoryBlobStore } from '../support/stores/memory-blob-store.js';
import { createMemoryStore } from '../support/stores/memory-store.js';
import { tempDir } from '../support/tmp.js';
import { versionStoreContract } from './version-store.js';

const openDisk = async () => createDiskStore(await tempDir('store'));

versionStoreContract({
  name: 'disk',
  open: openDisk,
  has: { positions: true, removal: true, listing: true },
});

versionStoreContract({
  name: 'memory',
  open: async () => Promise.resolve(createMemoryStore()),
  has: { positions: false, removal: true, listing: true },
});

versionStoreContract({
  name: 'guarded by a checksum database',
  open: async () =>
    guardedStore(await openDisk(), {
      recorded: () => Promise.resolve(undefined),
      published: () => Promise.resolve(undefined),
      onDifference: () => undefined,
    }),
  has: { positions: true, removal: true, listing: true },
});

versionStoreContract({
  name: 'observed',
  open: async () => new ObservedStore(await openDisk()),
  has: { positions: true, removal: true, listing: true },
});

const MEMORY = { positions: false, removal: true, listing: true };

versionStoreContract({
  name: 'announcing',
  open: () => Promise.resolve(new AnnouncingStore(createMemoryStore(), () => undefined)),
  has: MEMORY,
});

versionStoreContract({
  name: 'with seals',
  open: () => Promise.resolve(new SealedStore(createMemoryStore(), new Seals(createMemoryBlobStore()))),
  has: MEMORY,
});

versionStoreContract({
  name: 'that looks for room',
  open: () =>
    Promise.resolve(new RoomAwareStore(createMemoryStore(), { shortage: () => Promise.resolve(undefined) })),
  has: MEMORY,
});

versionStoreContract({
  name: 'on a disk that is watched',
  open: async () => new AnsweringStore(await openDisk(), new DiskWatch('/nonexistent')),
  has: { positions: true, removal: true, listing: true },
});

versionStoreContract({
  name: 'that checks what it reads',
  open: async () => {
    const dir = await tempDir('checked');
    return new CheckedStore(createDiskStore(path.join(dir, 'download')), {
      dir: path.join(dir, 'download'),
      damagedDir: path.join(dir, 'damaged'),
      seals: new Seals(createMemoryBlobStore()),
      sums: new RecordedSums(path.join(dir, 'sums')),
      hashZip: createZipHasher(),
      onDamage: () => undefined,
    });
  },
  has: { positions: true, removal: true, listing: true },
});

versionStoreContract({
  name: 'opened as configured',
  open: async () => openStores({ cacheDir: await tempDir('cache') }).versions,
  has: { positions: true, removal: true, listing: true },
});
