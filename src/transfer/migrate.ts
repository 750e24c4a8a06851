/**
 * Copies what one store holds into another, beside running servers: first what says which content is allowed (seals), then
 * every finished version, each checked before, then what the server would otherwise have to ask for again.
 *
 * Nothing at the target is replaced by a version, and what is there already is not copied again, so that a migration
 * that was interrupted goes on where it ended.
 */
import { forEach, mapEach } from '../concurrency/for-each.js';
import { retryStorage } from '../concurrency/retry-storage.js';
import { isModhavenError } from '../errors.js';
import { readIfAny, type BlobStore } from '../store/blob-store.js';
import type { CheckedStore } from '../store/checked-store.js';
import { infoSum } from '../store/recorded-sums.js';
import type { VersionReader, VersionStore } from '../store/version-store.js';
import { copyByLocalZip } from './local-zip.js';
import { copyVersion, type CopiedVersion } from './copy-version.js';
import type { VersionName } from './import-versions.js';
import type { RecordedSum } from './request-list.js';

/** The stores of one place. */
export interface MigratedStores {
  /** Checks what it takes. */
  versions: VersionStore;
  /** As it lies there. */
  unchecked: VersionStore;
  checked: Pick<CheckedStore, 'knownSums'>;
  sealed: BlobStore;
  checksums: BlobStore;
  upstream: BlobStore;
  privateAnswers: BlobStore;
  fetched: BlobStore;
  ownDatabases: BlobStore;
}

export interface MigrateOptions {
  from: MigratedStores;
  to: MigratedStores;
  /** What our own checksum database has of a version. */
  recorded: (version: VersionName) => Promise<RecordedSum[]>;
  /** Where zips that lie in a bucket are held while they are copied; absent for a source on this disk. */
  stagingDir?: string | undefined;
  /** Called after each version. */
  onDone?: () => void;
}

/** What became of the small things beside the versions. */
export interface CopiedBlobs {
  added: number;
  same: number;
  /** Names of what is another at the target, and stays so. */
  different: string[];
}

/** Zips that are read at once. */
const PARALLEL = 4;
/** Small things that are copied at once. */
const PARALLEL_BLOBS = 16;
/** How often a checksum database is looked through that grows meanwhile. */
const MAX_PASSES = 10;

/**
 * Copies `versions`; what became of each, in their order. Throws STORAGE if a place cannot be used, also after some time: then
 * no more is begun, and what was copied stays.
 */
export async function migrateVersions(
  versions: readonly VersionName[],
  options: MigrateOptions,
): Promise<CopiedVersion[]> {
  return mapEach(versions, PARALLEL, async (version) => {
    // A bucket whose bytes were damaged on their way is asked again, too.
    const copied = await retryStorage(() => migrateVersion(version, options), {
      isFinal: ({ outcome }) => outcome !== 'damaged' || options.stagingDir === undefined,
    });
    options.onDone?.();
    return copied;
  });
}

async function migrateVersion(name: VersionName, options: MigrateOptions): Promise<CopiedVersion> {
  const { from, to, stagingDir: folder } = options;
  const copy = async (source: VersionReader, zipFile?: string) =>
    withSameSize(await judgeAndCopy(name, { ...options, source, zipFile }), from, to);
  if (folder === undefined) return copy(from.unchecked);
  return copyByLocalZip(from.unchecked, { ...name, folder }, (local) => copy(local, local.file));
}

interface JudgeOptions extends MigrateOptions {
  source: VersionReader;
  /** The zip of the source as a file on this disk. */
  zipFile?: string | undefined;
}

async function judgeAndCopy(
  name: VersionName,
  { from, to, recorded, source, zipFile }: JudgeOptions,
): Promise<CopiedVersion> {
  const { module, version } = name;
  const left = (outcome: 'damaged' | 'different', part: 'info' | 'zip', problem: string): CopiedVersion => ({
    module,
    version,
    outcome,
    added: [],
    faults: [{ part, problem }],
  });
  const sums = await from.checked.knownSums(name);
  const info = await source.read({ ...name, kind: 'info' });
  if (info !== undefined && sums.info !== undefined && infoSum(info) !== sums.info) {
    return left('damaged', 'info', 'is not the one that was stored');
  }
  const place = 'the record of this store';
  const known: RecordedSum[] = [
    ...(sums.zip === undefined ? [] : [{ kind: 'zip' as const, hash: sums.zip, place }]),
    ...(sums.mod === undefined ? [] : [{ kind: 'mod' as const, hash: sums.mod, place }]),
  ];
  try {
    return await copyVersion(module, version, {
      source,
      target: to.versions,
      recorded: async () => [...known, ...(await recorded(name))],
      place: async (part) =>
        part.kind === 'zip' && zipFile !== undefined ? to.versions.putFile(part, zipFile) : undefined,
    });
  } catch (error) {
    // The target has a seal: it was another one that was purged there.
    if (isModhavenError(error, 'CHECKSUM_MISMATCH')) {
      return left('different', 'zip', error.reason ?? error.message);
    }
    throw error;
  }
}

