/** A replica in this process: the real store, leases and log, over a bucket and a Redis whose every answer passes the gaps. */
import path from 'node:path';
import { randomUUID } from 'node:crypto';
import { createSingleflight } from '../../src/concurrency/singleflight.js';
import { FileCache } from '../../src/fs/file-cache.js';
import { parseModulePath } from '../../src/module/module-path.js';
import type { CanonicalVersion } from '../../src/module/version.js';
import { RedisLeases } from '../../src/redis/redis-leases.js';
import { createBucketBlobStore } from '../../src/store/bucket/bucket-blob-store.js';
import { BUCKET_FOLDERS } from '../../src/store/bucket/bucket-layout.js';
import { BucketStore } from '../../src/store/bucket/bucket-store.js';
import { CachedBucketStore } from '../../src/store/bucket/cached-bucket-store.js';
import { SealedStore } from '../../src/store/sealed-store.js';
import { Seals } from '../../src/store/seals.js';
import { putBytes, type Part, type PartKind } from '../../src/store/version-store.js';
import type { Signer } from '../../src/sumdb/format/note.js';
import { goSumLines, sumsIn } from '../../src/sumdb/format/record.js';
import { openLog, type ChecksumLog } from '../../src/sumdb/log/log.js';
import { SharedLog } from '../../src/sumdb/log/shared-log.js';
import type { MemoryBucket } from '../support/memory-bucket.js';
import type { MemoryRedis } from '../support/memory-redis.js';
import { Life, type Gaps } from './gaps.js';
import { GappedBucket } from './gapped-bucket.js';

export const MODULE = parseModulePath('corp.test/lib');
export const DATABASE = 'sum.corp.test';

export interface World {
  bucket: MemoryBucket;
  redis: MemoryRedis;
  gaps: Gaps;
  signer: Signer;
  /** Alarms of all replicas. */
  alarms: string[];
}

/** What a version is made of, where it was fetched: the zip of another home may be another one. */
export function partsOf(version: CanonicalVersion, home: number): Record<PartKind, string> {
  return {
    info: JSON.stringify({ Version: version, Time: '2024-01-01T00:00:00Z' }),
    mod: `module ${MODULE}\n`,
    ziphash: zipHashOf(home),
    zip: `zip of home ${home}`,
  };
}

export function zipHashOf(home: number): string {
  return `h1:${Buffer.alloc(32, home + 1).toString('base64')}`;
}

export class Replica {
  readonly life: Life;
  private readonly world: World;
  private readonly store: SealedStore;
  private readonly leases: RedisLeases;
  private readonly home: string;
  private readonly blobs;
  private readonly flights = createSingleflight();
  private opening: Promise<ChecksumLog> | undefined;

  /** `home`: the folder that outlives its restarts. */
  constructor(name: string, home: string, world: World) {
    const { bucket, redis, gaps } = world;
    this.world = world;
    this.home = home;
    this.life = new Life(name);
    const gapped = new GappedBucket(bucket, gaps, this.life);
    const raw = new BucketStore(gapped, {
      draft: () => Promise.resolve(path.join(home, randomUUID())),
      onDifference: ({ kind, version }) => world.alarms.push(`${kind} of ${version}`),
    });
    const seals = new Seals(createBucketBlobStore(gapped, BUCKET_FOLDERS.seals));
    const cached = new CachedBucketStore(raw, {
      ...{ seals, seenPurgeFile: path.join(home, 'seen-purge') },
      copies: new FileCache(path.join(home, 'files'), 1024 * 1024),
      hashZip: () => Promise.reject(new Error('every zip here names its hash')),
      onDamage: ({ kind, version }) => world.alarms.push(`damaged ${kind} of ${version}`),
    });
    this.store = new SealedStore(cached, seals);
    this.blobs = createBucketBlobStore(gapped, BUCKET_FOLDERS.ownDatabases);
    this.leases = new RedisLeases({
      scope: '',
      link: redis.link((work) => gaps.pass(this.life, 'redis', work)),
      timeoutMs: () => 120_000,
      clock: { now: () => gaps.now, sleep: (ms) => gaps.sleep(this.life, ms) },
    });
  }

  /** The zip of a version, fetched from home where it is not stored. */
  zip(version: CanonicalVersion, from: number): Promise<string> {
    // As in the server: one process fetches a version once at a time.
    return this.flights.run(version, () => this.fetch(version, from));
  }

  private async fetch(version: CanonicalVersion, from: number): Promise<string> {
    const find = () => this.stored(version);
    return (
      (await find()) ??
      this.leases.run({ name: version, group: version }, find, async () => {
        for (const kind of ['info', 'mod', 'ziphash', 'zip'] as const) {
          await putBytes(this.store, part(version, kind), Buffer.from(partsOf(version, from)[kind]));
        }
        const zip = await this.stored(version);
        if (zip === undefined) throw new Error(`${version} was stored and is not there`);
        return zip;
      })
    );
  }

  /** What the store has of a version: the zip, with the hash that belongs to it. */
  async stored(version: CanonicalVersion): Promise<string | undefined> {
    const zip = (await this.store.read(part(version, 'zip')))?.toString();
    if (zip === undefined) return undefined;
    const hash = (await this.store.read(part(version, 'ziphash')))?.toString();
    return `${zip} ${hash ?? 'without a hash'}`;
  }

  /** Writes the lists that could not be written before, as a server does after a while. */
  retryLists(): Promise<void> {
    return this.store.probe();
  }

  /** Writes the lists that a killed process owed, as a server does when it looks at the whole store. */
  async mendLists(): Promise<void> {
    await this.store.listing?.mendLists?.();
  }

  /** Records a version, after it was fetched; its number, and the hash that is recorded. */
  async record(version: CanonicalVersion, from: number): Promise<{ number: number; hash: string }> {
    await this.zip(version, from);
    const hash = (await this.store.read(part(version, 'ziphash')))?.toString() ?? '';
    const log = await this.log();
    const number = await log.append(goSumLines(MODULE, version, { zip: hash, mod: zipHashOf(99) }));
    return { number, hash: sumsIn(await log.record(number), MODULE, version)?.zip ?? '' };
  }

  async log(): Promise<ChecksumLog> {
    this.opening ??= this.openLog().catch((error: unknown) => {
      this.opening = undefined;
      throw error;
    });
    return this.opening;
  }

  private async openLog(): Promise<ChecksumLog> {
    const copies = path.join(this.home, `copies-${randomUUID()}`);
    const shared = new SharedLog({ blobs: this.blobs, name: DATABASE, copies, place: 'the bucket' });
    await shared.copyAll();
    const place = { dir: shared.dir, witnessFile: path.join(this.home, 'witness'), shared };
    return openLog(place, this.world.signer, { info: () => undefined, warn: () => undefined });
  }
}

function part(version: CanonicalVersion, kind: PartKind): Part {
  return { module: MODULE, version, kind };
}
