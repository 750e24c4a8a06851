/**
 * Copies the answers of a checksum database from one folder to another, so that a client with no other connection can
 * prove them from the target alone: `sumdb/client/mirror.ts` says what that needs.
 *
 * Nothing is taken on trust. The trees are signed; one must be the beginning of the other; and every record is proved in
 * the newer tree, with tiles of either folder. So a complete target stays complete, whichever of the two is newer.
 */
import { join } from 'node:path';
import { ModhavenError, errorMessage, isModhavenError } from '../errors.js';
import type { Verifier } from '../sumdb/format/note.js';
import { formatRecord } from '../sumdb/format/record.js';
import { sumdbPath, type LookupRequest } from '../sumdb/format/request.js';
import { proveWithTiles, type KeptTiles } from '../sumdb/client/prove.js';
import { tilePath, type Tile } from '../sumdb/format/tile.js';
import { recordHash, storedHashIndex, treeHash, type HashReader } from '../sumdb/format/tlog.js';
import type { SignedTree } from '../sumdb/format/tree-head.js';
import { lookupsIn, readLookup, readTile, readTree, type LookedUp } from './checksum-folder.js';

/** What became of the data of one database. */
export interface CopiedChecksums {
  database: string;
  /** Records in the tree that all are proved in; 0 if there was no tree. */
  treeSize: number;
  added: number;
  same: number;
  /** What could not be taken, and why. */
  faults: string[];
}

export interface CopyChecksumsOptions {
  verifier: Verifier;
  /** The folders of the database. */
  from: string;
  to: string;
  /** The file with the newest tree that the source has seen, where that is in another place than `latest`. */
  latest?: string | undefined;
  /** Whether a version's record is to be copied. */
  wants: (lookup: LookupRequest) => boolean;
  /** Replaces a file of the target, given by its path below `to`, as a whole. */
  write: (path: string, bytes: Buffer) => Promise<void>;
}

/** Records that are proved at once: they share most of their tiles. */
const BATCH = 256;

/** Copies the records that are wanted and can be proved; others are faults. Throws STORAGE if the target cannot be written. */
export async function copyChecksums(options: CopyChecksumsOptions): Promise<CopiedChecksums> {
  const { verifier } = options;
  const copied: CopiedChecksums = {
    database: verifier.name,
    treeSize: 0,
    added: 0,
    same: 0,
    faults: [],
  };
  try {
    const tree = await joinTrees(options);
    if (tree === undefined) return copied;
    copied.treeSize = tree.size;
    const batch: LookupRequest[] = [];
    for await (const lookup of lookupsIn(options.from)) {
      if (!options.wants(lookup)) continue;
      batch.push(lookup);
      if (batch.length === BATCH) await copyBatch(batch.splice(0), tree, options, copied);
    }
    await copyBatch(batch, tree, options, copied);
  } catch (error) {
    if (!isModhavenError(error, 'CHECKSUM_DATABASE')) throw error;
    copied.faults.push(describe(error));
  }
  return copied;
}

/** Makes the newer of both trees that of the target, once the other one is proved to be its beginning. */
async function joinTrees(options: CopyChecksumsOptions): Promise<SignedTree | undefined> {
  const { verifier, to, write } = options;
  const theirs = await sourceTree(options);
  const ours = await readTree(join(to, 'latest'), verifier);
  if (theirs === undefined) return undefined;
  const [older, newer] = ours !== undefined && ours.size > theirs.size ? [theirs, ours] : [ours, theirs];
  const hash = await proved(newer, options, (read) => treeHash(older?.size ?? newer.size, read));
  if (older !== undefined && !hash.equals(older.hash)) {
    throw new ModhavenError('CHECKSUM_DATABASE', `${verifier.name} shows two different histories`, {
      reason: `its tree of ${newer.size} records does not begin with its tree of ${older.size} records`,
      remedy: `one of the two is forged: keep both folders as evidence, and find out who answers for ${verifier.name}`,
    });
  }
  if (newer !== ours) await write('latest', newer.note);
  return newer;
}

/** The newest tree that the source has seen. */
async function sourceTree({ verifier, from, latest }: CopyChecksumsOptions): Promise<SignedTree | undefined> {
  const known =
    (await readTree(join(from, 'latest'), verifier)) ??
    (latest === undefined ? undefined : await readTree(latest, verifier));
  if (known !== undefined) return known;
  let newest: SignedTree | undefined;
  for await (const lookup of lookupsIn(from)) {
    const tree = (await readLookup(from, lookup, verifier))?.tree;
    if (tree !== undefined && tree.size > (newest?.size ?? 0)) newest = tree;
  }
  return newest;
}

/** `prove` with the tiles of the target, else with those of the source, which are then copied. */
function proved<T>(
  tree: SignedTree,
  { from, to, write }: CopyChecksumsOptions,
  prove: (read: HashReader) => Promise<T>,
): Promise<T> {
  const tiles: KeptTiles = {
    read: (tile) => readTile(to, tile),
    // A site may hold a tile that the source lacks; it is checked like any other.
    fetch: async (tile) => (await readTile(from, tile)) ?? (await readTile(to, tile)) ?? missing(tile),
    keep: (tile, bytes) => write(tilePath(tile), bytes),
  };
  return proveWithTiles(tree, tiles, prove);
}

function missing(tile: Tile): never {
  throw new ModhavenError('CHECKSUM_DATABASE', `${tilePath(tile)} is missing`, {
    remedy: 'copy newer checksum data here: modhaven warm and export, where there is a network',
  });
}

/** Copies these records: together, or if they cannot be proved together, one by one, so that only bad ones are left out. */
async function copyBatch(
  lookups: readonly LookupRequest[],
  tree: SignedTree,
  options: CopyChecksumsOptions,
  copied: CopiedChecksums,
): Promise<void> {
  if (lookups.length === 0) return;
  const { verifier, from, to, write } = options;
  try {
    const fresh: (LookedUp & { path: string })[] = [];
    let same = 0;
    for (const lookup of lookups) {
      const theirs = await readLookup(from, lookup, verifier);
      if (theirs === undefined) continue;
      const ours = await readLookup(to, lookup, verifier).catch(() => undefined); // a damaged one is made anew
      if (ours !== undefined && ours.record !== theirs.record) {
        throw new ModhavenError(
          'CHECKSUM_DATABASE',
          `${sumdbPath(lookup)} says something else at the target`,
        );
      }
      if (ours === undefined) fresh.push({ ...theirs, path: sumdbPath(lookup) });
      else same += 1;
    }
    const indexes = fresh.map(({ number }) => storedHashIndex(0, number));
    const hashes = await proved(tree, options, (read) => read(indexes));
    for (const [index, { record, path }] of fresh.entries()) {
      if (hashes[index]?.equals(recordHash(Buffer.from(record))) !== true) {
        throw new ModhavenError('CHECKSUM_DATABASE', `${path} is not in the tree of ${tree.size} records`);
      }
    }
    for (const { number, record, path } of fresh) {
      await write(path, Buffer.concat([Buffer.from(formatRecord(number, record)), tree.note]));
    }
    copied.added += fresh.length;
    copied.same += same;
  } catch (error) {
    if (!isModhavenError(error, 'CHECKSUM_DATABASE')) throw error;
    const [lookup] = lookups;
    if (lookups.length > 1) for (const each of lookups) await copyBatch([each], tree, options, copied);
    else if (lookup !== undefined) copied.faults.push(`${sumdbPath(lookup)}: ${describe(error)}`);
  }
}

function describe(error: ModhavenError): string {
  return [errorMessage(error), error.reason, error.remedy].filter((part) => part !== undefined).join('; ');
}
