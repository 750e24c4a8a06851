import { expect, it } from 'vitest';
import { partOfKey, scanBucket } from '../../../src/store/bucket/bucket-listing.js';
import { MemoryBucket } from '../../support/stores/memory-bucket.js';

const SCAN = { stateOf: () => undefined, onWrongList: () => undefined };

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
  for await (const { module } of scanBucket(bucket, SCAN)) modules.push(module);
  expect(modules.sort()).toEqual(['a.test/x', 'a.test/x-y']);
});

it('finds lists that do not name what lies there', async () => {
  const bucket = new MemoryBucket();
  const version = async (module: string, name: string, kinds = ['info', 'mod', 'zip']) => {
    for (const kind of kinds) await bucket.put(`${module}/@v/${name}.${kind}`, Buffer.from('x'));
  };
  const list = (module: string, text: string) => bucket.put(`${module}/@v/list`, Buffer.from(text));
  await version('right.test', 'v1.0.0');
  await version('right.test', 'v1.1.0-!r!c');
  await list('right.test', 'v1.0.0\nv1.1.0-RC\n');
  await version('incomplete.test', 'v1.0.0', ['info', 'mod']);
  await version('short.test', 'v1.0.0');
  await version('short.test', 'v1.1.0');
  await list('short.test', 'v1.0.0\n');
  await version('none.test', 'v1.0.0');
  await list('gone.test', 'v1.0.0\n');
  const wrong: string[] = [];
  const found: string[] = [];
  const options = { ...SCAN, onWrongList: (module: string) => wrong.push(module) };
  for await (const { module } of scanBucket(bucket, options)) found.push(module);
  expect(wrong.sort()).toEqual(['gone.test', 'none.test', 'short.test']);
  expect(found.sort()).toEqual(['incomplete.test', 'none.test', 'right.test', 'short.test']);
});
