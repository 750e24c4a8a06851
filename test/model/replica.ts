/** A replica in this process: the real store, bucket, leases and log, over an object store and a Redis behind the gaps. */
import path from 'node:path';
import { randomUUID } from 'node:crypto';
import { createSingleflight } from '../../src/concurrency/singleflight.js';
import { FileCache } from '../../src/fs/file-cache.js';
import { parseModulePath } from '../../src/module/module-path.js';
import type { CanonicalVersion } from '../../src/module/version.js';
import { RedisLeases } from '../../src/redis/redis-leases.js';
import type { BlobStore } from '../../src/store/blob-store.js';
import { createBucketBlobStore } from '../../src/store/bucket/bucket-blob-store.js';
import { BUCKET_FOLDERS } from '../../src/store/bucket/bucket-layout.js';
import { BucketStore } from '../../src/store/bucket/bucket-store.js';
import { CachedBucketStore } from '../../src/store/bucket/cached-bucket-store.js';
import { purge, type PurgeStores } from '../../src/store/purge.js';
import { SealedStore } from '../../src/store/sealed-store.js';
import { Seals } from '../../src/store/seals.js';
import { putBytes, type Part, type PartKind } from '../../src/store/version-store.js';
import type { Signer } from '../../src/sumdb/format/note.js';
import { goSumLines, sumsIn } from '../../src/sumdb/format/record.js';
import { openLog, type ChecksumLog } from '../../src/sumdb/log/log.js';
import { SharedLog } from '../../src/sumdb/log/shared-log.js';
import type { MemoryRedis } from '../support/stores/memory-redis.js';
import type { MemoryS3 } from '../support/stores/memory-s3.js';
import { Life, type Gaps } from './gaps.js';
import { PART_BYTES, gappedBucket } from './gapped-s3.js';

export const MODULE = parseModulePath('corp.test/lib');
export const DATABASE = 'sum.corp.test';
/** What an origin said last is kept under this name. */
const ANSWER = 'corp.test/lib/@v/list';
/** Local copies of one replica take a zip in one request, those of another none of them. */
const CACHE_BYTES = [1024 * 1024, 16 * PART_BYTES];

export interface World {
  s3: MemoryS3;
  redis: MemoryRedis;
  gaps: Gaps;
  signer: Signer;
  /** Alarms of all replicas. */
  alarms: string[];
  /** Asks the origin: it has something new each time. */
  askOrigin: () => number;
}

/** What a version is made of, where it was fetched: the zip of another home may be another one. */
export function partsOf(version: CanonicalVersion, home: number): Record<PartKind, string> {
  return {
    info: JSON.stringify({ Version: version, Time: '2024-01-01T00:00:00Z' }),
    mod: `module ${MODULE}\n`,
    ziphash: zipHashOf(home),
    zip: zipOf(version, home),
  };
}

export function zipHashOf(home: number): string {
  return `h1:${Buffer.alloc(32, home + 1).toString('base64')}`;
}

/** The first version is sent in one request, the others in parts, of which some are alike from any home. */
function zipOf(version: CanonicalVersion, home: number): string {
  const name = `zip of home ${home}`;
  return version === 'v1.0.0' ? name : name.padEnd(3 * PART_BYTES + 1, '.');
}

export class Replica {
  readonly life: Life;
  private readonly world: World;
  private readonly stores: PurgeStores & { copies: CachedBucketStore };
  private readonly leases: RedisLeases;
  private readonly home: string;
  private readonly logs: BlobStore;
  private readonly answers: BlobStore;
  private readonly flights = createSingleflight();
  private opening: Promise<ChecksumLog> | undefined;

