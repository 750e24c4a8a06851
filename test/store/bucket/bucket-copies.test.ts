/** Copies as they are made and checked; `cached-bucket-store.test.ts` has what readers see of them. */
import { randomUUID } from 'node:crypto';
import { rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { FileCache } from '../../../src/fs/file-cache.js';
import { parseModulePath } from '../../../src/module/module-path.js';
import { createBucketBlobStore } from '../../../src/store/bucket/bucket-blob-store.js';
import { BucketCopies, type SmallPart } from '../../../src/store/bucket/bucket-copies.js';
import { BucketStore } from '../../../src/store/bucket/bucket-store.js';
import { RangedPart } from '../../../src/store/bucket/ranged-part.js';
import type { DamagedPart } from '../../../src/store/checked-store.js';
import { Seals } from '../../../src/store/seals.js';
import { putBytes, storedName, type Part } from '../../../src/store/version-store.js';
import { createZipHasher } from '../../../src/zip/zip-hasher.js';
import { MemoryBucket } from '../../support/stores/memory-bucket.js';
import { tempDir } from '../../support/tmp.js';

const version = { module: parseModulePath('corp.test/lib'), version: 'v1.0.0' } as const;
const MOD = { ...version, kind: 'mod' } as const;
const ZIP: Part = { ...version, kind: 'zip' };
const TEXT = Buffer.from('module corp.test/lib\n');

let bucket: MemoryBucket;
let raw: BucketStore;
let cache: FileCache;
let damage: DamagedPart[];
let dir: string;
let copies: BucketCopies;
let seals: Seals;
beforeEach(async () => {
  bucket = new MemoryBucket();
  damage = [];
  dir = await tempDir('copies');
  raw = new BucketStore(bucket, {
    draft: () => Promise.resolve(path.join(dir, randomUUID())),
    onDifference: () => undefined,
  });
  cache = new FileCache(path.join(dir, 'files'), 1024 * 1024);
  seals = new Seals(createBucketBlobStore(bucket, '.modhaven/recorded/'));
  copies = new BucketCopies(raw, {
    copies: cache,
    seals,
    hashZip: createZipHasher(),
    onDamage: (found) => damage.push(found),
  });
});

function alter(part: Part, bytes: Buffer): void {
  const found = bucket.objects.get(storedName(part));
  if (found === undefined) throw new Error('it is not stored');
  bucket.objects.set(storedName(part), { ...found, bytes, size: bytes.length });
}

describe('a part out of the bucket', () => {
  it('is there as a copy afterwards, and absent where it is not stored', async () => {
    expect([await copies.read(MOD), await copies.copyZip(ZIP)]).toEqual([undefined, 'absent']);
    await putBytes(raw, MOD, TEXT);
    await putBytes(raw, ZIP, Buffer.from('PK'));
    expect(await copies.read(MOD)).toEqual(TEXT);
    expect(await copies.copyZip(ZIP)).toBe('kept');
    expect(await cache.read(storedName(MOD))).toEqual(TEXT);
    expect((await cache.read(storedName(ZIP)))?.toString()).toBe('PK');
  });

  it('is sealed and moved away where it is not what its writer said', async () => {
    await putBytes(raw, MOD, TEXT);
    alter(MOD, Buffer.from('module evil.test/lib\n'));
    expect(await copies.read(MOD)).toBeUndefined();
    expect(damage).toMatchObject([{ kind: 'mod', problem: 'it is not what its writer said' }]);
    expect(bucket.objects.has(storedName(MOD))).toBe(false);
    expect(await cache.read(storedName(MOD))).toBeUndefined();
  });

  it('is known, to be sealed, by the hash that the zip names', async () => {
    const [hash, other] = [1, 2].map((byte) => `h1:${Buffer.alloc(32, byte).toString('base64')}`);
    await putBytes(raw, { ...version, kind: 'ziphash' }, Buffer.from(hash ?? ''));
    expect(await copies.knownSums(version)).toEqual({}); // it may become another one until its zip is there
    await putBytes(raw, ZIP, Buffer.from('PK'));
    // What another writer left beside it.
    alter({ ...version, kind: 'ziphash' }, Buffer.from(other ?? ''));
    for (const damaged of [undefined, 'zip', 'ziphash'] as const) {
      expect(await copies.knownSums(version, damaged)).toEqual({ zip: hash });
    }
  });

  describe('that a replica stored which did not know of its seal', () => {
    const [hash = '', other = ''] = [1, 2].map((byte) => `h1:${Buffer.alloc(32, byte).toString('base64')}`);
    const HASH: SmallPart = { ...version, kind: 'ziphash' };
    const copiedZip = async () =>
      (await copies.copyZip(ZIP)) === 'kept' ? await cache.read(storedName(ZIP)) : undefined;
    const openedZip = () => RangedPart.open(raw, ZIP, (head) => copies.isAsSealed(ZIP, head));
    beforeEach(async () => {
      await putBytes(raw, HASH, Buffer.from(hash));
      await putBytes(raw, ZIP, Buffer.from('PK'));
    });

    it.each([
      ['copied', copiedZip],
      ['read by range', openedZip],
      ['asked for its hash', () => copies.read(HASH)],
    ])('is set aside where it is another one, when it is %s', async (_, use) => {
      await seals.add(version, { reason: 'purged', zip: other });
      expect(await use()).toBeUndefined();
      const keys = [...bucket.objects.keys()];
      expect(keys).not.toContain(storedName(ZIP));
      expect(keys.filter((key) => key.startsWith(`.modhaven/damaged/${storedName(ZIP)}.`))).toHaveLength(1);
      expect(damage).toEqual([]);
    });

    it.each([
      ['copied', copiedZip],
      ['read by range', openedZip],
      ['asked for its hash', () => copies.read(HASH)],
    ])('is what the version stays where the seal has no hash, once it is %s', async (_, use) => {
      await seals.add(version, { reason: 'purged' });
      expect(await use()).toBeDefined();
      expect(await seals.of(version)).toEqual({ reason: 'purged', zip: hash });
    });
  });

  it('costs a copy and nothing else where the local disk does not take it', async () => {
    await putBytes(raw, MOD, TEXT);
    await putBytes(raw, ZIP, Buffer.from('PK'));
    await rm(path.join(dir, 'files'), { recursive: true, force: true });
    await writeFile(path.join(dir, 'files'), 'no folder');
    expect(await copies.read(MOD)).toEqual(TEXT);
    expect(await copies.copyZip(ZIP)).toBe('uncopied');
  });
});
