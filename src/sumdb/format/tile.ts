/**
 * Tiles: the pieces in which a log publishes its hashes (package golang.org/x/mod/sumdb/tlog, "Tile"). Pure.
 *
 * A tile of height H at level L holds the hashes of up to 2^H neighbouring subtrees of level H*L; those above them, up to
 * where the next level of tiles begins, follow from them. A tile that is not full yet says how wide it is. Level -1 is
 * the records themselves.
 *
 *     tile/8/0/x001/234          full
 *     tile/8/1/003.p/17          17 of 256 hashes
 *     tile/8/data/000            the first 256 records
 */
import { parseCount } from './encoding.js';
import {
  HASH_SIZE,
  nodeHash,
  perfectSubtrees,
  splitStoredHashIndex,
  storedHashIndex,
  type HashReader,
} from './tlog.js';

export interface Tile {
  /** 1 to 30. */
  height: number;
  /** 0 to 63; -1 for records. */
  level: number;
  /** Which one of its level. */
  number: number;
  /** How many hashes or records it holds, 1 to 2^height. */
  width: number;
}

/** The height that checksum databases use. */
export const TILE_HEIGHT = 8;
/** Hashes in a full tile of this height. */
export const TILE_WIDTH = 2 ** TILE_HEIGHT;

const MAX_HEIGHT = 30;
const MAX_LEVEL = 63;

export function tilePath({ height, level, number, width }: Tile): string {
  const groups: string[] = [];
  for (let rest = number; groups.length === 0 || rest > 0; rest = Math.floor(rest / 1000)) {
    const digits = String(rest % 1000).padStart(3, '0');
    groups.unshift(groups.length === 0 ? digits : `x${digits}`);
  }
  const partial = width === 2 ** height ? '' : `.p/${width}`;
  return `tile/${height}/${level === -1 ? 'data' : level}/${groups.join('/')}${partial}`;
}

/** The tile that a path names; undefined if it names none, or not in its one form. */
export function parseTilePath(path: string): Tile | undefined {
  const [, heightText = '', levelText = '', groups = '', widthText] =
    /^tile\/(\d+)\/(\d+|data)\/((?:x\d{3}\/){0,5}\d{3})(?:\.p\/(\d+))?$/.exec(path) ?? [];
  const height = parseCount(heightText) ?? 0;
  const level = levelText === 'data' ? -1 : (parseCount(levelText) ?? Infinity);
  const number = Number(groups.replace(/[x/]/g, ''));
  const width = widthText === undefined ? 2 ** height : (parseCount(widthText) ?? 0);
  if (height < 1 || height > MAX_HEIGHT || level > MAX_LEVEL || width < 1 || width > 2 ** height) {
    return undefined;
  }
  const tile = { height, level, number, width };
  return tilePath(tile) === path ? tile : undefined;
}

/** The smallest tile that holds (or implies) a stored hash, and the number of hashes before and up to it in there. */
export function locate(height: number, index: number): { tile: Tile; start: number; end: number } {
  const stored = splitStoredHashIndex(index);
  const level = Math.floor(stored.level / height);
  const span = 2 ** (stored.level - level * height);
  const first = stored.number * span;
  const number = Math.floor(first / 2 ** height);
  const start = first - number * 2 ** height;
  return { tile: { height, level, number, width: start + span }, start, end: start + span };
}

/** A stored hash out of the bytes of a tile; undefined if it is in another one, or the bytes are too few. */
export function hashFromTile(tile: Tile, data: Buffer, index: number): Buffer | undefined {
  const { tile: needed, start, end } = locate(tile.height, index);
  if (tile.level !== needed.level || tile.number !== needed.number || tile.width < needed.width) {
    return undefined;
  }
  if (data.length < tile.width * HASH_SIZE) return undefined;
  return subtreeHash(data.subarray(start * HASH_SIZE, end * HASH_SIZE));
}

/** The hash over the bytes of 2^n neighbouring hashes. */
export function subtreeHash(hashes: Buffer): Buffer {
  if (hashes.length <= HASH_SIZE) return Buffer.from(hashes);
  const half = hashes.length / 2;
  return nodeHash(subtreeHash(hashes.subarray(0, half)), subtreeHash(hashes.subarray(half)));
}

/** The bytes of a tile of hashes. */
export async function readTileData(tile: Tile, read: HashReader): Promise<Buffer> {
  const first = tile.number * 2 ** tile.height;
  const indexes = Array.from({ length: tile.width }, (_, i) =>
    storedHashIndex(tile.height * tile.level, first + i),
  );
  return Buffer.concat(await read(indexes));
}

/** The tiles that together hold the whole right edge of a tree: its root hash follows from them. */
export function edgeTiles(height: number, size: number): Tile[] {
  const tiles = perfectSubtrees({ from: 0, to: size }).map(
    (index) => widen(locate(height, index).tile, size) ?? locate(height, index).tile,
  );
  const byPath = new Map(tiles.map((tile) => [tilePath(tile), tile]));
  return [...byPath.values()];
}

/** The tile at the place of `tile` as wide as a tree of `size` records has it; undefined if the tree has none there. */
export function widen(tile: Tile, size: number): Tile | undefined {
  const full = 2 ** tile.height;
  const hashes = Math.floor(size / full ** tile.level);
  const width = Math.min(full, hashes - tile.number * full);
  return width > 0 ? { ...tile, width } : undefined;
}

/** The tile above, which holds the hash over `tile`, as a tree of `size` records has it. */
export function parentOf(tile: Tile, size: number): Tile | undefined {
  const { height, level, number } = tile;
  return widen({ height, level: level + 1, number: Math.floor(number / 2 ** height), width: 1 }, size);
}
