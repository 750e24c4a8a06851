/**
 * The tiles of one public checksum database: kept, and kept only as a signed tree has them.
 *
 * A tile is the beginning of the same tile in a larger tree. So what a client asks for, at whatever width, is proved
 * and stored at the width that the current tree has, and the answer is its beginning: a tile has one file for each
 * tree that was current, not one for each width that somebody asked for.
 */
import { LRUCache } from 'lru-cache';
import { isModhavenError } from '../../errors.js';
import { readIfAny, type BlobStore } from '../../store/blob-store.js';
import { unusable } from '../../upstream/protocol.js';
import { malformed } from '../format/encoding.js';
import { formatDataTile, parseDataTile } from '../format/record.js';
import { TILE_WIDTH, readTileData, tilePath, widen, type Tile } from '../format/tile.js';
import { HASH_SIZE, recordHash, type HashReader } from '../format/tlog.js';
import type { SignedTree } from '../format/tree-head.js';
import { proveWithTiles } from './prove.js';

export interface MirroredTilesOptions {
  /** Where the tiles are kept. */
  blobs: BlobStore;
  /** The name of the database. */
  name: string;
  /** What the database says to `tile/…`. Throws as `SumdbSource.read` does. */
  fetch: (path: string) => Promise<Buffer>;
}

/** Bytes of a tile of records: 256 of them, each with two lines that hold a module path. */
const MAX_DATA_TILE = 2 * 1024 * 1024;
/** Files that need not be proved again. */
const MAX_PROVED = 20_000;

export class MirroredTiles {
  private readonly options: MirroredTilesOptions;
  /** Tiles whose files were proved, or written after they had been, since the start of this process. */
  private readonly proved = new LRUCache<string, true>({ max: MAX_PROVED });

  constructor(options: MirroredTilesOptions) {
    this.options = options;
  }

  /** The bytes of a stored tile, also as the beginning of a wider one; undefined if it is not stored. */
  async stored(wanted: Tile, tree: SignedTree | undefined): Promise<Buffer | undefined> {
    for (const tile of this.holders(wanted, tree)) {
      const file = await readIfAny(this.options.blobs, this.nameOf(tile));
      if (file !== undefined) return beginning(file.bytes, tile, wanted);
    }
    return undefined;
  }

  /** The same, if the file was proved since the start of this process. */
  async storedAndProved(wanted: Tile, tree: SignedTree | undefined): Promise<Buffer | undefined> {
    for (const tile of this.holders(wanted, tree)) {
      if (!this.proved.has(tilePath(tile))) continue;
      const file = await readIfAny(this.options.blobs, this.nameOf(tile));
      if (file !== undefined) return beginning(file.bytes, tile, wanted);
    }
    return undefined;
  }

  /**
   * The bytes of a tile, proved in `tree`; what had to be fetched for it is kept. Undefined if the tree has no such tile.
   * Throws CHECKSUM_DATABASE if what is fetched does not belong to the tree, and as `fetch` does.
   */
  async provedIn(tree: SignedTree, wanted: Tile): Promise<Buffer | undefined> {
    const hashes = { ...wanted, level: Math.max(0, wanted.level) };
    const whole = widen(hashes, tree.size);
    if (whole === undefined || whole.width < wanted.width) return undefined;
    const bytes = await this.prove(tree, (read) => readTileData(whole, read));
    this.proved.set(tilePath(whole), true);
    return wanted.level < 0
      ? this.provedRecords({ ...whole, level: wanted.level }, bytes, wanted)
      : beginning(bytes, whole, wanted);
  }

  /** The result of `prove` with stored tiles, else with tiles that are fetched again. */
  prove<T>(tree: SignedTree, prove: (read: HashReader) => Promise<T>): Promise<T> {
    const tiles = {
      read: (tile: Tile) => this.stored(tile, tree),
      fetch: (tile: Tile) => this.fetch(tile),
      keep: (tile: Tile, bytes: Buffer) => this.keep(tile, bytes),
    };
    return proveWithTiles(tree, tiles, prove);
  }

  /** The bytes of a tile as the database has it; nothing proves them yet. */
  async fetch(wanted: Tile): Promise<Buffer> {
    try {
      return await this.fetchExactly(wanted);
    } catch (error) {
      // Of a tile that has become full meanwhile there may be only the full one.
      const isPartial = wanted.width < TILE_WIDTH && wanted.level >= 0;
      if (!isPartial || !isModhavenError(error, 'MODULE_NOT_FOUND', 'VERSION_GONE')) throw error;
      const full = { ...wanted, width: TILE_WIDTH };
      const bytes = await this.fetchExactly(full).catch(() => {
        throw error;
      });
      return beginning(bytes, full, wanted);
    }
  }

  private async fetchExactly(wanted: Tile): Promise<Buffer> {
    const path = tilePath(wanted);
    const bytes = await this.options.fetch(path);
    if (wanted.level >= 0 && bytes.length !== wanted.width * HASH_SIZE) {
      throw unusable(path, `it has ${bytes.length} bytes, not ${wanted.width * HASH_SIZE}`);
    }
    if (bytes.length > MAX_DATA_TILE) throw unusable(path, `it is larger than ${MAX_DATA_TILE} bytes`);
    return bytes;
  }

  /** Records of the tile `whole`, whose hashes are `hashes`, as far as `wanted` has them. */
  private async provedRecords(whole: Tile, hashes: Buffer, wanted: Tile): Promise<Buffer> {
    const file = await readIfAny(this.options.blobs, this.nameOf(whole));
    if (file !== undefined && areRecordsOf(file.bytes, hashes)) {
      this.proved.set(tilePath(whole), true);
      return beginning(file.bytes, whole, wanted);
    }
    const bytes = await this.fetchExactly(whole);
    if (!areRecordsOf(bytes, hashes)) throw malformed(`${tilePath(whole)}: its records are not in the tree`);
    await this.keep(whole, bytes);
    return beginning(bytes, whole, wanted);
  }

  private async keep(tile: Tile, bytes: Buffer): Promise<void> {
    await this.options.blobs.replace(this.nameOf(tile), bytes);
    this.proved.set(tilePath(tile), true);
  }

  /** The tiles that hold all of `wanted`, of those that may be stored. */
  private holders(wanted: Tile, tree: SignedTree | undefined): Tile[] {
    const level = Math.max(0, wanted.level);
    const width = tree === undefined ? undefined : widen({ ...wanted, level }, tree.size)?.width;
    const widths = new Set([wanted.width, TILE_WIDTH, width ?? 0]);
    return [...widths].filter((each) => each >= wanted.width).map((each) => ({ ...wanted, width: each }));
  }

  private nameOf(tile: Tile): string {
    return `${this.options.name}/${tilePath(tile)}`;
  }
}

/** What `wanted` has of the bytes of `tile`, which is the same tile or a wider one. */
function beginning(bytes: Buffer, tile: Tile, wanted: Tile): Buffer {
  if (tile.width === wanted.width) return bytes;
  if (wanted.level >= 0) return bytes.subarray(0, wanted.width * HASH_SIZE);
  return Buffer.from(formatDataTile(parseDataTile(bytes).slice(0, wanted.width)));
}

function areRecordsOf(bytes: Buffer, hashes: Buffer): boolean {
  try {
    const found = parseDataTile(bytes).map((record) => recordHash(Buffer.from(record)));
    return Buffer.concat(found).equals(hashes);
  } catch (error) {
    if (isModhavenError(error)) return false;
    throw error;
  }
}
