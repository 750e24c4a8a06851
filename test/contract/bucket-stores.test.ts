/** The contracts of the stores, over buckets: one in memory, and a real object store as it is configured. */
import { randomUUID } from 'node:crypto';
import path from 'node:path';
import { afterAll, beforeAll, describe } from 'vitest';
import { FileCache } from '../../src/fs/file-cache.js';
import { createBucketBlobStore } from '../../src/store/bucket/bucket-blob-store.js';
import { BucketStore } from '../../src/store/bucket/bucket-store.js';
import { CachedBucketStore } from '../../src/store/bucket/cached-bucket-store.js';
import { openStores, type Stores } from '../../src/store/open/open-stores.js';
import { Seals } from '../../src/store/seals.js';
import { createZipHasher } from '../../src/zip/zip-hasher.js';
import { MemoryBucket } from '../support/stores/memory-bucket.js';
import { missing } from '../support/requirements.js';
import { s3Host, useS3Login, type S3Host } from '../support/hosts/s3-host.js';
import { tempDir } from '../support/tmp.js';
import { blobStoreContract } from './blob-store.js';
import { versionStoreContract } from './version-store.js';

async function openRaw(bucket = new MemoryBucket()): Promise<BucketStore> {
  const dir = await tempDir('drafts');
  return new BucketStore(bucket, {
    draft: () => Promise.resolve(path.join(dir, randomUUID())),
    onDifference: () => undefined,
  });
}

async function openCached(maxBytes: number): Promise<CachedBucketStore> {
  const bucket = new MemoryBucket();
  const dir = await tempDir('copies');
  return new CachedBucketStore(await openRaw(bucket), {
    copies: new FileCache(path.join(dir, 'files'), maxBytes),
    seenPurgeFile: path.join(dir, 'seen-purge'),
    seals: new Seals(createBucketBlobStore(bucket, '.modhaven/recorded/')),
    hashZip: createZipHasher(),
    onDamage: () => undefined,
  });
}

versionStoreContract({
  name: 'bucket',
  open: () => openRaw(),
  has: { positions: false, removal: true, listing: true },
});
versionStoreContract({
  name: 'bucket with local copies',
  open: () => openCached(64 * 1024 * 1024),
  has: { positions: true, removal: true, listing: true },
});
blobStoreContract({
  name: 'bucket',
  open: () => Promise.resolve(createBucketBlobStore(new MemoryBucket(), '.modhaven/upstream/')),
});

describe.skipIf(missing('go'))('a real object store', () => {
  let host: S3Host;
  beforeAll(async () => {
    useS3Login();
    host = await s3Host();
  });
  afterAll(() => host.stop());

  async function open(): Promise<Stores> {
    return openStores({ cacheDir: await tempDir('cache'), s3: await host.bucket(randomUUID(), 'go/') });
  }
  versionStoreContract({
    name: 's3 as configured',
    open: async () => (await open()).versions,
    has: { positions: true, removal: true, listing: true },
    clockStepMs: 1_000,
  });
  blobStoreContract({ name: 's3', open: async () => (await open()).checksums });
  blobStoreContract({ name: 's3, the newest kept', open: async () => (await open()).upstream });
});
