/**
 * Local copies of what lies in a bucket, made as parts are read or written.
 *
 * A part is checked when it comes out of the bucket: it must have the SHA-256 that its writer named, or, where another
 * program put it there, be well-formed. What fails twice with the same bytes is sealed, moved below
 * `.modhaven/damaged/` and counts as not stored.
 */
import { createHash } from 'node:crypto';
import { copyFile, unlink, writeFile } from 'node:fs/promises';
import { createSingleflight } from '../../concurrency/singleflight.js';
import { ModhavenError } from '../../errors.js';
import type { FileCache } from '../../fs/file-cache.js';
import type { ObjectHead } from '../../s3/bucket.js';
import type { HashZip } from '../../zip/zip-hasher.js';
import type { DamagedPart } from '../checked-store.js';
import { partProblem, zipHashIn } from '../part-problem.js';
import type { VersionSums } from '../recorded-sums.js';
import type { Seals } from '../seals.js';
import { storedName, type ModuleVersion, type Part, type PartKind } from '../version-store.js';
import type { BucketStore, StoredZipHash } from './bucket-store.js';
import { DiskError, download, onDisk, type Downloaded } from './download.js';
import { namedSha256, namedZipHash } from './object-meta.js';

const NOT_AS_NAMED = 'it is not what its writer said';

export interface BucketCopiesOptions {
  copies: FileCache;
  seals: Seals;
  hashZip: HashZip;
  onDamage: (damaged: DamagedPart) => void;
}

/** `kept`: there is a copy now; `absent`: it is not stored; `uncopied`: it is too large, or the local disk does not take it. */
export type ZipCopy = 'kept' | 'absent' | 'uncopied';

/** A part that is read as a whole. */
export type SmallPart = Part & { kind: Exclude<PartKind, 'zip'> };

export class BucketCopies {
  private readonly bucket: BucketStore;
  private readonly options: BucketCopiesOptions;
  private readonly zips = createSingleflight();
  private readonly small = createSingleflight();

  constructor(bucket: BucketStore, options: BucketCopiesOptions) {
    this.bucket = bucket;
    this.options = options;
  }

  /** A small part out of the bucket, checked. Undefined if it is not stored. */
  read(part: SmallPart): Promise<Buffer | undefined> {
    return this.small.run(storedName(part), () => this.fetchSmall(part));
  }

  /** Makes a copy of a zip, checked, and of its hash. */
  copyZip(zip: Part): Promise<ZipCopy> {
    return this.zips.run(storedName(zip), () => this.fetchZip(zip));
  }

  /** A copy of a small part. A full local disk costs the copy, nothing else. */
  async keep(part: Part, bytes: Buffer): Promise<Buffer> {
    const sha256 = createHash('sha256').update(bytes).digest();
    await this.keepDraft(part, sha256, (draft) => writeFile(draft, bytes, { flag: 'wx' }));
    return bytes;
  }

  /** Makes copies of a zip that is stored now, and of its hash. `file` stays where it is. */
  async keepZip(
    zip: Part,
    { file, sha256 }: { file: string; sha256: Buffer },
    stored: StoredZipHash,
  ): Promise<void> {
    await this.keepDraft(zip, sha256, (draft) => copyFile(file, draft));
    await this.keepHash(zip, stored);
  }

  /** The same for a file that becomes the copy. */
  async keepZipDraft(
    zip: Part,
    { file, sha256 }: { file: string; sha256: Buffer },
    stored: StoredZipHash,
  ): Promise<void> {
    await this.options.copies.keep(storedName(zip), file, sha256).catch(() => undefined);
    await this.keepHash(zip, stored);
  }

  /**
   * What is known of a version, to be sealed; the parts of `damaged` left out. The hash is the one that the zip names: the
   * object beside it may be what another writer left, and without a zip it may yet become another one.
   */
  async knownSums(version: ModuleVersion, damaged?: PartKind): Promise<VersionSums> {
    const head = await this.bucket.head({ ...version, kind: 'zip' });
    if (head === undefined) return {};
    const named = namedZipHash(head);
    if (named !== undefined || damaged === 'ziphash') return { zip: named };
    return { zip: zipHashIn(await this.bucket.read({ ...version, kind: 'ziphash' })) };
  }

  /**
   * Whether a zip that lies in the bucket is what its version was before. A replica that knew of no seal yet may have stored
   * another one just now, and takes it back (`sealed-store.ts`), unless it is killed: that one is set aside.
   */
  async isAsSealed(zip: ModuleVersion, head: ObjectHead): Promise<boolean> {
    const own = namedZipHash(head);
    if (own === undefined) return true;
    const sealed = await this.options.seals.zipHashOf(zip, own);
    if (sealed === undefined || sealed === own) return true;
    await this.bucket.setAside({ ...zip, kind: 'zip' }, head.etag);
    return false;
  }

  private async keepHash(zip: Part, { zipHash }: StoredZipHash): Promise<void> {
    if (zipHash !== undefined) await this.keep({ ...zip, kind: 'ziphash' }, Buffer.from(zipHash));
  }