/** A zip that is there must be as long as here: its hash beside it says nothing about its bytes. */
async function withSameSize(
  copied: CopiedVersion,
  from: MigratedStores,
  to: MigratedStores,
): Promise<CopiedVersion> {
  if (copied.outcome !== 'same' && copied.outcome !== 'added') return copied;
  const zip = { module: copied.module, version: copied.version, kind: 'zip' } as const;
  const [here, there] = [await from.unchecked.size(zip), await to.unchecked.size(zip)];
  if (here === undefined) return copied;
  if (there !== undefined && (here === there || !copied.added.includes('zip'))) return copied;
  return {
    ...copied,
    outcome: 'different',
    faults: [{ part: 'zip', problem: `has ${here} bytes here and ${there ?? 'none'} there` }],
  };
}

/** Copies the seals: to be done first, so that nothing takes the place of what was purged. */
export function migrateSeals({ from, to }: Pick<MigrateOptions, 'from' | 'to'>): Promise<CopiedBlobs> {
  return copyBlobs(from.sealed, to.sealed);
}

/** Copies what public checksum databases and origins said last, the first requester of each version, and our own checksum database. */
export async function migrateRecords({
  from,
  to,
}: Pick<MigrateOptions, 'from' | 'to'>): Promise<CopiedBlobs> {
  const total: CopiedBlobs = { added: 0, same: 0, different: [] };
  const add = ({ added, same, different }: CopiedBlobs) => {
    total.added += added;
    total.same += same;
    total.different.push(...different);
  };
  // The newest tree of a database last: it promises that all else is there.
  add(await copyBlobs(from.checksums, to.checksums, (name) => !isLatest(name)));
  add(await copyBlobs(from.checksums, to.checksums, isLatest));
  add(await copyBlobs(from.upstream, to.upstream, undefined, 'newest'));
  add(await copyBlobs(from.privateAnswers, to.privateAnswers, undefined, 'newest'));
  add(await copyBlobs(from.fetched, to.fetched, undefined, 'newest'));
  add(await copyLogs(from.ownDatabases, to.ownDatabases));
  return total;
}

/** A log may grow, and its commits become tiles, while it is copied: it is looked through until nothing is new. */
async function copyLogs(from: BlobStore, to: BlobStore): Promise<CopiedBlobs> {
  const total: CopiedBlobs = { added: 0, same: 0, different: [] };
  const seen = new Set<string>();
  for (let pass = 1; pass <= MAX_PASSES; pass += 1) {
    const before = seen.size;
    for (const isCommit of [false, true]) {
      const wants = (name: string) =>
        name.includes('/commit/') === isCommit && !seen.has(name) && !name.startsWith('.');
      const copied = await copyBlobs(from, to, wants, 'first', seen);
      total.added += copied.added;
      total.same += copied.same;
      total.different.push(...copied.different);
    }
    if (seen.size === before) break;
  }
  return total;
}

async function copyBlobs(
  from: BlobStore,
  to: BlobStore,
  wants: (name: string) => boolean = () => true,
  wins: 'first' | 'newest' = 'first',
  seen = new Set<string>(),
): Promise<CopiedBlobs> {
  const result: CopiedBlobs = { added: 0, same: 0, different: [] };
  await forEach(from.names(), PARALLEL_BLOBS, async (name) => {
    if (!wants(name)) return;
    seen.add(name);
    await copyBlob(name, from, to, wins, result);
  });
  return result;
}

async function copyBlob(
  name: string,
  from: BlobStore,
  to: BlobStore,
  wins: 'first' | 'newest',
  result: CopiedBlobs,
): Promise<void> {
  const here = await from.get(name);
  if (here === undefined) return; // gone meanwhile
  const { bytes, asOf } = here;
  const there = await readIfAny(to, name);
  if (there === undefined ? await to.putIfAbsent(name, bytes, { asOf }) : false) {
    result.added += 1;
    return;
  }
  const now = there ?? (await to.get(name));
  if (now?.bytes.equals(bytes) === true) {
    result.same += 1;
  } else if (wins === 'newest' && now !== undefined && now.asOf < asOf) {
    if (await to.replace(name, bytes, { asOf, expected: now.tag })) result.added += 1;
  } else if (wins === 'newest' || isLatest(name) || name.startsWith('.')) {
    result.same += 1;
  } else {
    result.different.push(name);
  }
}

function isLatest(name: string): boolean {
  return name.endsWith('/latest');
}
