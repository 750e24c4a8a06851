/** What the contract of blob stores does not say of those in a bucket. */
import { expect, it } from 'vitest';
import { createBucketBlobStore } from '../../../src/store/bucket/bucket-blob-store.js';
import { MemoryBucket } from '../../support/stores/memory-bucket.js';

const HOUR_MS = 3_600_000;

it('keeps the newest, and believes no clock that is ahead', async () => {
  const blobs = createBucketBlobStore(new MemoryBucket(), 'folder/', { keepsNewest: true });
  const now = Date.now();
  await blobs.replace('list', Buffer.from('ahead'), { asOf: now + 24 * HOUR_MS });
  expect((await blobs.get('list'))?.asOf).toBeLessThan(now + HOUR_MS);
  await blobs.replace('list', Buffer.from('newer'), { asOf: now + 5_000 });
  expect((await blobs.get('list'))?.bytes.toString()).toBe('newer');
  await blobs.replace('list', Buffer.from('late'), { asOf: now - HOUR_MS });
  expect((await blobs.get('list'))?.bytes.toString()).toBe('newer');
});
