import { expect, it } from 'vitest';
import { parseModulePath } from '../../../src/module/module-path.js';
import type { PutOptions } from '../../../src/s3/bucket.js';
import { BucketStore } from '../../../src/store/bucket/bucket-store.js';
import { VersionLists, storedVersions } from '../../../src/store/bucket/version-lists.js';
import { MemoryBucket } from '../../support/stores/memory-bucket.js';

const MODULE = parseModulePath('corp.test/lib');
const FOLDER = 'corp.test/lib/@v';

/** An object store whose lists lag behind, and in which other writers come between. */
class LaggingBucket extends MemoryBucket {
  listed: string[] | undefined;
  interruptions = 0;

  override async *list(prefix: string) {
    for await (const object of super.list(prefix)) {
      if (this.listed?.includes(object.key) !== false) yield object;
    }
    for (const key of this.listed ?? []) {
      if (!this.objects.has(key)) yield { key, size: 1, modifiedAt: 0 };
    }
  }

  override put(key: string, bytes: Buffer, options?: PutOptions) {
    if (key.endsWith('/list') && this.interruptions > 0) {
      this.interruptions -= 1;
      return Promise.resolve(false);
    }
    return super.put(key, bytes, options);
  }
}

async function bucketOf(...versions: string[]): Promise<LaggingBucket> {
  const bucket = new LaggingBucket();
  for (const version of versions) {
    for (const kind of ['info', 'mod', 'zip']) {
      await bucket.put(`${FOLDER}/${version}.${kind}`, Buffer.from('x'));
    }
  }
  return bucket;
}
const listOf = (bucket: MemoryBucket) => bucket.objects.get(`${FOLDER}/list`)?.bytes.toString();

it('has what was just stored, and not what was just removed, although the object store lists them late', async () => {
  const bucket = await bucketOf('v1.0.0', 'v1.1.0');
  const lists = new VersionLists(bucket);
  bucket.listed = [...bucket.objects.keys()].filter((key) => key.includes('v1.0.0'));
  await lists.changed(MODULE, { added: 'v1.1.0' });
  expect(listOf(bucket)).toBe('v1.0.0\nv1.1.0\n');

  for (const kind of ['info', 'mod', 'zip']) await bucket.remove(`${FOLDER}/v1.0.0.${kind}`);
  await lists.changed(MODULE, { removed: 'v1.0.0' });
  expect(listOf(bucket)).not.toContain('v1.0.0');
});

it('has what another replica stored again while it was taken out', async () => {
  const bucket = await bucketOf('v1.0.0', 'v1.1.0');
  const [lists, others] = [new VersionLists(bucket), new VersionLists(bucket)];
  await lists.changed(MODULE, { added: 'v1.0.0' });
  for (const kind of ['info', 'mod', 'zip']) await bucket.remove(`${FOLDER}/v1.0.0.${kind}`);
  const put = bucket.put.bind(bucket);
  bucket.put = async (key, bytes, options) => {
    bucket.put = put;
    for (const kind of ['info', 'mod', 'zip']) await put(`${FOLDER}/v1.0.0.${kind}`, Buffer.from('x'));
    await others.changed(MODULE, { added: 'v1.0.0' }); // which finds it in the list that is still there
    return put(key, bytes, options);
  };
  await lists.changed(MODULE, { removed: 'v1.0.0' });
  expect(listOf(bucket)).toBe('v1.0.0\nv1.1.0\n');
});

it('has nothing of a version that is not complete', async () => {
  const bucket = await bucketOf('v1.0.0');
  await bucket.remove(`${FOLDER}/v1.0.0.mod`);
  await new VersionLists(bucket).changed(MODULE, { added: 'v1.0.0' });
  expect(listOf(bucket)).toBeUndefined();
  expect([...(await storedVersions(bucket, MODULE)).get('zip')]).toEqual(['v1.0.0']);
});

it('is written again by the next probe where other writers came between too often', async () => {
  const bucket = await bucketOf('v1.0.0');
  const lists = new VersionLists(bucket);
  bucket.interruptions = 20;
  await lists.changed(MODULE);
  expect(listOf(bucket)).toBeUndefined();
  await lists.retry();
  expect(listOf(bucket)).toBe('v1.0.0\n');
});

it('is written where a process was killed between a version and its list', async () => {
  const bucket = await bucketOf('v1.0.0', 'v1.1.0');
  await bucket.put(`${FOLDER}/list`, Buffer.from('v1.0.0\n'));
  const store = new BucketStore(bucket, {
    draft: () => Promise.reject(new Error('no zip is written')),
    onDifference: () => undefined,
  });
  await store.listing.mendLists?.();
  expect(listOf(bucket)).toBe('v1.0.0\nv1.1.0\n');
});
