import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, it } from 'vitest';
import { withChecksums } from '../../../src/cli/common/checksums.js';
import { cacheLayout } from '../../../src/store/paths.js';
import { createMemoryBlobStore } from '../../support/stores/memory-blob-store.js';
import { MemoryBucket } from '../../support/stores/memory-bucket.js';
import { tempDir } from '../../support/tmp.js';

it('is the folder of the disk, which needs nothing kept elsewhere', async () => {
  const layout = cacheLayout(await tempDir('cache'));
  const stores = { layout, bucket: undefined, checksums: createMemoryBlobStore() };
  expect(await withChecksums(stores, (folder) => Promise.resolve(folder))).toEqual({
    root: layout.download,
    keep: undefined,
  });
});

it('is a copy of what lies in a bucket', async () => {
  const layout = cacheLayout(await tempDir('cache'));
  const checksums = createMemoryBlobStore();
  await checksums.putIfAbsent('sum.test/latest', Buffer.from('tree'));
  const stores = { layout, bucket: new MemoryBucket(), checksums };
  const read = ({ root }: { root: string }) => readFile(path.join(root, 'sumdb/sum.test/latest'), 'utf8');
  expect(await withChecksums(stores, read)).toBe('tree');
});
