import { readdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { Readable } from 'node:stream';
import { expect, it } from 'vitest';
import { parseModulePath } from '../../../src/module/module-path.js';
import { BucketStore } from '../../../src/store/bucket/bucket-store.js';
import { DiskError, download } from '../../../src/store/bucket/download.js';
import { MemoryBucket } from '../../support/stores/memory-bucket.js';
import { tempDir } from '../../support/tmp.js';

it('tells a local disk that takes nothing from a bucket that has nothing', async () => {
  const bucket = new MemoryBucket();
  const store = new BucketStore(bucket, {
    draft: () => Promise.reject(new Error('not used')),
    onDifference: () => undefined,
  });
  const zip = { module: parseModulePath('corp.test/lib'), version: 'v1.0.0', kind: 'zip' } as const;
  const dir = await tempDir('download');
  const into = (name: string, maxBytes = 2) => ({
    takes: (bytes: number) => bytes <= maxBytes,
    draft: () => Promise.resolve(path.join(dir, name)),
  });
  expect(await download(store, zip, into('absent'))).toBe('absent');
  await bucket.put('corp.test/lib/@v/v1.0.0.zip', Buffer.from('PK'));
  expect(await download(store, zip, into('large', 1))).toBe('too large');
  expect(await readdir(dir)).toEqual([]);
  expect(await download(store, zip, into('draft'))).toMatchObject({ size: 2, file: path.join(dir, 'draft') });
  await writeFile(path.join(dir, 'file'), '');
  await expect(download(store, zip, into('file/draft'))).rejects.toBeInstanceOf(DiskError);
});

it('leaves no file of a zip that goes on breaking off', async () => {
  const bucket = new MemoryBucket();
  const store = new BucketStore(bucket, {
    draft: () => Promise.reject(new Error('not used')),
    onDifference: () => undefined,
  });
  const zip = { module: parseModulePath('corp.test/lib'), version: 'v1.0.0', kind: 'zip' } as const;
  await bucket.put('corp.test/lib/@v/v1.0.0.zip', Buffer.from('PK and more'));
  const stream = bucket.stream.bind(bucket);
  let asked = 0;
  bucket.stream = async (key, options) => {
    asked += 1;
    const found = await stream(key, options);
    return (
      found && { ...found, body: Readable.from(options?.range === undefined ? [Buffer.from('PK')] : []) }
    );
  };
  const dir = await tempDir('download');
  const copies = { takes: () => true, draft: () => Promise.resolve(path.join(dir, 'draft')) };
  await expect(download(store, zip, copies)).rejects.toMatchObject({ code: 'STORAGE' });
  expect([asked, await readdir(dir)]).toEqual([4, []]);
});
