/** What a tree has when records are added one by one: the log itself keeps its frontier alone and needs none of this. */
import type { Tile } from '../../../src/sumdb/format/tile.js';
import { nodeHash, storedHashIndex, type HashReader } from '../../../src/sumdb/format/tlog.js';

/** The tiles of hashes that a tree has when it has grown and did not have before, partial ones as they are then. */
export function newTiles(height: number, oldSize: number, newSize: number): Tile[] {
  const tiles: Tile[] = [];
  const full = 2 ** height;
  for (let level = 0; ; level += 1) {
    const before = Math.floor(oldSize / full ** level);
    const after = Math.floor(newSize / full ** level);
    if (after === 0) return tiles;
    if (after === before) continue;
    const last = Math.floor(after / full);
    for (let number = Math.floor(before / full); number < last; number += 1) {
      tiles.push({ height, level, number, width: full });
    }
    const width = after - last * full;
    if (width > 0) tiles.push({ height, level, number: last, width });
  }
}

/** The hashes that become known with record `number`: its own, and those of the subtrees that end with it. */
export async function newStoredHashes(number: number, leaf: Buffer, read: HashReader): Promise<Buffer[]> {
  const levels = trailingZeros(number + 1);
  const indexes = Array.from({ length: levels }, (_, level) =>
    storedHashIndex(level, Math.floor(number / 2 ** level) - 1),
  );
  const hashes = [leaf];
  let subtree = leaf;
  for (const left of await read(indexes)) {
    subtree = nodeHash(left, subtree);
    hashes.push(subtree);
  }
  return hashes;
}

function trailingZeros(number: number): number {
  let zeros = 0;
  for (let rest = number; rest % 2 === 0; rest /= 2) zeros += 1;
  return zeros;
}
