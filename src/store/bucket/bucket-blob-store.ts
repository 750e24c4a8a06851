/** Blobs as objects below a folder of a bucket. The tag of a blob is the ETag of its object. */
import type { Bucket, PutOptions } from '../../s3/bucket.js';
import {
  checkBlobName,
  type BlobOptions,
  type BlobStore,
  type ReplaceOptions,
  type StoredBlob,
} from '../blob-store.js';

/** When the content was known to be so, in milliseconds since 1970. */
const AS_OF = 'modhaven-as-of';
/** How exactly an object store says when something was written, in milliseconds. */
const CLOCK_STEP_MS = 1_000;
/** How often a replacement is tried again where another writer came between. */
const MAX_ATTEMPTS = 20;

export interface BucketBlobOptions {
  /**
   * Whether a blob is never replaced by one that was known earlier: a replica that was paused may come back with what it
   * had been told before others asked again.
   */
  keepsNewest?: boolean;
}

/** The blobs below `folder`, which ends with a slash. */
export function createBucketBlobStore(
  bucket: Bucket,
  folder: string,
  options: BucketBlobOptions = {},
): BlobStore {
  return new BucketBlobStore(bucket, folder, options.keepsNewest === true);
}

class BucketBlobStore implements BlobStore {
  private readonly bucket: Bucket;
  private readonly folder: string;
  private readonly keepsNewest: boolean;

  constructor(bucket: Bucket, folder: string, keepsNewest: boolean) {
    this.bucket = bucket;
    this.folder = folder;
    this.keepsNewest = keepsNewest;
  }

  async get(name: string): Promise<StoredBlob | undefined> {
    const found = await this.bucket.read(this.keyOf(name));
    if (found === undefined) return undefined;
    const { bytes, modifiedAt, etag } = found;
    const named = Number(found.meta[AS_OF] ?? modifiedAt);
    // Nothing is known before it is written: a writer whose clock is ahead would outdate all who come after it.
    const asOf = Number.isFinite(named) ? Math.min(named, modifiedAt + CLOCK_STEP_MS) : modifiedAt;
    return { bytes, asOf, tag: etag };
  }

  async putIfAbsent(name: string, bytes: Buffer, options: BlobOptions = {}): Promise<boolean> {
    return this.bucket.put(this.keyOf(name), bytes, { ...dated(options), ifAbsent: true });
  }

  async replace(name: string, bytes: Buffer, options: ReplaceOptions = {}): Promise<boolean> {
    const key = this.keyOf(name);
    const { expected } = options;
    if (expected !== undefined) return this.bucket.put(key, bytes, { ...dated(options), ifMatch: expected });
    if (!this.keepsNewest) return this.bucket.put(key, bytes, dated(options));
    for (let attempt = 1; ; attempt += 1) {
      const known = await this.get(name);
      if (known !== undefined && known.asOf > (options.asOf ?? Date.now())) return true;
      const condition = known === undefined ? { ifAbsent: true } : { ifMatch: known.tag };
      const isMade = await this.bucket.put(key, bytes, { ...dated(options), ...condition });
      if (isMade || attempt === MAX_ATTEMPTS) return isMade;
    }
  }

  async remove(name: string): Promise<void> {
    await this.bucket.remove(this.keyOf(name));
  }

  async *names(): AsyncGenerator<string> {
    for await (const { key } of this.bucket.list(this.folder)) yield key.slice(this.folder.length);
  }

  private keyOf(name: string): string {
    checkBlobName(name);
    return this.folder + name;
  }
}

function dated({ asOf = Date.now() }: BlobOptions): PutOptions {
  return { contentType: 'application/octet-stream', meta: { [AS_OF]: String(asOf) } };
}
