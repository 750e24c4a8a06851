/**
 * Asks a checksum database without trusting it, through any server that passes its answers on (package
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
  return new ProvingClient(options);
}

class ProvingClient implements SumdbClient {
  private readonly options: SumdbClientOptions;
  private readonly flights = createSingleflight();
  private readonly checkedTiles = new LRUCache<string, Buffer>({
    maxSize: MAX_TILES,
    sizeCalculation: (data, path) => data.length + path.length,
  });
  private latest: SignedTree | undefined;
  /** Trees are taken in one after the other. */
  private merging: Promise<unknown> = Promise.resolve();
  private readonly fetched: TileSource;
  private readonly kept: TileSource;

  constructor(options: SumdbClientOptions) {
    this.options = options;
    this.fetched = {
      height: options.height ?? TILE_HEIGHT,
      read: (tile) => this.flights.run(tilePath(tile), () => this.fetchTile(tile)),
      checked: (tile, data) => void this.checkedTiles.set(tilePath(tile), data),
    };
    this.kept = { ...this.fetched, read: (tile) => this.keptTile(tile) ?? this.fetched.read(tile) };
  }

  async lookup(module: ModulePath, version: string): Promise<GoSums> {
    const answer = await this.options.get(sumdbPath({ kind: 'lookup', module, version }));
    const { number, record, rest } = parseRecord(answer);
    const tree = await this.merge(openTree(rest, this.options.verifier));
    if (number >= tree.size) throw this.untrusted(`record ${number} is in no tree of ${tree.size} records`);
    const [hash] = await this.hashesOf(tree)([storedHashIndex(0, number)]);
    if (hash?.equals(recordHash(Buffer.from(record))) !== true) {
      throw this.untrusted(`its answer for ${module}@${version} is not in its signed tree`);
    }
    const sums = sumsIn(record, module, version);
    if (sums === undefined) {
      throw this.untrusted(`its answer for ${module}@${version} is about something else`);
    }
    return sums;
  }

  private keptTile(tile: Tile): Promise<Buffer> | undefined {
    const full = { ...tile, width: 2 ** tile.height };
    const data = this.checkedTiles.get(tilePath(tile)) ?? this.checkedTiles.get(tilePath(full));
    return data && Promise.resolve(data.subarray(0, tile.width * HASH_SIZE));
  }

  private async fetchTile(tile: Tile): Promise<Buffer> {
    try {
      return await this.options.get(tilePath(tile));
    } catch (error) {
      // Of a tile that has become full meanwhile there may be only the full one.
      const full = { ...tile, width: 2 ** tile.height };
      if (tile.width === full.width || !isModhavenError(error, 'MODULE_NOT_FOUND', 'VERSION_GONE')) {
        throw error;
      }
      const data = await this.options.get(tilePath(full));
      if (data.length !== full.width * HASH_SIZE) {
        throw this.untrusted(`${tilePath(full)} has a wrong length`);
      }
      return data.subarray(0, tile.width * HASH_SIZE);
    }
  }

  /** What is kept was checked against another tree; where that is one of another history, it is fetched again. */
  private hashesOf(tree: SignedTree): HashReader {
    return (indexes) =>
      tileHashReader(
        tree,
        this.kept,
      )(indexes).catch((error: unknown) => {
        if (!isModhavenError(error, 'CHECKSUM_DATABASE')) throw error;
        return tileHashReader(tree, this.fetched)(indexes);
      });
  }

  /** The newest tree of the history that `head` is of. */
  private merge(head: SignedTree): Promise<SignedTree> {
    const merged = this.merging.then(() => this.mergeNow(head));
    this.merging = merged.catch(() => undefined);
    return merged;
  }

  private async mergeNow(head: SignedTree): Promise<SignedTree> {
    const known = this.latest ?? (await this.readSeen());
    this.latest = known;
    if (known === undefined || head.size > known.size) {
      if (known !== undefined) await this.checkGrowth(known, head);
      await this.options.seen.write(head.note);
      this.latest = head;
      return head;
    }
    await this.checkGrowth(head, known);
    return known;
  }

  private async readSeen(): Promise<SignedTree | undefined> {
    const note = await this.options.seen.read();
    return note === undefined ? undefined : openTree(note, this.options.verifier);
  }

  private async checkGrowth(older: SignedTree, newer: SignedTree): Promise<void> {
    const hash = await treeHash(older.size, this.hashesOf(newer));
    if (hash.equals(older.hash)) return;
    this.options.log.error(
      { database: this.options.verifier.name, older: older.note.toString(), newer: newer.note.toString() },
      'SECURITY: the checksum database has signed two histories',
    );
    throw this.untrusted(
      `it has signed two histories: that of ${newer.size} records did not grow from that of ${older.size}`,
    );
  }

  private untrusted(reason: string): ModhavenError {
    return new ModhavenError(
      'CHECKSUM_DATABASE',
      `SECURITY: ${this.options.verifier.name} cannot be trusted`,
      {
        reason,
        remedy:
          'the database, or a server on the way, answers falsely: tell the security officer; see the log',
      },
    );
  }
}
