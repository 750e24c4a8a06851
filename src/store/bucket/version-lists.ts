/** The lists of a bucket: `@v/list` of each module, always made of what lies there. */
import { escapePath } from '../../module/escaping.js';
import type { CanonicalVersion } from '../../module/version.js';
import type { ModulePath } from '../../module/module-path.js';
import * as semver from '../../module/semver.js';
import type { Bucket } from '../../s3/bucket.js';
import { CONTENT_TYPES, PART_KINDS, storedName, type PartKind } from '../version-store.js';
import { LISTED_KINDS, partOfKey } from './bucket-listing.js';

/** How often a list is tried again where another writer came between. */
const MAX_ATTEMPTS = 20;
/** A list that could not be written is tried again so much later, in milliseconds. */
const RETRY_MS = 10_000;
/** Lists that are tried again at one time. */
export const LISTS_AT_ONCE = 20;

/** A version that has just been completed, or is not complete any more. */
interface ListChange {
  added?: CanonicalVersion;
  removed?: CanonicalVersion;
}

export class VersionLists {
  private readonly bucket: Bucket;
  /** Modules whose list could not be written, those that were tried last at the end. */
  private readonly owed = new Set<ModulePath>();
  private timer: NodeJS.Timeout | undefined;

  constructor(bucket: Bucket) {
    this.bucket = bucket;
  }

  /** The list of this module may be wrong: it is to be written with the next `retry`. */
  owe(module: ModulePath): void {
    this.owed.add(module);
  }

  /** Writes lists that could not be written before, at most so many. */
  async retry(most = Infinity): Promise<void> {
    for (const module of [...this.owed].slice(0, most)) await this.changed(module);
  }

  /**
   * `@v/list` is to follow what was stored or removed. Writes it, now or, where that fails, as soon as it can: what is
   * stored is stored without it.
   */
  async changed(module: ModulePath, change: ListChange = {}): Promise<void> {
    this.owed.delete(module);
    this.owed.add(module);
    if (await this.writeList(module, change).catch(() => false)) this.owed.delete(module);
    else this.retryLater();
  }

  private retryLater(): void {
    this.timer ??= setTimeout(() => {
      this.timer = undefined;
      void this.retry(LISTS_AT_ONCE);
    }, RETRY_MS).unref();
  }

  /**
   * Writes `@v/list`: the versions that are complete. False where other writers came between again and again. Read first
   * and made of what lies there then, so that the write of another replica that came between has this one begin again, and
   * a list that was missed once is right the next time.
   * As in go's own cache, pseudo-versions are in it: as versions `go` leaves them out. What was just changed is known: an
   * object store may take a while to list it so.
   */
  private async writeList(module: ModulePath, { added, removed }: ListChange): Promise<boolean> {
    const key = `${escapePath(module)}/@v/list`;
    for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt += 1) {
      const before = await this.bucket.read(key);
      const stored = await storedVersions(this.bucket, module);
      const complete = [...stored.get('zip')].filter(
        (version) => version !== removed && LISTED_KINDS.every((kind) => stored.get(kind).has(version)),
      );
      if (added !== undefined && !complete.includes(added) && (await this.isComplete(module, added))) {
        complete.push(added);
      }
      const bytes = Buffer.from(
        semver
          .sortVersions(complete)
          .map((version) => `${version}\n`)
          .join(''),
      );
      if (before?.bytes.equals(bytes) === true) return true;
      if (before === undefined && bytes.length === 0) return true;
      const condition = before === undefined ? { ifAbsent: true } : { ifMatch: before.etag };
      const isMade = await this.bucket.put(key, bytes, {
        contentType: CONTENT_TYPES.list,
        ...condition,
      });
      // Another replica that stored it again may have found it in the list that was there before, and written nothing.
      const isBack = isMade && removed !== undefined && (await this.isComplete(module, removed));
      if (isBack) return this.writeList(module, {});
      if (isMade) return true;
    }
    return false;
  }

  private async isComplete(module: ModulePath, version: CanonicalVersion): Promise<boolean> {
    const heads = await Promise.all(
      LISTED_KINDS.map((kind) => this.bucket.head(storedName({ module, version, kind }))),
    );
    return !heads.includes(undefined);
  }
}

/** What lies there of a module: versions by the parts that are stored. */
export async function storedVersions(
  bucket: Bucket,
  module: ModulePath,
): Promise<{ get: (kind: PartKind) => Set<CanonicalVersion> }> {
  const found = new Map<PartKind, Set<CanonicalVersion>>(PART_KINDS.map((kind) => [kind, new Set()]));
  for await (const { key } of bucket.list(`${escapePath(module)}/@v/`)) {
    const part = partOfKey(key);
    if (part?.module === module) found.get(part.kind)?.add(part.version);
  }
  return { get: (kind) => found.get(kind) ?? new Set() };
}
