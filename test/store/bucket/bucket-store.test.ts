import { randomUUID } from 'node:crypto';
import path from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { ModhavenError } from '../../../src/errors.js';
import { parseModulePath } from '../../../src/module/module-path.js';
import type { CanonicalVersion } from '../../../src/module/version.js';
import { BucketStore } from '../../../src/store/bucket/bucket-store.js';
import type { StoredDifference } from '../../../src/store/damage-report.js';
import { putBytes, type PartKind } from '../../../src/store/version-store.js';
import { MemoryBucket } from '../../support/stores/memory-bucket.js';
import { tempDir } from '../../support/tmp.js';

const module = parseModulePath('corp.test/Lib');
const FOLDER = 'corp.test/!lib/@v';
const hash = (fill: number) => `h1:${Buffer.alloc(32, fill).toString('base64')}`;

let bucket: MemoryBucket;
let differences: StoredDifference[];

async function replica(): Promise<BucketStore> {
  const dir = await tempDir('drafts');
  return new BucketStore(bucket, {
    draft: () => Promise.resolve(path.join(dir, randomUUID())),
    onDifference: (difference) => differences.push(difference),
  });
}
const put = (store: BucketStore, kind: PartKind, text: string, version: CanonicalVersion = 'v1.0.0') =>
  putBytes(store, { module, version, kind }, Buffer.from(text));
const textOf = (name: string) => bucket.objects.get(`${FOLDER}/${name}`)?.bytes.toString();

beforeEach(() => {
  bucket = new MemoryBucket();
  differences = [];
});

describe('BucketStore', () => {
  it('lists what is complete, in the order of versions, and no longer what is removed', async () => {
    const store = await replica();
    for (const version of ['v1.10.0', 'v1.9.0'] as const) {
      await put(store, 'info', '{}', version);
      await put(store, 'mod', 'module m\n', version);
      await put(store, 'ziphash', hash(1), version);
      expect(textOf('list') ?? '').not.toContain(version);
      await put(store, 'zip', 'PK', version);
    }
    await put(store, 'info', '{}', 'v2.0.0');
    expect(textOf('list')).toBe('v1.9.0\nv1.10.0\n');
    await store.removal.remove({ module, version: 'v1.9.0' });
    expect(textOf('list')).toBe('v1.10.0\n');
  });

  it('lists a version whose go.mod comes last', async () => {
    const store = await replica();
    await put(store, 'info', '{}');
    await put(store, 'ziphash', hash(1));
    await put(store, 'zip', 'PK');
    expect(textOf('list')).toBeUndefined();
    await put(store, 'mod', 'module m\n');
    expect(textOf('list')).toBe('v1.0.0\n');
  });

  it('loses no version of replicas that store at the same time', async () => {
    const stores = await Promise.all([replica(), replica(), replica()]);
    await Promise.all(
      Array.from({ length: 12 }, async (_, i) => {
        const store = stores[i % 3] ?? stores[0];
        for (const kind of ['info', 'mod', 'ziphash', 'zip'] as const) {
          await put(store, kind, hash(i), `v1.0.${i}`);
        }
      }),
    );
    expect(textOf('list')?.split('\n').filter(Boolean)).toHaveLength(12);
  });

  it('keeps what was first, and says when another content comes', async () => {
    const [first, second] = [await replica(), await replica()];
    await put(first, 'mod', 'module a\n');
    await put(second, 'mod', 'module a\n');
    expect(differences).toEqual([]);
    await put(second, 'mod', 'module b\n');
    expect(differences).toMatchObject([{ module, version: 'v1.0.0', kind: 'mod' }]);
    expect(textOf('v1.0.0.mod')).toBe('module a\n');
  });

  it('takes infos that name the same commit for the same', async () => {
    const store = await replica();
    await put(store, 'info', '{"Version":"v1.0.0","Origin":{"Hash":"abc"}}');
    await put(store, 'info', '{"Version":"v1.0.0","Origin":{"Hash":"abc","Ref":"refs/tags/v1.0.0"}}');
    expect(differences).toEqual([]);
    await put(store, 'info', '{"Version":"v1.0.0","Origin":{"Hash":"def"}}');
    expect(differences).toMatchObject([{ kind: 'info', stored: 'abc', brought: 'def' }]);
  });

  it('has the hash of the zip that won, whichever writer came last', async () => {
    const [slow, quick] = [await replica(), await replica()];
    await put(slow, 'ziphash', hash(1));
    await put(quick, 'ziphash', hash(2)); // no zip yet: what a killed process left is replaced
    expect(textOf('v1.0.0.ziphash')).toBe(hash(2));
    await put(slow, 'zip', 'slow');
    expect(textOf('v1.0.0.ziphash')).toBe(hash(1));
    await put(quick, 'zip', 'quick');
    expect([textOf('v1.0.0.zip'), textOf('v1.0.0.ziphash')]).toEqual(['slow', hash(1)]);
    expect(differences).toMatchObject([{ kind: 'zip', stored: hash(1), brought: hash(2) }]);
  });

  it('stores a version although its list cannot be written, and writes the list later', async () => {
    const store = await replica();
    await put(store, 'info', '{}');
    await put(store, 'mod', 'module m\n');
    const write = bucket.put.bind(bucket);
    bucket.put = (key, ...rest) =>
      key.endsWith('/list') ? Promise.reject(new ModhavenError('STORAGE', 'down')) : write(key, ...rest);
    await put(store, 'zip', 'PK');
    expect([textOf('v1.0.0.zip'), textOf('list')]).toEqual(['PK', undefined]);
    bucket.put = write;
    await store.probe();
    expect(textOf('list')).toBe('v1.0.0\n');
  });
});
