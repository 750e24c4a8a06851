import { createDiskStore } from '../../src/store/disk/disk-store.js';
import { ObservedStore } from '../../src/store/observed-store.js';
import { openStores } from '../../src/store/open/open-stores.js';
import { guardedStore } from '../../src/sumdb/log/guarded-store.js';
import { createMemoryStore } from '../support/memory-store.js';
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

versionStoreContract({
  name: 'opened as configured',
  open: async () => openStores({ cacheDir: await tempDir('cache') }).versions,
  has: { positions: true, removal: true, listing: true },
});
