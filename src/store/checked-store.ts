/**
 * A store on the disk that never gives out what is not what was stored.
 *
 * A part is checked when it is read for the first time after the start, and again when its file is another one: the
 * result is remembered by inode, size and time. A zip is read as a whole and must have the hash in `.ziphash`; the other
 * parts must be what was recorded when they were stored (`recorded-sums.ts`).
 *
 * What fails is moved out of the sight of readers, into `<cache.dir>/damaged`, and counts as not stored: so it is fetched
 * again. The version is sealed before (`seals.ts`), so that nothing else can take its place.
 */
import { lstatSync, renameSync, statSync, type Stats } from 'node:fs';
import { lstat, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { Readable } from 'node:stream';
import { LRUCache } from 'lru-cache';
import { atMost } from '../concurrency/at-most.js';
import { createSingleflight } from '../concurrency/singleflight.js';
import { temporaryName } from '../fs/temporary-name.js';
import { hasCode } from '../fs/file-errors.js';
import { makeFolderIn } from '../fs/make-folder.js';
import { readRegularSync } from '../fs/regular-file.js';
import type { HashZip } from '../zip/zip-hasher.js';
import { partFile, stampOf } from './disk-tree.js';
import { partProblem, zipHashIn } from './part-problem.js';
import type { RecordedSums, VersionSums } from './recorded-sums.js';
import type { Seals } from './seals.js';
import { absentAsUndefined, storageError } from './storage-error.js';
import { StoreDecorator } from './store-decorator.js';
import {
  MAX_SMALL_PART,
  bytesOf,
  putBytes,
  storedName,
  type ByteRange,
  type ModuleVersion,
  type OpenPart,
  type Part,
  type PartContent,
  type PartKind,
  type PositionalReads,
  type VersionStore,
} from './version-store.js';

/** A part that was not what was stored. */
export interface DamagedPart extends Part {
  problem: string;
  /** When that was found, in milliseconds since 1970. */
  at: number;
  /** Where it is now; undefined if it could not be moved. */
  file: string | undefined;
}

export interface CheckedStoreOptions {
  /** The tree of the store, and the folder for what is damaged, on the same disk. */
  dir: string;
  damagedDir: string;
  sums: RecordedSums;
  seals: Seals;
  hashZip: HashZip;
  onDamage: (damaged: DamagedPart) => void;
}

/** Parts of which the outcome of the check is remembered. */
const MAX_REMEMBERED = 100_000;

/** Bytes of parts that were stored just now, and what each takes beside its content. */
const MAX_RECENT_BYTES = 1024 * 1024;
const RECENT_OVERHEAD = 400;

interface Remembered {
  stamp: string;
  isWhole: boolean;
}

export class CheckedStore extends StoreDecorator {
  private readonly options: CheckedStoreOptions;
  private readonly remembered = new LRUCache<string, Remembered>(atMost(MAX_REMEMBERED));
  /** Small parts that were stored just now: those of one version are asked for after another. */
  private readonly recent = new LRUCache<string, { stamp: string; bytes: Buffer }>({
    maxSize: MAX_RECENT_BYTES,
    sizeCalculation: ({ bytes }) => bytes.length + RECENT_OVERHEAD,
  });
  private readonly checks = createSingleflight();
  private readonly checkedPositions: PositionalReads | undefined;

  constructor(inner: VersionStore, options: CheckedStoreOptions) {
    super(inner);
    this.options = options;
    const { positions } = inner;
    this.checkedPositions = positions && { open: (part) => this.openChecked(positions, part) };
  }

  override get positions(): PositionalReads | undefined {
    return this.checkedPositions;
  }

  override async size(part: Part): Promise<number | undefined> {
    return (await this.check(part))?.size;
  }

  override async read(part: Part): Promise<Buffer | undefined> {
    if (part.kind !== 'ziphash') return this.readChecked(part);
    const zip: Part = { ...part, kind: 'zip' };
    const isThere = (await this.check(zip)) !== undefined;
    const hash = await this.readChecked(part);
    if (hash !== undefined || !isThere) return hash;
    // A bad hash beside a good zip was written again when the zip was checked: this one was removed while the zip was stored.
    await this.checkAgain(zip);
    return this.readChecked(part);
  }

  private async readChecked(part: Part): Promise<Buffer | undefined> {
    const known = await this.readKnown(part);
    if (known !== undefined) return known;
    const stats = await this.check(part);
    if (stats === undefined) return undefined;
    const recent = this.recent.get(storedName(part));
    return recent?.stamp === stampOf(stats) ? recent.bytes : this.inner.read(part);
  }

  /** The content of a part that is known to be whole and still lies there; undefined for any other. */
  private async readKnown(part: Part): Promise<Buffer | undefined> {
    const { positions } = this.inner;
    if (positions === undefined || this.recent.has(storedName(part))) return undefined;
    const opened = await this.openKnown(positions, part);
    try {
      return opened && (await readWhole(opened));
    } finally {
      opened?.close();
    }
  }

  private async openChecked(positions: PositionalReads, part: Part): Promise<OpenPart | undefined> {
    const opened = await this.openKnown(positions, part);
    if (opened !== undefined) return opened;
    return (await this.check(part)) === undefined ? undefined : positions.open(part);
  }

  /**
   * A part that is known to be whole and still lies there; undefined for any other. It is not looked at before it is opened:
   * that would be one more question to the disk.
   */
  private async openKnown(positions: PositionalReads, part: Part): Promise<OpenPart | undefined> {
    const known = this.remembered.get(storedName(part));
    if (known?.isWhole !== true) return undefined;
    const opened = await positions.open(part).catch(() => undefined);
    if (opened?.stamp === known.stamp) return opened;
    opened?.close();
    return undefined;
  }

  /** Callers ask for the size first: what is open here was checked then. */
  override open(part: Part, range?: ByteRange): Readable {
    return this.inner.open(part, range);
  }

  override async put(part: Part, content: PartContent): Promise<boolean> {
    const small = part.kind === 'zip' ? undefined : await bytesOf(content);
    const isOurs = await this.inner.put(part, small ?? content);
    if (isOurs) await this.stored(part, small);
    return isOurs;
  }

  override async putFile(part: Part, file: string): Promise<boolean> {
    const isOurs = await this.inner.putFile(part, file);
    if (isOurs) await this.stored(part, part.kind === 'zip' ? undefined : readRegularSync(file));
    return isOurs;
  }

  /**
   * Checks a part however often it was checked before. Resolves with false if it was damaged. Readers go by what is known
   * of it meanwhile: they do not wait until a large zip is hashed once more.
   */
  async checkAgain(part: Part): Promise<boolean> {
    if ((await this.lookUp(part)) === undefined) return true; // removed meanwhile
    return (await this.checks.run(storedName(part), () => this.inspect(part))) !== undefined;
  }

  /** What the disk says of a part that is as it was stored; undefined for any other. */
  private async check(part: Part): Promise<Stats | undefined> {
    const stats = await this.lookUp(part);
    if (stats === undefined) return undefined;
    const name = storedName(part);
    const known = this.remembered.get(name);
    if (known?.stamp === stampOf(stats)) return known.isWhole ? stats : undefined;
    return this.checks.run(name, () => this.inspect(part));
  }

  /** By way of a thread, because it happens before each read: the disk may hang. */
  private async lookUp(part: Part): Promise<Stats | undefined> {
    const file = partFile(this.options.dir, part);
    try {
      return await stat(file);
    } catch (error) {
      if (hasCode(error, 'ENOENT', 'ENOTDIR')) return undefined;
      if (hasCode(error, 'ELOOP')) return absentAsUndefined(lstat(file));
      throw storageError(error);
    }
  }

  /** The same, synchronous: by way of a thread it takes ten times as long. */
  private look(part: Part): Stats | undefined {
    const file = partFile(this.options.dir, part);
    try {
      return statSync(file, { throwIfNoEntry: false });
    } catch (error) {
      // A link that leads to itself is looked at by itself: it is not a file, so it is moved away.
      if (hasCode(error, 'ELOOP')) return lstatSync(file, { throwIfNoEntry: false });
      throw storageError(error);
    }
  }

  private async inspect(part: Part): Promise<Stats | undefined> {
    const stats = await this.lookUp(part);
    if (stats === undefined) return undefined;
    const problem = kindProblem(part, stats) ?? (await this.problemOf(part));
    this.remembered.set(storedName(part), { stamp: stampOf(stats), isWhole: problem === undefined });
    if (problem === undefined) return stats;
    // Another one that was put in its place meanwhile is judged by itself.
    return (await this.setAside(part, problem, stampOf(stats))) ? undefined : this.inspect(part);
  }

  private async problemOf(part: Part): Promise<string | undefined> {
    const sums = await this.options.sums.of(part);
    const { kind } = part;
    if (kind === 'zip') return this.zipProblem(part, sums);
    const bytes = await this.inner.read(part);
    if (bytes === undefined) return undefined; // removed meanwhile
    return partProblem({ ...part, kind }, bytes, sums);
  }

  private async zipProblem(zip: Part, sums: VersionSums): Promise<string | undefined> {
    const hashPart: Part = { ...zip, kind: 'ziphash' };
    const stats = this.look(hashPart);
    const isReadable = stats !== undefined && kindProblem(hashPart, stats) === undefined;
    const written = isReadable ? zipHashIn(await this.inner.read(hashPart)) : undefined;
    const expected = sums.zip ?? written;
    const verdict = await absentAsUndefined(this.options.hashZip(partFile(this.options.dir, zip)));
    if (verdict === undefined) return undefined; // removed meanwhile
    if ('problem' in verdict) return verdict.problem;
    const found = verdict.hash;
    if (expected !== undefined && found !== expected) return `it was ${expected}, now it is ${found}`;
    // The zip is good: if its hash is not, that can be written again.
    if (written !== found && (await this.check(hashPart)) === undefined) {
      await putBytes(this.inner, hashPart, Buffer.from(found));
    }
    return undefined;
  }

  /**
   * Moves the file with this stamp away; false if there is another one now. What cannot be moved (a read-only disk) is
   * remembered as bad, and not given out either.
   */
  private async setAside(part: Part, problem: string, stamp: string): Promise<boolean> {
    const isReplaced = () => {
      const now = this.look(part);
      return now === undefined || stampOf(now) !== stamp;
    };
    if (isReplaced()) return false;
    await this.options.seals
      .add(part, { reason: 'damaged', ...(await this.knownSums(part, part.kind)) })
      .catch(() => undefined);
    const file = partFile(this.options.dir, part);
    let target: string | undefined = join(
      this.options.damagedDir,
      dirname(storedName(part)),
      `${basename(file)}.${Date.now()}`,
    );
    try {
      await makeFolderIn(this.options.damagedDir, dirname(target));
      // Without waiting: a good hash of a zip that is fetched again may be put there meanwhile.
      if (isReplaced()) return false;
      renameSync(file, target);
    } catch {
      if (isReplaced()) return false;
      // On a full disk no folder can be made, but a name beside the old one costs nothing.
      target = moved(file, temporaryName(dirname(file)));
    }
    this.options.onDamage({ ...part, problem, at: Date.now(), file: target });
    return true;
  }

  /** What is known of a version, to be sealed: from the record, else from the parts, those of `damaged` left out. */
  async knownSums(version: ModuleVersion, damaged?: PartKind): Promise<VersionSums> {
    const sums = await this.options.sums.of(version);
    if (sums.zip === undefined && damaged !== 'ziphash') {
      // Beside a damaged part it may be one that cannot be read either.
      const reading = this.inner.read({ ...version, kind: 'ziphash' });
      const hash = await (damaged === undefined ? reading : reading.catch(() => undefined));
      sums.zip = zipHashIn(hash);
    }
    return sums;
  }

  /** Notes what was stored just now, and that it need not be checked. One that was there before is checked when it is read. */
  private async stored(part: Part, small: Buffer | undefined): Promise<void> {
    const stats = this.look(part);
    if (stats === undefined) return; // removed meanwhile
    const stamp = stampOf(stats);
    this.remembered.set(storedName(part), { stamp, isWhole: true });
    if (small === undefined) return;
    this.recent.set(storedName(part), { stamp, bytes: small });
    await this.options.sums.note(part, small);
  }
}

/** The content of a part that is open, as much as there was when it was opened. */
async function readWhole(opened: OpenPart): Promise<Buffer> {
  const bytes = Buffer.allocUnsafeSlow(opened.size);
  for (let filled = 0; filled < bytes.length;) {
    const rest = bytes.subarray(filled);
    const position = filled;
    const count = await new Promise<number>((resolve, reject) => {
      opened.read(rest, rest.length, position, (error, bytesRead) =>
        error === null ? resolve(bytesRead) : reject(error),
      );
    });
    if (count === 0) return bytes.subarray(0, filled); // it was cut meanwhile
    filled += count;
  }
  return bytes;
}

/** Why a part cannot be what its name says, before anything is read of it; undefined if it can. */
function kindProblem({ kind }: Part, stats: Stats): string | undefined {
  if (!stats.isFile()) return 'it is not a file';
  const isTooLarge = kind !== 'zip' && stats.size > MAX_SMALL_PART;
  return isTooLarge ? `it is larger than ${MAX_SMALL_PART / 2 ** 20} MiB` : undefined;
}

/** The new name of a file; undefined where it cannot be moved. */
function moved(file: string, to: string): string | undefined {
  try {
    renameSync(file, to);
    return to;
  } catch {
    return undefined;
  }
}
