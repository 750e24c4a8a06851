/**
 * Asks a checksum database that nobody has to trust, through whoever passes its answers on (package
 * golang.org/x/mod/sumdb, "Client").
 *
 * An answer counts if its record is in the newest signed tree that was ever seen here, the tree it came with is of the
 * same history as that one, and the record is about the very version that was asked for. All of this follows from tiles
 * of hashes, which are checked against the tree and may come from anywhere.
 */
import { LRUCache } from 'lru-cache';
import type { Logger } from 'pino';
import { ModhavenError, isModhavenError } from '../../errors.js';
import type { ModulePath } from '../../module/module-path.js';
import { createSingleflight } from '../../concurrency/singleflight.js';
import type { Verifier } from '../format/note.js';
import { parseRecord, sumsIn, type GoSums } from '../format/record.js';
import { sumdbPath } from '../format/request.js';
import { TILE_HEIGHT, tilePath, type Tile } from '../format/tile.js';
import { tileHashReader, type TileSource } from '../format/tile-reader.js';
import { HASH_SIZE, recordHash, storedHashIndex, treeHash, type HashReader } from '../format/tlog.js';
import { openTree, type SignedTree } from '../format/tree-head.js';

export interface SumdbClient {
  /**
   * The hashes of a version, proved. Throws MODULE_NOT_FOUND or VERSION_GONE if the database does not know it, a HOST_ code if
   * it cannot be asked, and CHECKSUM_DATABASE if its answer is not proved.
   */
  lookup(module: ModulePath, version: string): Promise<GoSums>;
}

/** Where the newest signed tree that was seen is kept. */
export interface SeenTree {
  /** Undefined if none was ever seen. */
  read(): Promise<Buffer | undefined>;
  write(note: Buffer): Promise<void>;
}

export interface SumdbClientOptions {
  verifier: Verifier;
  /** Gets `lookup/…` or `tile/…` of the database, from wherever. Throws as `lookup` does. */
  get: (path: string) => Promise<Buffer>;
  seen: SeenTree;
  log: Pick<Logger, 'error'>;
  /** Of tiles; default that of all checksum databases. */
  height?: number;
}

/** Bytes of checked tiles that are kept in memory. */
const MAX_TILES = 16 * 1024 * 1024;

export function createSumdbClient(options: SumdbClientOptions): SumdbClient {
  const { verifier, get, seen, log, height = TILE_HEIGHT } = options;
  const flights = createSingleflight();
  const checkedTiles = new LRUCache<string, Buffer>({
    maxSize: MAX_TILES,
    sizeCalculation: (data, path) => data.length + path.length,
  });
  let latest: SignedTree | undefined;
  /** Trees are taken in one after the other. */
  let merging: Promise<unknown> = Promise.resolve();

  const fetched: TileSource = {
    height,
    read: (tile) => flights.run(tilePath(tile), () => fetchTile(tile)),
    checked: (tile, data) => void checkedTiles.set(tilePath(tile), data),
  };
  const kept: TileSource = { ...fetched, read: (tile) => keptTile(tile) ?? fetched.read(tile) };

  function keptTile(tile: Tile): Promise<Buffer> | undefined {
    const full = { ...tile, width: 2 ** tile.height };
    const data = checkedTiles.get(tilePath(tile)) ?? checkedTiles.get(tilePath(full));
    return data && Promise.resolve(data.subarray(0, tile.width * HASH_SIZE));
  }

  async function fetchTile(tile: Tile): Promise<Buffer> {
    try {
      return await get(tilePath(tile));
    } catch (error) {
      // Of a tile that has become full meanwhile there may be only the full one.
      const full = { ...tile, width: 2 ** tile.height };
      if (tile.width === full.width || !isModhavenError(error, 'MODULE_NOT_FOUND', 'VERSION_GONE'))
        throw error;
      const data = await get(tilePath(full));
      if (data.length !== full.width * HASH_SIZE) throw untrusted(`${tilePath(full)} has a wrong length`);
      return data.subarray(0, tile.width * HASH_SIZE);
    }
  }

  /** What is kept was checked against another tree; where that is one of another history, it is fetched again. */
  function hashesOf(tree: SignedTree): HashReader {
    return (indexes) =>
      tileHashReader(
        tree,
        kept,
      )(indexes).catch((error: unknown) => {
        if (!isModhavenError(error, 'CHECKSUM_DATABASE')) throw error;
        return tileHashReader(tree, fetched)(indexes);
      });
  }

  /** The newest tree of the history that `head` is of. */
  function merge(head: SignedTree): Promise<SignedTree> {
    const merged = merging.then(() => mergeNow(head));
    merging = merged.catch(() => undefined);
    return merged;
  }

  async function mergeNow(head: SignedTree): Promise<SignedTree> {
    const known = latest ?? (await readSeen());
    latest = known;
    if (known === undefined || head.size > known.size) {
      if (known !== undefined) await checkGrowth(known, head);
      await seen.write(head.note);
      latest = head;
      return head;
    }
    await checkGrowth(head, known);
    return known;
  }

  async function readSeen(): Promise<SignedTree | undefined> {
    const note = await seen.read();
    return note === undefined ? undefined : openTree(note, verifier);
  }

  async function checkGrowth(older: SignedTree, newer: SignedTree): Promise<void> {
    const hash = await treeHash(older.size, hashesOf(newer));
    if (hash.equals(older.hash)) return;
    log.error(
      { database: verifier.name, older: older.note.toString(), newer: newer.note.toString() },
      'SECURITY: the checksum database has signed two histories',
    );
    throw untrusted(
      `it has signed two histories: that of ${newer.size} records did not grow from that of ${older.size}`,
    );
  }

  function untrusted(reason: string): ModhavenError {
    return new ModhavenError('CHECKSUM_DATABASE', `SECURITY: ${verifier.name} cannot be trusted`, {
      reason,
      remedy: 'somebody on the way, or the database, answers falsely: tell the security officer; see the log',
    });
  }

  return {
    async lookup(module, version) {
      const answer = await get(sumdbPath({ kind: 'lookup', module, version }));
      const { number, record, rest } = parseRecord(answer);
      const tree = await merge(openTree(rest, verifier));
      if (number >= tree.size) throw untrusted(`record ${number} is in no tree of ${tree.size} records`);
      const [hash] = await hashesOf(tree)([storedHashIndex(0, number)]);
      if (hash?.equals(recordHash(Buffer.from(record))) !== true)
        throw untrusted(`its answer for ${module}@${version} is not in its signed tree`);
      const sums = sumsIn(record, module, version);
      if (sums === undefined) throw untrusted(`its answer for ${module}@${version} is about something else`);
      return sums;
    },
  };
}
