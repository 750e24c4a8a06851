import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, it } from 'vitest';
import { parseModulePath } from '../../../src/module/module-path.js';
import { BucketStore } from '../../../src/store/bucket/bucket-store.js';
import { DiskError, download } from '../../../src/store/bucket/download.js';
import { MemoryBucket } from '../../support/memory-bucket.js';
import { tempDir } from '../../support/tmp.js';

it('tells a local disk that takes nothing from a bucket that has nothing', async () => {
  const bucket = new MemoryBucket();
  const store = new BucketStore(bucket, {
    draft: () => Promise.reject(new Error('not used')),
    onDifference: () => undefined,
  });
  const zip = { module: parseModulePath('corp.test/lib'), version: 'v1.0.0', kind: 'zip' } as const;
  const dir = await tempDir('download');
  expect(await download(store, zip, path.join(dir, 'absent'))).toBeUndefined();
  await bucket.put('corp.test/lib/@v/v1.0.0.zip', Buffer.from('PK'));
  expect((await download(store, zip, path.join(dir, 'draft')))?.size).toBe(2);
  await writeFile(path.join(dir, 'file'), '');
  await expect(download(store, zip, path.join(dir, 'file', 'draft'))).rejects.toBeInstanceOf(DiskError);
});
