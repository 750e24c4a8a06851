import { expect, it } from 'vitest';
import { partOfKey, scanBucket } from '../../../src/store/bucket/bucket-listing.js';
import { MemoryBucket } from '../../support/memory-bucket.js';

it.each([
  ['corp.test/!lib/@v/v1.0.0.zip', { module: 'corp.test/Lib', version: 'v1.0.0', kind: 'zip' }],
  ['corp.test/lib/@v/list', undefined],
  ['corp.test/lib/@v/main.info', undefined],
  ['sumdb/sum.golang.org/lookup/corp.test/lib@v1.0.0', undefined],
  ['.modhaven/recorded/corp.test/lib/@v/v1.0.0.zip', undefined],
  ['corp.test/Lib/@v/v1.0.0.zip', undefined],
])('reads the key %s', (key, part) => {
  expect(partOfKey(key)).toEqual(part);
});

it('names each module once, whatever else lies in the bucket', async () => {
  const bucket = new MemoryBucket();
  for (const key of [
    'a.test/x/@v/v1.0.0.mod',
    'a.test/x/@v/list',
    'a.test/x-y/@v/v1.0.0.mod',
    '.modhaven/probe/ready',
  ]) {
    await bucket.put(key, Buffer.from('x'));
  }
  const modules: string[] = [];
  for await (const { module } of scanBucket(bucket, () => undefined)) modules.push(module);
  expect(modules.sort()).toEqual(['a.test/x', 'a.test/x-y']);
});
