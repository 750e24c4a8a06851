/**
 * The files of a checksum database in a folder: `<root>/sumdb/NAME/{latest,lookup/…,tile/…}`, as `GOPROXY=file://` reads it
 * and as `go` keeps it in GOMODCACHE/cache/download.
 */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { isModhavenError } from '../errors.js';
import type { ModulePath } from '../module/module-path.js';
import { knownDatabase } from '../sumdb/client/known-databases.js';
import type { Verifier } from '../sumdb/format/note.js';
import { parseRecord, sumsIn } from '../sumdb/format/record.js';
import {
  parseSumdbRequest,
  sumdbPath,
  type LookupRequest,
  type SumdbRequest,
} from '../sumdb/format/request.js';
import { malformed } from '../sumdb/format/encoding.js';
import { TILE_WIDTH, tilePath, type Tile } from '../sumdb/format/tile.js';
import { HASH_SIZE } from '../sumdb/format/tlog.js';
import { openTree, type SignedTree } from '../sumdb/format/tree-head.js';
import { absentAsUndefined } from '../fs/file-errors.js';
import { readRegular } from '../fs/regular-file.js';
import type { RecordedSum } from './request-list.js';

/** The answer to a lookup. */
export interface LookedUp {
  /** Of the record in the database. */
  number: number;
  record: string;
  /** The tree that it came with. */
  tree: SignedTree;
}

/** The databases below `root` whose keys are known: records of others could not be checked. */
export async function databasesIn(root: string): Promise<Verifier[]> {
  const names = (await absentAsUndefined(readdir(join(root, 'sumdb')))) ?? [];
  return names
    .sort()
    .map((name) => knownDatabase(name))
    .filter((verifier) => verifier !== undefined);
}

/** The signed tree in `file`; undefined if there is none. Throws CHECKSUM_DATABASE if `verifier` did not sign it. */
export async function readTree(file: string, verifier: Verifier): Promise<SignedTree | undefined> {
  const note = await absentAsUndefined(readRegular(file));
  return note === undefined ? undefined : openTree(note, verifier);
}

/** The answer to `lookup` that `dir` keeps; undefined if there is none. Throws CHECKSUM_DATABASE if the file is not such an answer. */
export async function readLookup(
  dir: string,
  lookup: LookupRequest,
  verifier: Verifier,
): Promise<LookedUp | undefined> {
  const path = sumdbPath(lookup);
  const bytes = await absentAsUndefined(readRegular(join(dir, path)));
  if (bytes === undefined) return undefined;
  const { number, record, rest } = parseRecord(bytes);
  const tree = openTree(rest, verifier);
  if (sumsIn(record, lookup.module, lookup.version) === undefined || number >= tree.size) {
    throw malformed(`answer in ${path}`);
  }
  return { number, record, tree };
}

/** The bytes of `tile` that `dir` keeps, also as the beginning of the full one; undefined if there are none. */
export async function readTile(dir: string, tile: Tile): Promise<Buffer | undefined> {
  const exact = await absentAsUndefined(readRegular(join(dir, tilePath(tile))));
  if (exact !== undefined || tile.width === TILE_WIDTH) return exact;
  const full = await absentAsUndefined(readRegular(join(dir, tilePath({ ...tile, width: TILE_WIDTH }))));
  return full?.subarray(0, tile.width * HASH_SIZE);
}

/** The versions that `dir` keeps answers about. Files of another form are skipped. */
export async function* lookupsIn(dir: string): AsyncGenerator<LookupRequest> {
  for await (const path of filesBelow(dir, 'lookup')) {
    const request = readRequest(path);
    if (request?.kind === 'lookup' && sumdbPath(request) === path) yield request;
  }
}

/** The tiles that `dir` keeps. */
export async function* tilesIn(dir: string): AsyncGenerator<Tile> {
  for await (const path of filesBelow(dir, 'tile')) {
    const request = readRequest(path);
    if (request?.kind === 'tile') yield request.tile;
  }
}

/** The hashes of a version in the answers that `roots` keep. Answers that cannot be read are left out. */
export async function recordedSums(
  roots: readonly string[],
  module: ModulePath,
  version: string,
): Promise<RecordedSum[]> {
  const sums: RecordedSum[] = [];
  for (const root of roots) {
    for (const verifier of await databasesIn(root)) {
      const lookup: LookupRequest = { kind: 'lookup', module, version };
      const answer = await readLookup(join(root, 'sumdb', verifier.name), lookup, verifier).catch(
        () => undefined,
      );
      const found = answer === undefined ? undefined : sumsIn(answer.record, module, version);
      if (found === undefined) continue;
      const place = verifier.name;
      sums.push({ kind: 'zip', hash: found.zip, place }, { kind: 'mod', hash: found.mod, place });
    }
    if (sums.length > 0) break;
  }
  return sums;
}

function readRequest(path: string): SumdbRequest | undefined {
  try {
    return parseSumdbRequest(path);
  } catch (error) {
    if (isModhavenError(error)) return undefined;
    throw error;
  }
}

/** Paths of files below `dir`, with slashes. */
async function* filesBelow(dir: string, path: string): AsyncGenerator<string> {
  const entries = (await absentAsUndefined(readdir(join(dir, path), { withFileTypes: true }))) ?? [];
  for (const entry of entries) {
    if (entry.isDirectory()) yield* filesBelow(dir, `${path}/${entry.name}`);
    else yield `${path}/${entry.name}`;
  }
}
