import { describe, expect, it } from 'vitest';
import { readTileData, tilePath } from '../../../src/sumdb/format/tile.js';
import { EMPTY_HASH, recordHash } from '../../../src/sumdb/format/tlog.js';
import {
  EMPTY_FRONTIER,
  extend,
  partialTile,
  treeOf,
  type Frontier,
  type FullTile,
} from '../../../src/sumdb/log/frontier.js';
import { leaves, memoryLog } from '../format/leaves.js';
import { newTiles } from '../format/growing-tree.js';

const SIZE = 600;

async function grow() {
  const truth = await memoryLog(leaves(SIZE));
  const steps: { frontier: Frontier; full: FullTile[] }[] = [{ frontier: EMPTY_FRONTIER, full: [] }];
  for (const record of truth.records) {
    steps.push(extend(steps.at(-1)?.frontier ?? EMPTY_FRONTIER, recordHash(Buffer.from(record))));
  }
  return { truth, steps };
}

describe('a frontier', () => {
  it('has the root hash of the tree at every size', async () => {
    const { truth, steps } = await grow();
    for (const [size, { frontier }] of steps.entries()) {
      expect(treeOf(frontier)).toEqual(await truth.tree(size));
    }
    expect(treeOf(EMPTY_FRONTIER)).toEqual({ size: 0, hash: EMPTY_HASH });
  });

  it('gives out each tile when it becomes full, once', async () => {
    const { truth, steps } = await grow();
    const full = steps.flatMap(({ full: tiles }, size) => tiles.map((tile) => ({ ...tile, size })));
    expect(full.map(({ tile, size }) => `${size} ${tilePath(tile)}`)).toEqual([
      '256 tile/8/0/000',
      '512 tile/8/0/001',
    ]);
    for (const { tile, data } of full) expect(data).toEqual(await readTileData(tile, truth.read));
  });

  it('has the tiles that are not full, also as they were when they were smaller', async () => {
    const { truth, steps } = await grow();
    const { frontier } = steps[SIZE] ?? { frontier: EMPTY_FRONTIER };
    for (const tile of newTiles(8, 512, SIZE)) {
      if (tile.width === 256) continue;
      expect(partialTile(frontier, tile), tilePath(tile)).toEqual(await readTileData(tile, truth.read));
      expect(partialTile(frontier, { ...tile, width: 1 })).toEqual(
        await readTileData({ ...tile, width: 1 }, truth.read),
      );
      expect(partialTile(frontier, { ...tile, width: tile.width + 1 })).toBeUndefined();
      expect(partialTile(frontier, { ...tile, number: tile.number + 1 })).toBeUndefined();
    }
    expect(partialTile(frontier, { height: 8, level: 0, number: 1, width: 1 })).toBeUndefined();
    expect(partialTile(frontier, { height: 8, level: 5, number: 0, width: 1 })).toBeUndefined();
  });

  it('is not changed by what comes after it', () => {
    const one = extend(EMPTY_FRONTIER, recordHash(Buffer.from('a'))).frontier;
    const before = treeOf(one);
    extend(one, recordHash(Buffer.from('b')));
    expect(treeOf(one)).toEqual(before);
    expect(EMPTY_FRONTIER).toEqual({ size: 0, levels: [] });
  });
});
