/**
 * Versions in a bucket, read through local copies (`fs/file-cache.ts`): a warm request asks no object store.
 *
 * A part is checked when it comes out of the bucket: it must have the SHA-256 that its writer named, or, where another
 * program put it there, be well-formed. What fails twice with the same bytes is sealed, moved below
 * `.modhaven/damaged/` and counts as not stored. Zips that are too large for the copies, and all of them where the local disk cannot be written, are read by
 * `Range`.
 */
import { createHash } from 'node:crypto';
import { mkdir, readFile, unlink, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { PassThrough, type Readable, type Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createSingleflight } from '../../concurrency/singleflight.js';
import { ModhavenError } from '../../errors.js';
import { replaceFile } from '../../fs/durable-file.js';
import { absentAsUndefined } from '../../fs/file-errors.js';
import type { FileCache } from '../../fs/file-cache.js';
import type { HashZip } from '../../zip/zip-hasher.js';
import { namedSha256, namedZipHash, type BucketStore } from './bucket-store.js';
import { sha256Of } from './draft-files.js';
import type { DamagedPart } from '../checked-store.js';
import type { LocalCopies } from '../purge.js';
import { partProblem, zipHashIn } from '../part-problem.js';
import { DiskError, download, onDisk, type Downloaded } from './download.js';
import { openBytes, openCopy, readWhole } from './open-parts.js';
import { RangedPart } from './ranged-part.js';
import type { VersionSums } from '../recorded-sums.js';
import type { Seals } from '../seals.js';
import { storage } from '../storage-error.js';
import { StoreDecorator } from '../store-decorator.js';
import {
  PART_KINDS,
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

const NOT_AS_NAMED = 'it is not what its writer said';

export interface CachedBucketOptions {
  copies: FileCache;
  /** Keeps `seenPurge`. */
  seenPurgeFile: string;
  seals: Seals;
  hashZip: HashZip;
  onDamage: (damaged: DamagedPart) => void;
}

export class CachedBucketStore extends StoreDecorator implements LocalCopies {
  private readonly bucket: BucketStore;
  private readonly options: CachedBucketOptions;
  private readonly flights = createSingleflight();
  private readonly small = createSingleflight();
  private readonly reads: PositionalReads = { open: (part) => this.openPart(part) };

  constructor(bucket: BucketStore, options: CachedBucketOptions) {
    super(bucket);
    this.bucket = bucket;
    this.options = options;
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
    const name = storedName(part);
    const copy = await this.options.copies.read(name);
    if (copy !== undefined) return copy;
    const { kind } = part;
    if (kind !== 'zip') return this.small.run(name, () => this.fetchSmall({ ...part, kind }));
    const opened = await this.openPart(part);
    return opened && readWhole(opened);
  }

  override open(part: Part, range?: ByteRange): Readable {
    const opened = new PassThrough();
    void this.pour(part, range, opened).catch((error: unknown) =>
      opened.destroy(error instanceof Error ? error : new Error(String(error))),
    );
    return opened;
  }

  /** What a zip is made of passes through the local disk, and stays there as a copy. */
  override async put(part: Part, content: PartContent): Promise<boolean> {
    if (part.kind !== 'zip') {
      await this.bucket.put(part, content);
      return false; // to be read back, so that a copy stays here
    }
    const draft = await storage(this.options.copies.draft());
    try {
      await writeNewFile(draft, writerOf(content));
      const sha256 = await sha256Of(draft);
      const isOurs = await this.bucket.putZip(part, draft, sha256);
      if (isOurs) await this.options.copies.keep(storedName(part), draft, sha256).catch(() => undefined);
      return isOurs;
    } finally {
      await unlink(draft).catch(() => undefined);
    }
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
      await absentAsUndefined(readFile(this.options.seenPurgeFile, 'utf8')).catch(() => undefined)
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
  async knownSums(version: ModuleVersion, damaged?: PartKind): Promise<VersionSums> {
    if (damaged === 'ziphash') return {};
    return { zip: zipHashIn(await this.bucket.read({ ...version, kind: 'ziphash' })) };
  }

  private async openPart(part: Part): Promise<OpenPart | undefined> {
    const name = storedName(part);
    const { copies } = this.options;
    let copy = await copies.open(name);
    if (copy !== undefined) return openCopy(copy);
    if (part.kind !== 'zip') {
      const bytes = await this.read(part);
      return bytes && openBytes(bytes);
    }
    const size = await this.bucket.size(part);
    if (size === undefined) return undefined;
    if (copies.takes(size)) {
      const outcome = await this.flights.run(name, () => this.fetchZip(part));
      if (outcome === 'absent') return undefined;
      copy = await copies.open(name);
      if (copy !== undefined) return openCopy(copy);
    }
    return RangedPart.open(this.bucket, part);
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

  /** A small part out of the bucket, checked. */
  private async fetchSmall(part: Part & { kind: 'info' | 'mod' | 'ziphash' }): Promise<Buffer | undefined> {
    let wrong: string | undefined;
    for (;;) {
      const found = await this.bucket.object(part);
      if (found === undefined) return undefined;
      const { bytes } = found;
      const named = namedSha256(found);
      const digest = createHash('sha256').update(bytes).digest('hex');
      const problem =
        named === undefined ? partProblem(part, bytes, {}) : named === digest ? undefined : NOT_AS_NAMED;
      if (problem === undefined) {
        return part.kind === 'ziphash' ? this.hashOfZip(part, bytes) : this.keep(part, bytes);
      }
      if (wrong === undefined) {
        wrong = digest;
        continue;
      }
      await this.setAside(part, problem, { etag: found.etag, isSame: wrong === digest });
      return undefined;
    }
  }

  /** The hash of a zip, as the zip itself has it: the object beside it may be what another writer left. */
  private async hashOfZip(part: Part, bytes: Buffer): Promise<Buffer> {
    const zip = await this.bucket.head({ ...part, kind: 'zip' });
    if (zip === undefined) return bytes; // it may yet become another one
    const own = namedZipHash(zip);
    if (own === undefined || own === zipHashIn(bytes)) return this.keep(part, bytes);
    await this.bucket.settleZipHash(part, own);
    return this.keep(part, Buffer.from(own));
  }

  /** A full local disk costs the copy, nothing else. */
  private async keep(part: Part, bytes: Buffer): Promise<Buffer> {
    let draft: string | undefined;
    try {
      draft = await this.options.copies.draft();
      await writeFile(draft, bytes, { flag: 'wx' });
      await this.options.copies.keep(storedName(part), draft, createHash('sha256').update(bytes).digest());
    } catch {
      if (draft !== undefined) await unlink(draft).catch(() => undefined);
    }
    return bytes;
  }

  /** Makes a copy of a zip, checked. `unkept`: the local disk does not take it. */
  private async fetchZip(zip: Part): Promise<'kept' | 'absent' | 'unkept'> {
    let wrong: Buffer | undefined;
    for (;;) {
      let draft: string | undefined;
      try {
        draft = await onDisk(this.options.copies.draft());
        const found = await download(this.bucket, zip, draft);
        if (found === undefined) return 'absent';
        const problem = await this.zipProblem(zip, draft, found);
        if (problem === undefined) {
          await onDisk(this.options.copies.keep(storedName(zip), draft, found.sha256));
          return 'kept';
        }
        if (wrong === undefined) {
          wrong = found.sha256;
          continue;
        }
        await this.setAside(zip, problem, { etag: found.etag, isSame: wrong.equals(found.sha256) });
        return 'absent';
      } catch (error) {
        if (error instanceof DiskError) return 'unkept';
        throw error;
      } finally {
        if (draft !== undefined) await unlink(draft).catch(() => undefined);
      }
    }
  }

  private async zipProblem(zip: Part, file: string, found: Downloaded): Promise<string | undefined> {
    const named = namedSha256(found);
    if (named !== undefined) {
      return named === found.sha256.toString('hex') ? undefined : NOT_AS_NAMED;
    }
    const written = zipHashIn(await this.bucket.read({ ...zip, kind: 'ziphash' }));
    const verdict = await this.options.hashZip(file);
    if ('problem' in verdict) return verdict.problem;
    if (written !== undefined && written !== verdict.hash) {
      return `it was ${written}, now it is ${verdict.hash}`;
    }
    if (written === undefined) await this.bucket.settleZipHash(zip, verdict.hash);
    return undefined;
  }

  /** Bytes that are wrong in another way each time were damaged on their way here: what lies there may be good. */
  private async setAside(
    part: Part,
    problem: string,
    { etag, isSame }: { etag: string; isSame: boolean },
  ): Promise<void> {
    if (!isSame) {
      throw new ModhavenError('STORAGE', `${storedName(part)} could not be read as it was stored`, {
        reason: 'the object store, or something on the way to it, gave other bytes each time',
        remedy: 'check the object store and what stands before it',
        remedyBy: 'admin',
      });
    }
    await this.options.seals.add(part, { reason: 'damaged', ...(await this.knownSums(part, part.kind)) });
    const file = await this.bucket.setAside(part, etag);
    if (file !== undefined) this.options.onDamage({ ...part, problem, at: Date.now(), file });
  }
}
