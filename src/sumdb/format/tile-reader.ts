/**
 * Reads hashes of a tree from tiles that are not trusted, and checks every one of them (package
 * golang.org/x/mod/sumdb/tlog, "TileHashReader").
 *
 * First the tiles of the right edge: they are what they should be if the root hash of the tree follows from them. Every
 * other tile is full and below one that was checked before, whose hash over it must be the one that its bytes have. A
 * tile whose bytes were not checked is never read from and never saved (CVE-2026-56865 was such a gap).
 */
import { malformed } from './encoding.js';
import {
  edgeTiles,
  hashFromTile,
  locate,
  parentOf,
  subtreeHash,
  tilePath,
  widen,
  type Tile,
} from './tile.js';
import {
  HASH_SIZE,
  joinSubtrees,
  perfectSubtrees,
  storedHashCount,
  storedHashIndex,
  type HashReader,
  type Tree,
} from './tlog.js';

export interface TileSource {
  height: number;
  /** The bytes of the tile, from wherever. */
  read(tile: Tile): Promise<Buffer>;
  /** Told of tiles that were checked against the tree. */
  checked(tile: Tile, data: Buffer): void;
}

interface TileRead {
  tile: Tile;
  data: Buffer;
}

/** A reader of the hashes of `tree`. It rejects with CHECKSUM_DATABASE for tiles that do not belong to the tree. */
export function tileHashReader(tree: Tree, source: TileSource): HashReader {
  return async (indexes) => {
    if (indexes.some((index) => index < 0 || index >= storedHashCount(tree.size))) {
      throw malformed('question: the tree has no such hash');
    }
    if (tree.size === 0) return [];
    const edge = edgeTiles(source.height, tree.size);
    const plan = new Map(edge.map((tile) => [tilePath(tile), tile]));
    for (const index of indexes) addWithParents(locate(source.height, index).tile, plan);
    const tiles = await readAll([...plan.values()]);
    checkEdge(tiles);
    const inEdge = new Set(edge.map(tilePath));
    for (const [path, read] of tiles) if (!inEdge.has(path)) checkBelow(read, tiles);
    for (const { tile, data } of tiles.values()) source.checked(tile, data);
    return indexes.map((index) => hashIn(tiles, index));
  };

  /** Parents before children, so that they are checked first. */
  function addWithParents(place: Tile, plan: Map<string, Tile>): void {
    const tile = widen(place, tree.size);
    if (tile === undefined || plan.has(tilePath(tile))) return;
    const parent = parentOf(tile, tree.size);
    if (parent !== undefined) addWithParents(parent, plan);
    plan.set(tilePath(tile), tile);
  }

  async function readAll(tiles: Tile[]): Promise<Map<string, TileRead>> {
    const reads = await Promise.all(tiles.map(async (tile) => ({ tile, data: await source.read(tile) })));
    for (const { tile, data } of reads) {
      if (data.length !== tile.width * HASH_SIZE) {
        throw malformed(`${tilePath(tile)}: it has ${data.length} bytes`);
      }
    }
    return new Map(reads.map((read) => [tilePath(read.tile), read]));
  }

  function checkEdge(tiles: Map<string, TileRead>): void {
    const subtrees = perfectSubtrees({ from: 0, to: tree.size });
    const root = joinSubtrees(subtrees.map((index) => hashIn(tiles, index)));
    if (!root.equals(tree.hash)) throw inconsistent([...tiles.values()].map(({ tile }) => tile));
  }

  function checkBelow({ tile, data }: TileRead, tiles: Map<string, TileRead>): void {
    const over = storedHashIndex((tile.level + 1) * source.height, tile.number);
    if (tile.width !== 2 ** source.height || !hashIn(tiles, over).equals(subtreeHash(data))) {
      throw inconsistent([tile]);
    }
  }

  function hashIn(tiles: Map<string, TileRead>, index: number): Buffer {
    const tile = widen(locate(source.height, index).tile, tree.size);
    const read = tile === undefined ? undefined : tiles.get(tilePath(tile));
    const hash = read === undefined ? undefined : hashFromTile(read.tile, read.data, index);
    if (hash === undefined) throw malformed('tile: a hash is not where it should be');
    return hash;
  }

  function inconsistent(tiles: Tile[]): Error {
    const paths = tiles.map(tilePath).join(', ');
    return malformed(`tree of ${tree.size} records: its hash does not follow from ${paths}`);
  }
}