  /** `home`: the folder that outlives its restarts. */
  constructor(name: string, home: string, world: World) {
    const { s3, redis, gaps } = world;
    this.world = world;
    this.home = home;
    this.life = new Life(name);
    const bucket = gappedBucket(s3, gaps, this.life);
    const unchecked = new BucketStore(bucket, {
      draft: () => Promise.resolve(path.join(home, randomUUID())),
      onDifference: ({ kind, version }) => world.alarms.push(`${kind} of ${version}`),
    });
    const seals = new Seals(createBucketBlobStore(bucket, BUCKET_FOLDERS.seals));
    const checked = new CachedBucketStore(unchecked, {
      seals,
      seenPurgeFile: path.join(home, 'seen-purge'),
      copies: new FileCache(path.join(home, 'files'), CACHE_BYTES[gaps.below(CACHE_BYTES.length)] ?? 0),
      hashZip: () => Promise.reject(new Error('every zip here names its hash')),
      onDamage: ({ kind, version }) => world.alarms.push(`damaged ${kind} of ${version}`),
    });
    const versions = new SealedStore(checked, seals);
    this.stores = { unchecked, versions, checked, seals, copies: checked };
    this.logs = createBucketBlobStore(bucket, BUCKET_FOLDERS.ownDatabases);
    this.answers = createBucketBlobStore(bucket, BUCKET_FOLDERS.privateAnswers, { keepsNewest: true });
    const lost = () => new Error('Redis does not answer');
    this.leases = new RedisLeases({
      scope: '',
      link: redis.link((work) => gaps.pass(this.life, work, lost)),
      timeoutMs: () => 120_000,
      clock: {
        now: () => gaps.now,
        sleep: (ms) => gaps.sleep(this.life, ms),
        every: (ms, work) => gaps.every(this.life, ms, work),
      },
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
          await putBytes(
            this.stores.versions,
            part(version, kind),
            Buffer.from(partsOf(version, from)[kind]),
          );
        }
        const zip = await this.stored(version);
        if (zip === undefined) throw new Vanished(`${version} was stored and is not there`);
        return zip;
      })
    );
  }

  /** What the store has of a version: the zip, with the hash that belongs to it. */
  private async stored(version: CanonicalVersion): Promise<string | undefined> {
    const zip = (await this.stores.versions.read(part(version, 'zip')))?.toString();
    if (zip === undefined) return undefined;
    const hash = (await this.stores.versions.read(part(version, 'ziphash')))?.toString();
    if (hash === undefined) throw new Vanished(`${version} has a zip without a hash`);
    return `${zip} ${hash}`;
  }

  /** Makes the small parts that are not stored, as a server does when it is asked for them: a purge may have taken them alone. */
  async completeParts(version: CanonicalVersion): Promise<void> {
    for (const kind of ['info', 'mod'] as const) {
      if ((await this.stores.versions.read(part(version, kind))) !== undefined) continue;
      await putBytes(this.stores.versions, part(version, kind), Buffer.from(partsOf(version, 0)[kind]));
    }
  }

  /** Takes a version out of the store. */
  async purge(version: CanonicalVersion): Promise<void> {
    await purge(this.stores, { module: MODULE, version });
  }

  /** What was purged is noticed, as a server does within three seconds. */
  async noticePurges(): Promise<void> {
    await this.stores.copies.forget('all');
  }

  /** Asks the origin, and keeps what it says: the answer. */
  async learn(): Promise<number> {
    const { gaps, askOrigin } = this.world;
    const asOf = gaps.clockOf(this.life);
    const answer = askOrigin();
    await this.answers.replace(ANSWER, Buffer.from(String(answer)), { asOf });
    return answer;
  }

  /** What an origin said last, as far as it is kept. */
  async lastAnswer(): Promise<number> {
    return Number((await this.answers.get(ANSWER))?.bytes.toString() ?? '0');
  }

  /** Writes the lists that could not be written before, as a server does after a while. */
  retryLists(): Promise<void> {
    return this.stores.versions.probe();
  }

  /** Writes the lists that a killed process owed, as a server does when it looks at the whole store. */
  async mendLists(): Promise<void> {
    await this.stores.versions.listing?.mendLists?.();
  }

  /** Records a version, after it was fetched; its number, and the hash that is recorded. */
  async record(version: CanonicalVersion, from: number): Promise<{ number: number; hash: string }> {
    const [, hash = ''] = (await this.zip(version, from)).split(' h1:');
    const log = await this.log();
    const sums = { zip: `h1:${hash}`, mod: zipHashOf(99) };
    const number = await log.append(goSumLines(MODULE, version, sums));
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
    const shared = new SharedLog({ blobs: this.logs, name: DATABASE, copies, place: 'the bucket' });
    await shared.copyAll();
    const place = { dir: shared.dir, witnessFile: path.join(this.home, 'witness'), shared };
    return openLog(place, this.world.signer, { info: () => undefined, warn: () => undefined });
  }
}

/** A version that is not whole, which happens to one that is purged at that moment. */
export class Vanished extends Error {}

function part(version: CanonicalVersion, kind: PartKind): Part {
  return { module: MODULE, version, kind };
}
