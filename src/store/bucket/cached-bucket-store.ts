/**
 * Versions in a bucket, read through local copies (`bucket-copies.ts`): a warm request asks no object store. Zips that are
 * too large for the copies, and all of them where the local disk cannot be written, are read by `Range`.
 */
import { mkdir, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';
import { PassThrough, type Readable, type Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { asError } from '../../errors.js';
import { replaceFile } from '../../fs/durable-file.js';
import { absentAsUndefined } from '../../fs/file-errors.js';
import { readRegularText } from '../../fs/regular-file.js';
import type { LocalCopies } from '../purge.js';
import type { VersionSums } from '../recorded-sums.js';
import { storage } from '../storage-error.js';
import { StoreDecorator } from '../store-decorator.js';
import {
  PART_KINDS,
  bytesOf,
  storedName,
  writerOf,
  type ByteRange,
  type ModuleVersion,
  type OpenPart,
  type Part,
  type PartContent,
  type PartKind,
  type PositionalReads,
  type VersionRemoval,
} from '../version-store.js';
import { writeNewFile } from '../write-new-file.js';
import { BucketCopies, type BucketCopiesOptions } from './bucket-copies.js';
import type { BucketStore } from './bucket-store.js';
import { sha256Of } from './draft-files.js';
import { openBytes, openCopy, readWhole } from './open-parts.js';
import { RangedPart } from './ranged-part.js';

export interface CachedBucketOptions extends BucketCopiesOptions {
  /** Keeps `seenPurge`. */
  seenPurgeFile: string;
}

export class CachedBucketStore extends StoreDecorator implements LocalCopies {
  private readonly bucket: BucketStore;
  private readonly options: CachedBucketOptions;
  private readonly copies: BucketCopies;
  private readonly reads: PositionalReads = { open: (part) => this.openPart(part) };

  constructor(bucket: BucketStore, options: CachedBucketOptions) {
    super(bucket);
    this.bucket = bucket;
    this.options = options;
    this.copies = new BucketCopies(bucket, options);
  }

  override get positions(): PositionalReads {
    return this.reads;
  }

  override get removal(): VersionRemoval {
    const { removal } = this.bucket;
    return {
      ...removal,
      remove: async (version) => {
        const freed = await removal.remove(version);
        await this.forget([version]);
        return freed;
      },
    };
  }

  override async size(part: Part): Promise<number | undefined> {
    const copy = await this.options.copies.open(storedName(part));
    if (copy === undefined) return this.bucket.size(part);
    await copy.handle.close();
    return copy.size;
  }

  override async read(part: Part): Promise<Buffer | undefined> {
    const copy = await this.options.copies.read(storedName(part));
    if (copy !== undefined) return copy;
    const { kind } = part;
    if (kind !== 'zip') return this.copies.read({ ...part, kind });
    const opened = await this.openPart(part);
    return opened && readWhole(opened);
  }

  override open(part: Part, range?: ByteRange): Readable {
    const opened = new PassThrough();
    void this.pour(part, range, opened).catch((error: unknown) => opened.destroy(asError(error)));
    return opened;
  }

  /** What is stored from here stays as a copy: nothing of it has to be read back. */
  override async put(part: Part, content: PartContent): Promise<boolean> {
    if (part.kind !== 'zip') {
      const bytes = await bytesOf(content);
      const isOurs = await this.bucket.put(part, bytes);
      // A hash may be another one until its zip is there.
      if (isOurs && part.kind !== 'ziphash') await this.copies.keep(part, bytes);
      return isOurs;
    }
    const file = await storage(this.options.copies.draft());
    try {
      await writeNewFile(file, writerOf(content));
      const sha256 = await sha256Of(file);
      const stored = await this.bucket.putZip(part, file, sha256);
      if (stored !== undefined) await this.copies.keepZipDraft(part, { file, sha256 }, stored);
      return stored !== undefined;
    } finally {
      await unlink(file).catch(() => undefined);
    }
  }

  override async putFile(part: Part, file: string): Promise<boolean> {
    if (part.kind !== 'zip') return this.bucket.putFile(part, file);
    const sha256 = await sha256Of(file);
    const stored = await this.bucket.putZip(part, file, sha256);
    if (stored !== undefined) await this.copies.keepZip(part, { file, sha256 }, stored);
    return stored !== undefined;
  }

  /** Forgets the local copies of versions that were taken out of the bucket; of all, where it is not known which. */
  async forget(versions: readonly ModuleVersion[] | 'all'): Promise<void> {
    if (versions === 'all') return this.options.copies.clear();
    for (const { module, version } of versions) {
      for (const kind of PART_KINDS) await this.options.copies.remove(storedName({ module, version, kind }));
    }
  }

  async seenPurge(): Promise<string | undefined> {
    return (
      await absentAsUndefined(readRegularText(this.options.seenPurgeFile)).catch(() => undefined)
    )?.trim();
  }

  /** A note that cannot be written costs the copies at the next start. */
  async sawPurge(id: string): Promise<void> {
    const { seenPurgeFile: file } = this.options;
    try {
      await mkdir(dirname(file), { recursive: true });
      await replaceFile(file, `${id}\n`);
    } catch {
      // The disk is full or read-only.
    }
  }

  /** Checks a part as it lies in the bucket. Resolves with false if it was damaged. */
  async checkAgain(part: Part): Promise<boolean> {
    await this.options.copies.remove(storedName(part));
    return (await this.openPart(part)) !== undefined;
  }

  /** What is known of a version, to be sealed; the parts of `damaged` left out. */
  knownSums(version: ModuleVersion, damaged?: PartKind): Promise<VersionSums> {
    return this.copies.knownSums(version, damaged);
  }

  private async openPart(part: Part): Promise<OpenPart | undefined> {
    const name = storedName(part);
    let copy = await this.options.copies.open(name);
    if (copy !== undefined) return openCopy(copy);
    if (part.kind !== 'zip') {
      const bytes = await this.read(part);
      return bytes && openBytes(bytes);
    }
    const outcome = await this.copies.copyZip(part);
    if (outcome === 'absent') return undefined;
    copy = await this.options.copies.open(name);
    if (copy !== undefined) return openCopy(copy);
    return RangedPart.open(this.bucket, part, (head) => this.copies.isAsSealed(part, head));
  }

  private async pour(part: Part, range: ByteRange | undefined, into: Writable): Promise<void> {
    const copy = await this.options.copies.open(storedName(part));
    if (copy === undefined) {
      await pipeline(this.bucket.open(part, range), into);
      return;
    }
    const { start = 0, end = copy.size - 1 } = range ?? {};
    if (copy.size === 0) {
      await copy.handle.close();
      into.end();
      return;
    }
    const stream = copy.handle.createReadStream({
      start,
      end: Math.min(end, copy.size - 1),
      autoClose: true,
    });
    await pipeline(stream, into);
  }
}
