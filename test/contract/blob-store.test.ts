import { createDiskBlobStore } from '../../src/store/disk/disk-blob-store.js';
import { createMemoryBlobStore } from '../support/stores/memory-blob-store.js';
import { tempDir } from '../support/tmp.js';
import { blobStoreContract } from './blob-store.js';

blobStoreContract({ name: 'disk', open: async () => createDiskBlobStore(await tempDir('blobs')) });
blobStoreContract({ name: 'memory', open: async () => Promise.resolve(createMemoryBlobStore()) });