  private async keepDraft(part: Part, sha256: Buffer, make: (draft: string) => Promise<void>): Promise<void> {
    const { copies } = this.options;
    let draft: string | undefined;
    try {
      draft = await copies.draft();
      await make(draft);
      await copies.keep(storedName(part), draft, sha256);
    } catch {
      if (draft !== undefined) await unlink(draft).catch(() => undefined);
    }
  }

  private async fetchSmall(part: SmallPart): Promise<Buffer | undefined> {
    let wrong: string | undefined;
    for (;;) {
      const found = await this.bucket.object(part);
      if (found === undefined) return undefined;
      const { bytes } = found;
      const named = namedSha256(found);
      const digest = createHash('sha256').update(bytes).digest('hex');
      const problem =
        named === undefined
          ? await partProblem(part, bytes, {})
          : named === digest
            ? undefined
            : NOT_AS_NAMED;
      if (problem === undefined) {
        return part.kind === 'ziphash' ? this.hashOfZip(part, bytes) : this.keep(part, bytes);
      }
      if (wrong === undefined) {
        wrong = digest;
        continue;
      }
      await this.setAside(part, problem, {
        etag: found.etag,
        size: bytes.length,
        isSame: wrong === digest,
      });
      return undefined;
    }
  }

  /** The hash of a zip, as the zip itself has it: the object beside it may be what another writer left. */
  private async hashOfZip(part: Part, bytes: Buffer): Promise<Buffer | undefined> {
    const zip = await this.bucket.head({ ...part, kind: 'zip' });
    if (zip === undefined) return bytes; // it may yet become another one
    if (!(await this.isAsSealed(part, zip))) return undefined;
    const own = namedZipHash(zip);
    if (own === undefined || own === zipHashIn(bytes)) return this.keep(part, bytes);
    await this.bucket.settleZipHash(part, own);
    return this.keep(part, Buffer.from(own));
  }

  private async fetchZip(zip: Part): Promise<ZipCopy> {
    let wrong: Buffer | undefined;
    try {
      for (;;) {
        const found = await download(this.bucket, zip, this.options.copies);
        if (found === 'absent') return 'absent';
        if (found === 'too large') return 'uncopied';
        const { file, sha256, etag } = found;
        try {
          if (!(await this.isAsSealed(zip, found))) return 'absent';
          const problem = await this.zipProblem(zip, found);
          if (problem === undefined) {
            await onDisk(this.options.copies.keep(storedName(zip), file, sha256));
            return 'kept';
          }
          if (wrong !== undefined) {
            await this.setAside(zip, problem, { etag, size: found.size, isSame: wrong.equals(sha256) });
            return 'absent';
          }
          wrong = sha256;
        } finally {
          await unlink(file).catch(() => undefined); // unless it is the copy by now
        }
      }
    } catch (error) {
      if (error instanceof DiskError) return 'uncopied';
      throw error;
    }
  }

  /** What is wrong with a zip that came; undefined where it is good, and then its hash is settled. */
  private async zipProblem(zip: Part, found: Downloaded): Promise<string | undefined> {
    const named = namedSha256(found);
    const own = namedZipHash(found);
    if (named !== undefined) {
      if (named !== found.sha256.toString('hex')) return NOT_AS_NAMED;
      if (own !== undefined) await this.settled(zip, own);
      return undefined;
    }
    const written = zipHashIn(await this.bucket.read({ ...zip, kind: 'ziphash' }));
    const verdict = await this.options.hashZip(found.file);
    if ('problem' in verdict) return verdict.problem;
    if (written !== undefined && written !== verdict.hash) {
      return `it was ${written}, now it is ${verdict.hash}`;
    }
    if (written === undefined) await this.bucket.settleZipHash(zip, verdict.hash);
    return undefined;
  }

  /** Makes the hash that a zip names the one beside it, and a copy of it. The zip is good although the first may fail. */
  private async settled(zip: Part, zipHash: string): Promise<void> {
    await this.bucket.settleZipHash(zip, zipHash).catch(() => undefined);
    await this.keepHash(zip, { zipHash });
  }

  /**
   * Bytes that are wrong in another way each time, or not as many as lie there, were damaged on their way here: what lies
   * there may be good.
   */
  private async setAside(
    part: Part,
    problem: string,
    { etag, size, isSame }: { etag: string; size: number; isSame: boolean },
  ): Promise<void> {
    const there = await this.bucket.head(part);
    if (!isSame || (there?.etag === etag && there.size !== size)) {
      throw new ModhavenError('STORAGE', `${storedName(part)} could not be read as it was stored`, {
        reason: 'the object store, or something on the way to it, gave other bytes than lie there',
        remedy: 'check the object store and what stands before it',
        remedyBy: 'admin',
      });
    }
    await this.options.seals.add(part, { reason: 'damaged', ...(await this.knownSums(part, part.kind)) });
    const file = await this.bucket.setAside(part, etag);
    if (file !== undefined) this.options.onDamage({ ...part, problem, at: Date.now(), file });
  }
}
