/** Proves something in a signed tree with tiles that are kept here, and keeps those that had to be fetched. */
import { isModhavenError } from '../../errors.js';
import { tileHashReader } from '../format/tile-reader.js';
import { TILE_HEIGHT, tilePath, type Tile } from '../format/tile.js';
import type { HashReader } from '../format/tlog.js';
import type { SignedTree } from '../format/tree-head.js';

export interface KeptTiles {
  /** The bytes of a tile that is kept, also as the beginning of the full one; undefined if it is not. */
  read(tile: Tile): Promise<Buffer | undefined>;
  /** The bytes of a tile from elsewhere. */
  fetch(tile: Tile): Promise<Buffer>;
  /** Keeps a fetched tile, which was checked against the tree. */
  keep(tile: Tile, bytes: Buffer): Promise<void>;
}

/**
 * The result of `prove`, which reads hashes of `tree`. Kept tiles are read first; if they prove nothing, because one of
 * them is damaged, all tiles are fetched again. Throws CHECKSUM_DATABASE if fetched tiles prove nothing either.
 */
export async function proveWithTiles<T>(
  tree: SignedTree,
  tiles: KeptTiles,
  prove: (read: HashReader) => Promise<T>,
): Promise<T> {
  try {
    return await prove(keepingReader(tree, tiles));
  } catch (error) {
    if (!isModhavenError(error, 'CHECKSUM_DATABASE')) throw error;
    return prove(keepingReader(tree, { ...tiles, read: () => Promise.resolve(undefined) }));
  }
}

/** Reads and checks hashes of `tree`; what was fetched for them is kept before they are returned. */
function keepingReader(tree: SignedTree, tiles: KeptTiles): HashReader {
  const kept = new Set<string>();
  const fetched: { tile: Tile; bytes: Buffer }[] = [];
  const read = tileHashReader(tree, {
    height: TILE_HEIGHT,
    read: async (tile) => {
      const bytes = await tiles.read(tile);
      if (bytes === undefined) return tiles.fetch(tile);
      kept.add(tilePath(tile));
      return bytes;
    },
    checked: (tile, bytes) => {
      if (!kept.has(tilePath(tile))) fetched.push({ tile, bytes });
    },
  });
  return async (indexes) => {
    const hashes = await read(indexes);
    await Promise.all(fetched.splice(0).map(({ tile, bytes }) => tiles.keep(tile, bytes)));
    return hashes;
  };
}
