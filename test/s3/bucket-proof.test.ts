import { expect, it } from 'vitest';
import type { PutOptions } from '../../src/s3/bucket.js';
import { BucketProof } from '../../src/s3/bucket-proof.js';
import { MemoryBucket } from '../support/stores/memory-bucket.js';

/** A proof over a bucket in memory, and what it has written. */
function proofOf(bucket: MemoryBucket, spoil: (options: PutOptions) => PutOptions = (options) => options) {
  const written: string[] = [];
  const write = (key: string, bytes: Buffer, options: PutOptions) => {
    written.push(key);
    return bucket.put(key, bytes, spoil(options));
  };
  return { written, proof: new BucketProof(bucket, { write, writeInParts: write }) };
}

it('proves a bucket once, tries it each time, and leaves one object', async () => {
  const bucket = new MemoryBucket();
  const { proof, written } = proofOf(bucket);
  await Promise.all([proof.usable(), proof.usable()]);
  const once = written.length;
  await proof.usable();
  expect(written).toHaveLength(once);
  await proof.probe();
  await proof.probe();
  expect(written).toHaveLength(once + 2);
  expect([...bucket.objects.keys()]).toEqual(['.modhaven/probe/ready']);
});

it('tries again after a bucket was refused', async () => {
  const bucket = new MemoryBucket();
  let isIgnored = true;
  const { proof } = proofOf(bucket, (options) => (isIgnored ? {} : options));
  await expect(proof.probe()).rejects.toMatchObject({
    code: 'STORAGE',
    message: 'the bucket in memory cannot be used',
    reason: expect.stringContaining('If-None-Match') as string,
  });
  isIgnored = false;
  await proof.probe();
});

it('refuses a bucket that does not list what it holds', async () => {
  const bucket = new (class extends MemoryBucket {
    override async *list() {
      // as a user that may not list sees it where that is no error
    }
  })();
  await expect(proofOf(bucket).proof.usable()).rejects.toMatchObject({
    reason: 'it does not list what was written',
  });
});
