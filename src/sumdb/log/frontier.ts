/**
 * The right edge of a growing log: of each level of tiles the hashes of the last, incomplete one. The root hash, and
 * every tile as it becomes full, follow from it, so that nothing else of a log has to be held in memory: less than
 * 256 hashes a level, and a level for each factor of 256 in size.
 */
import { TILE_HEIGHT, TILE_WIDTH, subtreeHash, type Tile } from '../format/tile.js';
import { EMPTY_HASH, HASH_SIZE, joinSubtrees, type Tree } from '../format/tlog.js';

export interface Frontier {
  /** Number of records. */
  readonly size: number;
  /** Hashes of the last tile of each level, lowest level first. */
  readonly levels: readonly (readonly Buffer[])[];
}

/** A tile that became full. */
export interface FullTile {
  tile: Tile;
  data: Buffer;
}

export const EMPTY_FRONTIER: Frontier = { size: 0, levels: [] };

/** The edge after one more record, and the tiles that it completes, lowest level first. */
export function extend(frontier: Frontier, leaf: Buffer): { frontier: Frontier; full: FullTile[] } {
  const levels = [...frontier.levels];
  const full: FullTile[] = [];
  let hash = leaf;
  for (let level = 0; ; level += 1) {
    const row = [...(levels[level] ?? []), hash];
    if (row.length < TILE_WIDTH) {
      levels[level] = row;
      return { frontier: { size: frontier.size + 1, levels }, full };
    }
    const data = Buffer.concat(row);
    const number = Math.floor(frontier.size / TILE_WIDTH ** (level + 1));
    full.push({ tile: { height: TILE_HEIGHT, level, number, width: TILE_WIDTH }, data });
    levels[level] = [];
    hash = subtreeHash(data);
  }
}

/** The tree of all records so far. */
export function treeOf({ size, levels }: Frontier): Tree {
  const subtrees = levels.toReversed().flatMap(perfectParts);
  return { size, hash: subtrees.length === 0 ? EMPTY_HASH : joinSubtrees(subtrees) };
}

/** The bytes of a tile that is not full yet, as far as `tile` is wide; undefined if it is another, or narrower. */
export function partialTile({ size, levels }: Frontier, tile: Tile): Buffer | undefined {
  const row = levels[tile.level] ?? [];
  const last = Math.floor(size / TILE_WIDTH ** (tile.level + 1));
  if (tile.number !== last || tile.width > row.length) return undefined;
  return Buffer.concat(row.slice(0, tile.width));
}

/** The hashes over the largest perfect subtrees that a row of neighbouring hashes splits into. */
function perfectParts(row: readonly Buffer[]): Buffer[] {
  const parts: Buffer[] = [];
  const bytes = Buffer.concat(row);
  let at = 0;
  for (let width = TILE_WIDTH / 2; width >= 1; width /= 2) {
    if (row.length - at < width) continue;
    parts.push(subtreeHash(bytes.subarray(at * HASH_SIZE, (at + width) * HASH_SIZE)));
    at += width;
  }
  return parts;
}
