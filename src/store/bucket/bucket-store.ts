/**
 * Finished versions in a bucket. Keys are the paths of the GOPROXY protocol, `@v/list` included, so that the bucket behind
 * any web server is a GOPROXY.
 *
 * Each part is written once, on the condition that there is none: a replica that loses the race has the winner's bytes,
 * and other bytes from one are an alarm, never an overwrite. Two things may be written again, each on the condition
 * that nothing came between: `@v/list`, which is always made of what lies there, and a `.ziphash` whose zip never came or
 * is another writer's. For a zip names its own hash: what describes it follows it, whichever process wrote last.
 */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { unlink } from 'node:fs/promises';
import { PassThrough, type Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { LRUCache } from 'lru-cache';
import { ModhavenError, asError } from '../../errors.js';
import type { ModulePath } from '../../module/module-path.js';
import type { CanonicalVersion } from '../../module/version.js';
import type { Bucket, ObjectHead, ObjectStream, ObjectReadOptions, StoredObject } from '../../s3/bucket.js';
import { BUCKET_FOLDERS } from './bucket-layout.js';
import { partOfKey, scanBucket } from './bucket-listing.js';
import { sha256Of } from './draft-files.js';
import { describeText, describeZip, namedSha256, namedZipHash } from './object-meta.js';
import { LISTS_AT_ONCE, VersionLists, storedVersions } from './version-lists.js';
import { zipHashIn } from '../part-problem.js';
import type { StoredDifference } from '../damage-report.js';
import { infoOrigin } from '../recorded-sums.js';
import { storage } from '../storage-error.js';
import {
  PART_KINDS,
  bytesOf,
  storedName,
  writerOf,
  type ByteRange,
  type ModuleVersion,
  type Part,
  type PartContent,
  type PartKind,
  type VersionListing,
  type VersionRemoval,
  type VersionStore,
  type VersionUsage,
} from '../version-store.js';
import { writeNewFile } from '../write-new-file.js';

export interface BucketStoreOptions {
  /** A name for a new file, for a zip on its way into the bucket. Throws what the system says. */
  draft: () => Promise<string>;
  onDifference: (difference: StoredDifference) => void;
}

/** The `h1:` hash that a stored zip names; undefined where its writer named none. */
export interface StoredZipHash {
  zipHash: string | undefined;
}

/** How often a `.ziphash` is tried again where another writer came between. */
const MAX_ATTEMPTS = 20;
/** Hashes of zips that are on their way. */
const MAX_COMING = 1_000;

export class BucketStore implements VersionStore {
  readonly positions = undefined;
  readonly removal: VersionRemoval;
  readonly listing: VersionListing;
  private readonly bucket: Bucket;
  private readonly options: BucketStoreOptions;
  /** The hashes that this process wrote for zips that come next. */
  private readonly coming = new LRUCache<string, string>({ max: MAX_COMING });
  private readonly lists: VersionLists;

  constructor(bucket: Bucket, options: BucketStoreOptions) {
    this.bucket = bucket;
    this.options = options;
    this.lists = new VersionLists(bucket);
    const onWrongList = (module: ModulePath) => this.lists.owe(module);
    this.listing = {
      scan: (stateOf) => scanBucket(bucket, { stateOf, onWrongList }),
      mendLists: () => this.mendLists(),
    };
    this.removal = {
      usage: () => this.usage(),
      remove: (version) => this.remove(version),
      leftovers: () => Promise.resolve([]), // an object appears whole or not at all
    };
  }

  async size(part: Part): Promise<number | undefined> {
    return (await this.bucket.head(storedName(part)))?.size;
  }

  async read(part: Part): Promise<Buffer | undefined> {
    return (await this.bucket.read(storedName(part)))?.bytes;
  }

  open(part: Part, range?: ByteRange): Readable {
    const opened = new PassThrough();
    void this.fetch(part, { range }).then(
      async (found) => {
        if (found === undefined) {
          opened.destroy(new ModhavenError('STORAGE', `${storedName(part)} is not stored`));
        } else {
          await pipeline(found.body, opened).catch(() => undefined);
        } // the reader of `opened` is told
      },
      (error: unknown) => opened.destroy(asError(error)),
    );
    return opened;
  }

  /** A part as a stream, with what its writer said of it; undefined if it is not stored. */
  fetch(part: Part, options?: ObjectReadOptions): Promise<ObjectStream | undefined> {
    return this.bucket.stream(storedName(part), options);
  }

  /** A small part, with what its writer said of it. */
  object(part: Part): Promise<StoredObject | undefined> {
    return this.bucket.read(storedName(part));
  }

  head(part: Part): Promise<ObjectHead | undefined> {
    return this.bucket.head(storedName(part));
  }

  /** Bytes of a part, as long as it has this content. */
  async range(part: Part, range: ByteRange, ifMatch: string): Promise<Buffer | undefined> {
    return (await this.bucket.read(storedName(part), { range, ifMatch }))?.bytes;
  }

  async versions(module: ModulePath, kind: PartKind): Promise<CanonicalVersion[]> {
    return [...(await storedVersions(this.bucket, module)).get(kind)];
  }

  async *modules(): AsyncGenerator<ModulePath> {
    const found = new Set<ModulePath>();
    for await (const { key } of this.bucket.list('')) {
      const part = partOfKey(key);
      if (part !== undefined) found.add(part.module);
    }
    yield* [...found].sort();
  }

  async put(part: Part, content: PartContent): Promise<boolean> {
    if (part.kind !== 'zip') return this.putSmall(part, await bytesOf(content));
    const draft = await storage(this.options.draft());
    try {
      await writeNewFile(draft, writerOf(content));
      return (await this.putZip(part, draft, await sha256Of(draft))) !== undefined;
    } finally {
      await unlink(draft).catch(() => undefined);
    }
  }

  async putFile(part: Part, file: string): Promise<boolean> {
    if (part.kind !== 'zip') {
      return this.put(part, (sink) => pipeline(createReadStream(file), sink, { end: false }));
    }
    return (await this.putZip(part, file, await sha256Of(file))) !== undefined;
  }

  /** Stores a zip with this SHA-256. Undefined where the one that is stored has another content. */
  async putZip(zip: Part, file: string, sha256: Buffer): Promise<StoredZipHash | undefined> {
    const key = storedName(zip);
    const zipHash = this.coming.get(key);
    const digest = sha256.toString('hex');
    const isFirst = await this.bucket.putFile(key, file, {
      ...describeZip(digest, zipHash),
      ifAbsent: true,
    });
    if (!isFirst) {
      const head = await this.bucket.head(key);
      if (head === undefined) return undefined; // removed meanwhile
      const stored = namedZipHash(head);
      if (stored !== undefined && zipHash !== undefined && stored !== zipHash) {
        this.options.onDifference({ ...zip, stored, brought: zipHash });
      }
      return namedSha256(head) === digest ? { zipHash: stored } : undefined;
    }
    if (zipHash !== undefined) await this.settleZipHash(zip, zipHash);
    await this.lists.changed(zip.module, { added: zip.version });
    return { zipHash };
  }

  async probe(): Promise<void> {
    await this.bucket.probe();
    await this.lists.retry(LISTS_AT_ONCE);
  }

  /** Makes the `.ziphash` of a stored zip what the zip says of itself. */
  async settleZipHash(zip: ModuleVersion, hash: string): Promise<void> {
    const key = storedName({ ...zip, kind: 'ziphash' });
    for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt += 1) {
      const there = await this.bucket.read(key);
      if (zipHashIn(there?.bytes) === hash) return;
      const bytes = Buffer.from(hash);
      const condition = there === undefined ? { ifAbsent: true } : { ifMatch: there.etag };
      if (await this.bucket.put(key, bytes, { ...describeText('ziphash', bytes), ...condition })) return;
    }
  }

  /**
   * Moves a part whose content has this tag out of the sight of readers. The key where it lies now; undefined where
   * another replica has moved or replaced it meanwhile.
   */
  async setAside(part: Part, etag: string): Promise<string | undefined> {
    const key = storedName(part);
    if ((await this.bucket.head(key))?.etag !== etag) return undefined;
    const target = `${BUCKET_FOLDERS.damaged}${key}.${Date.now()}`;
    await this.bucket.copy(key, target);
    await this.bucket.remove(key);
    await this.lists.changed(part.module, { removed: part.version });
    return target;
  }

  private async putSmall(part: Part, bytes: Buffer): Promise<boolean> {
    const key = storedName(part);
    const { kind } = part;
    if (kind === 'ziphash') {
      this.coming.set(storedName({ ...part, kind: 'zip' }), bytes.toString('latin1').trim());
    }
    if (await this.bucket.put(key, bytes, { ...describeText(kind, bytes), ifAbsent: true })) {
      const isLate = kind !== 'ziphash' && (await this.size({ ...part, kind: 'zip' })) !== undefined;
      if (isLate) await this.lists.changed(part.module, { added: part.version });
      return true;
    }
    const stored = await this.bucket.read(key);
    if (stored === undefined || stored.bytes.equals(bytes)) return stored !== undefined;
    const zip = kind === 'ziphash' ? await this.bucket.head(storedName({ ...part, kind: 'zip' })) : undefined;
    if (kind === 'ziphash' && zip === undefined) {
      // A hash without a zip is what a killed process left: the next zip may be another one, and needs its own.
      return this.bucket.put(key, bytes, { ...describeText(kind, bytes), ifMatch: stored.etag });
    }
    const [was, is] = [nameOfContent(kind, stored.bytes), nameOfContent(kind, bytes)];
    if (was !== is) this.options.onDifference({ ...part, stored: was, brought: is });
    return false;
  }

  private async mendLists(): Promise<void> {
    const found = this.listing.scan(() => undefined)[Symbol.asyncIterator]();
    while ((await found.next()).done !== true);
    await this.lists.retry();
  }

  private async *usage(): AsyncGenerator<VersionUsage> {
    const found = new Map<string, VersionUsage>();
    for await (const { key, size, modifiedAt } of this.bucket.list('')) {
      const part = partOfKey(key);
      if (part === undefined) continue;
      const name = `${part.module}@${part.version}`;
      const { bytes = 0, storedAt = 0 } = found.get(name) ?? {};
      const { module, version } = part;
      found.set(name, { module, version, bytes: bytes + size, storedAt: Math.max(storedAt, modifiedAt) });
    }
    yield* found.values();
  }

  /** In the reverse of the order of writing, so that a zip is never there without what describes it. */
  private async remove(version: ModuleVersion): Promise<number> {
    let freed = 0;
    for (const kind of [...PART_KINDS].reverse()) {
      const part = { ...version, kind };
      const size = await this.size(part);
      if (size === undefined) continue;
      await this.bucket.remove(storedName(part));
      freed += size;
    }
    if (freed > 0) await this.lists.changed(version.module, { removed: version.version });
    return freed;
  }
}

/** What makes the content of a part that content: two proxies may write an origin with more or fewer fields. */
function nameOfContent(kind: PartKind, bytes: Buffer): string {
  if (kind === 'info') return infoOrigin(bytes) ?? 'nothing that can be read';
  if (kind === 'ziphash') return bytes.toString('latin1').trim();
  return `sha256:${createHash('sha256').update(bytes).digest('base64url')}`;
}
