/** Opens the stores that the configuration names. Nothing else constructs them. */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { DiskWatch, watchDisk } from '../../fs/disk-watch.js';
import { FileCache } from '../../fs/file-cache.js';
import type { Bucket, S3Settings } from '../../s3/bucket.js';
import { S3Bucket } from '../../s3/s3-bucket.js';
import { createZipHasher } from '../../zip/zip-hasher.js';
import { AnsweringBlobs } from '../disk/answering-blobs.js';
import { AnsweringStore } from '../disk/answering-store.js';
import type { BlobStore } from '../blob-store.js';
import { createBucketBlobStore } from '../bucket/bucket-blob-store.js';
import { BUCKET_FOLDERS } from '../bucket/bucket-layout.js';
import { BucketStore } from '../bucket/bucket-store.js';
import { CachedBucketStore } from '../bucket/cached-bucket-store.js';
import { CheckedStore } from '../checked-store.js';
import { DamageReport } from '../damage-report.js';
import { createDiskBlobStore } from '../disk/disk-blob-store.js';
import { createDiskStore } from '../disk/disk-store.js';
import { DiskRoom } from '../../fs/disk-room.js';
import { LastUse } from '../last-use.js';
import { cacheLayout, type CacheLayout } from '../paths.js';
import type { LocalCopies } from '../purge.js';
import { RecordedSums } from '../recorded-sums.js';
import { RoomAwareStore } from '../room-aware-store.js';
import { SealedStore } from '../sealed-store.js';
import { Seals } from '../seals.js';
import type { VersionStore } from '../version-store.js';

/** What decides where things are kept. */
export interface StoreSettings {
  cacheDir: string;
  /** The bucket of all replicas; absent: everything is below `cacheDir`. */
  s3?: S3Settings | undefined;
}

export interface StoreLog {
  error(details: object, message: string): void;
  info?(details: object, message: string): void;
}

export interface Stores {
  /** Finished versions: gives out only what was stored, and takes nothing else for a sealed version. */
  versions: VersionStore;
  /** The same versions as they lie there, damaged or not: for commands that judge them. */
  unchecked: VersionStore;
  /** `versions`, for what checks them. */
  checked: Pick<CheckedStore, 'checkAgain' | 'knownSums'>;
  seals: Seals;
  /** What was stored of each version; undefined where versions lie in a bucket. */
  sums: RecordedSums | undefined;
  /** What upstreams said last. */
  upstream: BlobStore;
  /** What the git hosts of private modules said last. */
  privateAnswers: BlobStore;
  /** What public checksum databases said. */
  checksums: BlobStore;
  /** The blobs of `seals`. */
  sealed: BlobStore;
  /** The first requester of each version. */
  fetched: BlobStore;
  /** Our own checksum databases, by name. */
  ownDatabases: BlobStore;
  damage: DamageReport;
  lastUse: LastUse;
  layout: CacheLayout;
  /** Of the disk of `cacheDir`. */
  room: DiskRoom;
  disk: DiskWatch;
  /** The local copies of versions that lie in a bucket; undefined where they lie below `cacheDir`. */
  copies: LocalCopies | undefined;
  /** The bucket; undefined where there is none. */
  bucket: Bucket | undefined;
}

/** Touches no file and opens no connection: folders are made when something is stored. */
export function openStores(settings: StoreSettings, log?: StoreLog): Stores {
  const { cacheDir, s3 } = settings;
  const disk = new DiskWatch(cacheDir, log);
  watchDisk(disk);
  return s3 === undefined ? openDisk(disk, log) : openBucket(disk, s3, log);
}

/** No other account may read names of modules and people; a web server in front reads finished versions only. */
const FOR_US_ALONE = { isPrivate: true };

function openDisk(disk: DiskWatch, log: StoreLog | undefined): Stores {
  const layout = cacheLayout(disk.dir);
  const unchecked = createDiskStore(layout.download);
  const blobs = (dir: string, options?: typeof FOR_US_ALONE) =>
    new AnsweringBlobs(createDiskBlobStore(dir, options), disk);
  const sealed = blobs(layout.seals, FOR_US_ALONE);
  const seals = new Seals(sealed);
  const damage = new DamageReport(log);
  const sums = new RecordedSums(layout.sums);
  const checked = new CheckedStore(unchecked, {
    dir: layout.download,
    damagedDir: layout.damaged,
    seals,
    sums,
    hashZip: createZipHasher(),
    onDamage: (part) => damage.add(part),
  });
  const room = new DiskRoom(disk.dir, log);
  const versions = new SealedStore(checked, seals, (version) => sums.evicted(version));
  return {
    unchecked,
    checked,
    seals,
    sums,
    sealed,
    damage,
    layout,
    room,
    disk,
    ownDatabases: blobs(layout.ownDatabases),
    versions: new AnsweringStore(new RoomAwareStore(versions, room), disk),
    upstream: blobs(layout.upstream),
    privateAnswers: blobs(layout.privateAnswers, FOR_US_ALONE),
    checksums: blobs(layout.checksums),
    fetched: blobs(layout.fetched, FOR_US_ALONE),
    lastUse: new LastUse(layout.usage),
    copies: undefined,
    bucket: undefined,
  };
}

/** Everything that a new replica has to know lies in the bucket; what one replica alone needs, below `cacheDir`. */
function openBucket(disk: DiskWatch, settings: S3Settings, log: StoreLog | undefined): Stores {
  const layout = cacheLayout(disk.dir);
  const bucket = new S3Bucket(settings, { log });
  const damage = new DamageReport(log);
  const sealed = createBucketBlobStore(bucket, BUCKET_FOLDERS.seals);
  const seals = new Seals(sealed);
  const dir = join(layout.copies, idOf(settings));
  const copies = new FileCache(join(dir, 'files'), settings.cacheBytes);
  const unchecked = new BucketStore(bucket, {
    draft: () => copies.draft(),
    onDifference: (difference) => damage.differs(difference),
  });
  const checked = new CachedBucketStore(unchecked, {
    copies,
    seals,
    seenPurgeFile: join(dir, 'seen-purge'),
    hashZip: createZipHasher(),
    onDamage: (part) => damage.add(part),
  });
  const answers = { keepsNewest: true };
  const room = new DiskRoom(disk.dir, log);
  return {
    unchecked,
    checked,
    seals,
    sums: undefined,
    sealed,
    damage,
    layout,
    room,
    disk,
    bucket,
    copies: checked,
    ownDatabases: createBucketBlobStore(bucket, BUCKET_FOLDERS.ownDatabases),
    versions: new RoomAwareStore(new SealedStore(checked, seals), room),
    upstream: createBucketBlobStore(bucket, BUCKET_FOLDERS.upstream, answers),
    privateAnswers: createBucketBlobStore(bucket, BUCKET_FOLDERS.privateAnswers, answers),
    checksums: createBucketBlobStore(bucket, BUCKET_FOLDERS.checksums),
    fetched: createBucketBlobStore(bucket, BUCKET_FOLDERS.fetched),
    lastUse: new LastUse(layout.usage),
  };
}

/** Tells the copies of one bucket from those of another that was configured before. */
function idOf({ endpoint = '', bucket, prefix }: S3Settings): string {
  return createHash('sha256')
    .update(JSON.stringify([endpoint, bucket, prefix]))
    .digest('hex')
    .slice(0, 16);
}
