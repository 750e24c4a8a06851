import { createHash, randomUUID } from 'node:crypto';
import { chmod, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { Readable } from 'node:stream';
import { beforeEach, describe, expect, it } from 'vitest';
import { FileCache } from '../../../src/fs/file-cache.js';
import { parseModulePath } from '../../../src/module/module-path.js';
import type { PutOptions, ObjectReadOptions } from '../../../src/s3/bucket.js';
import { createBucketBlobStore } from '../../../src/store/bucket/bucket-blob-store.js';
import { BucketStore } from '../../../src/store/bucket/bucket-store.js';
import { CachedBucketStore } from '../../../src/store/bucket/cached-bucket-store.js';
import type { DamagedPart } from '../../../src/store/checked-store.js';
import { Seals } from '../../../src/store/seals.js';
import { putBytes, type Part, type PartKind } from '../../../src/store/version-store.js';
import { createZipHasher } from '../../../src/zip/zip-hasher.js';
import { MemoryBucket } from '../../support/stores/memory-bucket.js';
import { tempDir } from '../../support/tmp.js';

const module = parseModulePath('corp.test/lib');
const part = (kind: PartKind): Part => ({ module, version: 'v1.0.0', kind });
const KEY = 'corp.test/lib/@v/v1.0.0';
const HASH = `h1:${Buffer.alloc(32, 1).toString('base64')}`;

/** Counts what is asked of it, and breaks off where it is told to. */
class CountingBucket extends MemoryBucket {
  reads = 0;
  breakAt: number | undefined;
  /** Whether each read has other bytes. */
  damages = false;
  /** Called with the number of reads after each. */
  afterRead: (count: number) => void = () => undefined;

  override async read(key: string, options?: ObjectReadOptions) {
    this.reads += 1;
    const found = await super.read(key, options);
    if (found !== undefined && this.damages) found.bytes[0] = 128 + (this.reads % 100);
    this.afterRead(this.reads);
    return found;
  }

  override async stream(key: string, options?: ObjectReadOptions) {
    const found = await super.stream(key, options);
    const bytes = (await super.read(key, options))?.bytes;
    const { breakAt } = this;
    if (found === undefined || bytes === undefined || breakAt === undefined || bytes.length <= breakAt) {
      return found;
    }
    return {
      ...found,
      body: Readable.from(
        (async function* () {
          yield bytes.subarray(0, breakAt);
          await Promise.resolve();
          throw new Error('the connection broke off');
        })(),
      ),
    };
  }
}

let bucket: CountingBucket;
let dir: string;
let damage: DamagedPart[];

function open(): CachedBucketStore {
  const raw = new BucketStore(bucket, {
    draft: () => Promise.resolve(path.join(dir, randomUUID())),
    onDifference: () => undefined,
  });
  return new CachedBucketStore(raw, {
    copies: new FileCache(path.join(dir, 'files'), 1024 * 1024),
    seenPurgeFile: path.join(dir, 'seen-purge'),
    seals: new Seals(createBucketBlobStore(bucket, '.modhaven/recorded/')),
    hashZip: createZipHasher(),
    onDamage: (found) => damage.push(found),
  });
}

async function storeAll(store: CachedBucketStore, zip = 'PK'): Promise<void> {
  const texts = { info: '{"Version":"v1.0.0"}', mod: 'module corp.test/lib\n', ziphash: HASH, zip };
  for (const kind of ['info', 'mod', 'ziphash', 'zip'] as const) {
    await putBytes(store, part(kind), Buffer.from(texts[kind]));
  }
}

function alter(key: string, bytes: Buffer, meta?: Record<string, string>): void {
  const found = bucket.objects.get(key);
  if (found === undefined) throw new Error(`no ${key}`);
  bucket.objects.set(key, { ...found, bytes, size: bytes.length, ...(meta && { meta }) });
}

beforeEach(async () => {
  bucket = new CountingBucket();
  dir = await tempDir('cached');
  damage = [];
});

/** Says what is asked of it. */
class LoggingBucket extends CountingBucket {
  asked: string[] = [];

  override head(key: string) {
    this.note('head', key);
    return super.head(key);
  }

  override read(key: string, options?: ObjectReadOptions) {
    if (!key.endsWith('.zip')) this.note('read', key); // a stream reads it, too
    return super.read(key, options);
  }

  override stream(key: string, options?: ObjectReadOptions) {
    this.note('stream', key);
    return super.stream(key, options);
  }

  override put(key: string, bytes: Buffer, options?: PutOptions) {
    this.note('put', key);
    return super.put(key, bytes, options);
  }

  override list(prefix: string) {
    this.note('list', prefix);
    return super.list(prefix);
  }

  private note(what: string, key: string): void {
    this.asked.push(`${what} ${key.slice(key.lastIndexOf('/') + 1)}`);
  }
}

describe('CachedBucketStore', () => {
  it('asks the bucket for no more than it needs: to store a version, and to read one', async () => {
    const logging = new LoggingBucket();
    bucket = logging;
    const store = open();
    await storeAll(store);
    expect(logging.asked).toEqual([
      ...['put v1.0.0.info', 'head v1.0.0.zip', 'put v1.0.0.mod', 'head v1.0.0.zip'],
      ...['put v1.0.0.ziphash', 'put v1.0.0.zip', 'read v1.0.0.ziphash'],
      ...['read list', 'list ', 'put list'],
    ]);
    logging.asked = [];
    const readAll = async (from: CachedBucketStore) => {
      (await from.positions.open(part('zip')))?.close();
      for (const kind of ['info', 'mod', 'ziphash', 'zip'] as const) await from.read(part(kind));
    };
    await readAll(store);
    expect(logging.asked).toEqual([]);
    dir = await tempDir('cached');
    await readAll(open());
    expect(logging.asked).toEqual([
      ...['stream v1.0.0.zip', 'read v1.0.0', 'read v1.0.0.ziphash', 'read v1.0.0.info', 'read v1.0.0.mod'],
    ]);
  });

  it('asks the bucket once for what is read again, after a restart too', async () => {
    await storeAll(open());
    const reader = open();
    for (const kind of ['info', 'mod', 'ziphash', 'zip'] as const) await reader.read(part(kind));
    bucket.objects.clear();
    const { reads } = bucket;
    for (const store of [reader, open()]) {
      expect((await store.read(part('mod')))?.toString()).toBe('module corp.test/lib\n');
      expect((await store.read(part('zip')))?.toString()).toBe('PK');
      expect(await store.size(part('zip'))).toBe(2);
    }
    expect(bucket.reads).toBe(reads);
  });

  it.each(['info', 'zip'] as const)(
    'sets aside a %s that is not what its writer said, and seals it',
    async (kind) => {
      await storeAll(open());
      await rm(path.join(dir, 'files'), { recursive: true });
      alter(`${KEY}.${kind}`, Buffer.from('other'));
      const store = open();
      expect(await store.read(part(kind))).toBeUndefined();
      expect(damage).toMatchObject([{ kind, problem: 'it is not what its writer said' }]);
      expect(bucket.objects.has(`${KEY}.${kind}`)).toBe(false);
      expect(
        [...bucket.objects.keys()].filter((key) => key.startsWith(`.modhaven/damaged/${KEY}.${kind}.`)),
      ).toHaveLength(1);
      expect(bucket.objects.get('.modhaven/recorded/corp.test/lib/@v/v1.0.0')?.bytes.toString()).toContain(
        HASH,
      );
    },
  );

  it.each(['info', 'zip'] as const)(
    'leaves a %s where it is that arrives damaged in another way each time, and calls it an outage',
    async (kind) => {
      await storeAll(open());
      await rm(path.join(dir, 'files'), { recursive: true });
      bucket.damages = true;
      await expect(open().read(part(kind))).rejects.toMatchObject({
        code: 'STORAGE',
        reason: expect.stringContaining('gave other bytes than lie there') as string,
      });
      bucket.damages = false;
      expect(await open().read(part(kind))).toBeDefined();
      expect(damage).toEqual([]);
    },
  );

  it('leaves alone what another replica has put in place of a damaged part meanwhile', async () => {
    await storeAll(open());
    await rm(path.join(dir, 'files'), { recursive: true });
    const good = bucket.objects.get(`${KEY}.mod`);
    alter(`${KEY}.mod`, Buffer.from('damaged'));
    bucket.afterRead = (count) => {
      if (count === 2 && good !== undefined) bucket.objects.set(`${KEY}.mod`, { ...good, etag: '"new"' });
    };
    bucket.reads = 0;
    expect(await open().read(part('mod'))).toBeUndefined();
    expect((await open().read(part('mod')))?.toString()).toBe('module corp.test/lib\n');
    expect(damage).toEqual([]);
  });

  it('takes what another program put there if it is good by itself', async () => {
    await storeAll(open());
    await rm(path.join(dir, 'files'), { recursive: true });
    alter(`${KEY}.mod`, Buffer.from('module corp.test/lib\n'), {});
    alter(`${KEY}.info`, Buffer.from('{"Version":"v9.9.9"}'), {});
    alter(`${KEY}.zip`, Buffer.from('not a zip'), {});
    const store = open();
    expect((await store.read(part('mod')))?.toString()).toBe('module corp.test/lib\n');
    expect([await store.read(part('info')), await store.read(part('zip'))]).toEqual([undefined, undefined]);
    expect(damage.map(({ kind }) => kind)).toEqual(['info', 'zip']);
  });

  it.each(['hash', 'zip'])('gives the hash that the zip itself names, when the %s is read', async (first) => {
    await storeAll(open());
    await rm(path.join(dir, 'files'), { recursive: true });
    const left = `h1:${Buffer.alloc(32, 2).toString('base64')}`;
    alter(`${KEY}.ziphash`, Buffer.from(left), {
      'modhaven-sha256': createHash('sha256').update(left).digest('hex'),
    });
    const store = open();
    if (first === 'zip') await store.read(part('zip'));
    expect((await store.read(part('ziphash')))?.toString()).toBe(HASH);
    expect(bucket.objects.get(`${KEY}.ziphash`)?.bytes.toString()).toBe(HASH);
  });

  it('takes up a download where it broke off', async () => {
    const zip = 'x'.repeat(3_000);
    await storeAll(open(), zip);
    await rm(path.join(dir, 'files'), { recursive: true });
    bucket.breakAt = 1_000;
    expect((await open().read(part('zip')))?.toString()).toBe(zip);
    bucket.breakAt = 100;
    await rm(path.join(dir, 'files'), { recursive: true });
    await expect(open().read(part('zip'))).rejects.toMatchObject({ code: 'STORAGE' });
    expect(damage).toEqual([]);
  });

  it('reads by range what is too large for a copy, and all where the disk takes none', async () => {
    const zip = Buffer.alloc(2_500_000, 'large');
    await storeAll(open());
    alter(`${KEY}.zip`, zip, { 'modhaven-sha256': createHash('sha256').update(zip).digest('hex') });
    await rm(path.join(dir, 'files'), { recursive: true });
    expect((await open().read(part('zip')))?.equals(zip)).toBe(true);

    alter(`${KEY}.zip`, Buffer.from('small'), {});
    await writeFile(path.join(dir, 'files'), 'a file where the folder should be').catch(() => undefined);
    await rm(path.join(dir, 'files'), { recursive: true, force: true });
    await writeFile(path.join(dir, 'files'), '');
    expect((await open().read(part('zip')))?.toString()).toBe('small');
    expect((await open().read(part('mod')))?.toString()).toBe('module corp.test/lib\n');
    await chmod(dir, 0o700);
  });

  it('forgets copies of what was purged, and remembers which purge it saw', async () => {
    const store = open();
    await storeAll(store);
    await store.read(part('zip'));
    bucket.objects.clear();
    await store.forget([{ module, version: 'v1.0.0' }]);
    expect(await store.read(part('zip'))).toBeUndefined();
    expect(await store.seenPurge()).toBeUndefined();
    await store.sawPurge('id');
    expect(await open().seenPurge()).toBe('id');
  });
});
