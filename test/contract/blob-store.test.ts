import { DiskWatch } from '../../src/fs/disk-watch.js';
import { AnsweringBlobs } from '../../src/store/disk/answering-blobs.js';
import { createDiskBlobStore } from '../../src/store/disk/disk-blob-store.js';
import { createMemoryBlobStore } from '../support/stores/memory-blob-store.js';
import { tempDir } from '../support/tmp.js';
import { blobStoreContract } from './blob-store.js';

blobStoreContract({ name: 'disk', open: async () => createDiskBlobStore(await tempDir('blobs')) });
blobStoreContract({
  name: 'on a disk that is watched',
  open: async () =>
    new AnsweringBlobs(createDiskBlobStore(await tempDir('blobs')), new DiskWatch('/nonexistent')),
});
blobStoreContract({ name: 'memory', open: async () => Promise.resolve(createMemoryBlobStore()) });
