import { createHash } from 'node:crypto';
import { expect, it } from 'vitest';
import { parseModulePath } from '../../../src/module/module-path.js';
import { BucketStore } from '../../../src/store/bucket/bucket-store.js';
import { RangedPart } from '../../../src/store/bucket/ranged-part.js';
import type { OpenPart, Part } from '../../../src/store/version-store.js';
import { MemoryBucket } from '../../support/stores/memory-bucket.js';

const ZIP: Part = { module: parseModulePath('corp.test/lib'), version: 'v1.0.0', kind: 'zip' };
const KEY = 'corp.test/lib/@v/v1.0.0.zip';

function readAt(part: OpenPart, length: number, position: number): Promise<Buffer> {
  const target = Buffer.alloc(length);
  return new Promise((resolve, reject) => {
    part.read(target, length, position, (error, count) =>
      error === null ? resolve(target.subarray(0, count)) : reject(error),
    );
  });
}

it('reads at any position with few requests, and fails once the part is another one', async () => {
  const bucket = new MemoryBucket();
  const bytes = Buffer.from(Array.from({ length: 2_500_000 }, (_, i) => i % 251));
  await bucket.put(KEY, bytes);
  let reads = 0;
  const read = bucket.read.bind(bucket);
  bucket.read = (...args) => {
    reads += 1;
    return read(...args);
  };
  const store = new BucketStore(bucket, {
    draft: () => Promise.reject(new Error('not used')),
    onDifference: () => undefined,
  });
  const part = await RangedPart.open(store, ZIP, () => Promise.resolve(true));
  if (part === undefined) throw new Error('it is stored');
  for (let at = 0; at < 1_000_000; at += 100_000) {
    expect((await readAt(part, 100_000, at)).equals(bytes.subarray(at, at + 100_000))).toBe(true);
  }
  expect(reads).toBe(1);
  expect((await readAt(part, 10, 2_499_995)).equals(bytes.subarray(2_499_995))).toBe(true);
  expect(await readAt(part, 10, 2_500_000)).toHaveLength(0);
  await bucket.put(KEY, Buffer.from('another'));
  await expect(readAt(part, 10, 5)).rejects.toMatchObject({ code: 'STORAGE' });
  part.close();
  expect(
    await RangedPart.open(store, { ...ZIP, version: 'v2.0.0' }, () => Promise.resolve(true)),
  ).toBeUndefined();
  expect(await RangedPart.open(store, ZIP, () => Promise.resolve(false))).toBeUndefined();
});

it('does not give out the end of a zip that is not what its writer named', async () => {
  const bucket = new MemoryBucket();
  const bytes = Buffer.from(Array.from({ length: 2_500_000 }, (_, i) => i % 251));
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  await bucket.put(KEY, bytes, { meta: { 'modhaven-sha256': sha256 } });
  let wrong = 1_000_000;
  const read = bucket.read.bind(bucket);
  bucket.read = async (key, options) => {
    const found = await read(key, options);
    const at = wrong - (options?.range?.start ?? 0);
    if (found !== undefined && at >= 0 && at < found.size) found.bytes[at] = 255;
    return found;
  };
  const store = new BucketStore(bucket, {
    draft: () => Promise.reject(new Error('not used')),
    onDifference: () => undefined,
  });
  const readAll = async () => {
    const part = await RangedPart.open(store, ZIP, () => Promise.resolve(true));
    if (part === undefined) throw new Error('it is stored');
    for (let at = 0; at < part.size;) at += (await readAt(part, 50_000, at)).length;
  };
  await expect(readAll()).rejects.toMatchObject({
    code: 'STORAGE',
    message: 'the zip of corp.test/lib@v1.0.0 is not what was stored',
  });
  wrong = Infinity;
  await readAll();
});
