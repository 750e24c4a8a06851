/** Tiles and their authenticated reading, with the cases of golang.org/x/mod/sumdb/tlog's own tests. */
import { beforeAll, describe, expect, it } from 'vitest';
import { proveRecord, proveTree, provesRecord, provesTree } from './proof.js';
import {
  hashFromTile,
  locate,
  parseTilePath,
  readTileData,
  tilePath,
  type Tile,
} from '../../../src/sumdb/format/tile.js';
import { tileHashReader, type TileSource } from '../../../src/sumdb/format/tile-reader.js';
import {
  HASH_SIZE,
  recordHash,
  storedHashCount,
  storedHashIndex,
  treeHash,
} from '../../../src/sumdb/format/tlog.js';
import { leaves, memoryLog, type MemoryLog } from './leaves.js';
import { newTiles } from './growing-tree.js';

describe('the path of a tile', () => {
  it.each<[string, Tile]>([
    ['tile/4/0/001', { height: 4, level: 0, number: 1, width: 16 }],
    ['tile/4/0/001.p/5', { height: 4, level: 0, number: 1, width: 5 }],
    ['tile/3/5/x123/x456/078', { height: 3, level: 5, number: 123456078, width: 8 }],
    ['tile/3/5/x123/x456/078.p/2', { height: 3, level: 5, number: 123456078, width: 2 }],
    ['tile/1/0/x003/x057/500', { height: 1, level: 0, number: 3057500, width: 2 }],
    ['tile/1/data/x003/x057/500', { height: 1, level: -1, number: 3057500, width: 2 }],
  ])('%s', (path, tile) => {
    expect(tilePath(tile)).toBe(path);
    expect(parseTilePath(path)).toEqual(tile);
  });

  it.each([
    'tile/3/5/123/456/078',
    'tile/3/-1/123/456/078',
    'tile/3/5/x000/078',
    'tile/3/5/78',
    'tile/3/5/078.p/8',
    'tile/3/5/078.p/0',
    'tile/3/5/078.p/03',
    'tile/03/5/078',
    'tile/0/5/078',
    'tile/31/5/078',
    'tile/3/64/078',
    'tile/8/0/x999/x999/x999/x999/x999/999',
    '/tile/3/5/078',
    'tile/3/5/../078',
    'tile/3/data/078/',
  ])('is refused as %s', (path) => {
    expect(parseTilePath(path)).toBeUndefined();
  });
});

describe('the tiles that are new', () => {
  it.each([
    [1, 1, 0],
    [100, 101, 1],
    [1023, 1025, 3],
    [1024, 1030, 1],
    [1030, 2000, 1],
    [1030, 10000, 10],
    [49516517, 49516586, 3],
  ])('from %i to %i records are %i of height 10', (before, after, count) => {
    expect(newTiles(10, before, after)).toHaveLength(count);
  });
});

describe('a log of up to 100 records, in tiles of height 2', () => {
  const HEIGHT = 2;
  const SIZE = 100;
  let log: MemoryLog;
  const tiles = new Map<string, Buffer>();

  beforeAll(async () => {
    log = await memoryLog(leaves(SIZE));
    for (let size = 1; size <= SIZE; size += 1) {
      for (const tile of newTiles(HEIGHT, size - 1, size)) {
        tiles.set(tilePath(tile), await readTileData(tile, log.read));
      }
    }
  });

  interface CountingSource extends TileSource {
    /** Tiles that were read and not checked. */
    open: Set<string>;
  }

  function source(change: (tile: Tile, data: Buffer) => void = () => undefined): CountingSource {
    const open = new Set<string>();
    return {
      height: HEIGHT,
      open,
      read(tile) {
        open.add(tilePath(tile));
        const data = Buffer.from(tiles.get(tilePath(tile)) ?? '');
        change(tile, data);
        return Promise.resolve(data);
      },
      checked: (tile) => void open.delete(tilePath(tile)),
    };
  }

  /** Puts zeros in the place of a stored hash, or of those it follows from, in whatever tile holds it. */
  function zeroed(index: number): (tile: Tile, data: Buffer) => void {
    const { tile: place, start, end } = locate(HEIGHT, index);
    return (tile, data) => {
      if (tile.level === place.level && tile.number === place.number && end * HASH_SIZE <= data.length) {
        data.fill(0, start * HASH_SIZE, end * HASH_SIZE);
      }
    };
  }

  it('has tiles that only ever grow', async () => {
    for (let size = 1; size <= SIZE; size += 1) {
      for (const tile of newTiles(HEIGHT, size - 1, size)) {
        const before = tiles.get(tilePath({ ...tile, width: tile.width - 1 })) ?? Buffer.alloc(0);
        const now = tiles.get(tilePath(tile)) ?? Buffer.alloc(0);
        expect(now.length).toBe(tile.width * HASH_SIZE);
        expect(now.subarray(0, -HASH_SIZE)).toEqual(before);
      }
    }
    for (const tile of newTiles(HEIGHT, 0, SIZE)) {
      expect(await readTileData(tile, log.read)).toEqual(tiles.get(tilePath(tile)));
    }
  });

  it('has every stored hash in the smallest tile for it', () => {
    for (const [index, hash] of log.hashes.entries()) {
      const { tile } = locate(HEIGHT, index);
      const data = tiles.get(tilePath(tile)) ?? Buffer.alloc(0);
      expect(hashFromTile(tile, data, index)).toEqual(hash);
      expect(hashFromTile({ ...tile, number: tile.number + 1 }, data, index)).toBeUndefined();
      expect(hashFromTile(tile, data.subarray(1), index)).toBeUndefined();
    }
  });

  it('is read through tiles, and no tile is read without being checked', async () => {
    for (let size = 1; size <= SIZE; size += 1) {
      const tree = await log.tree(size);
      const from = source();
      const read = tileHashReader(tree, from);
      const all = Array.from({ length: storedHashCount(size) }, (_, index) => index);
      expect(await read(all)).toEqual(log.hashes.slice(0, all.length));
      for (const index of all) expect(await read([index])).toEqual([log.hashes[index]]);
      expect([...from.open]).toEqual([]);
    }
  });

  it('proves records and older trees through tiles', async () => {
    for (const size of [1, 2, 3, 4, 5, 15, 16, 17, 63, 64, 65, 99, 100]) {
      const tree = await log.tree(size);
      const read = tileHashReader(tree, source());
      for (let number = 0; number < size; number += 1) {
        const hash = recordHash(Buffer.from(`leaf ${number}`));
        expect(await read([storedHashIndex(0, number)])).toEqual([hash]);
        expect(provesRecord(await proveRecord(size, number, read), tree, number, hash)).toBe(true);
      }
      for (let before = 1; before <= size; before += 1) {
        const older = await log.tree(before);
        expect(await treeHash(before, read)).toEqual(older.hash);
        expect(provesTree(await proveTree(size, before, read), tree, older)).toBe(true);
      }
    }
  });

  it('refuses a hash that the tree does not have', async () => {
    const read = tileHashReader(await log.tree(10), source());
    await expect(read([storedHashCount(10)])).rejects.toThrow('the tree has no such hash');
    await expect(read([-1])).rejects.toThrow('the tree has no such hash');
  });

  it('refuses every forged tile, whatever is asked for', async () => {
    // All small trees, and of the larger ones some: each has more tiles than the one before.
    for (let size = 1; size <= SIZE; size += size < 40 ? 1 : 12) {
      const tree = await log.tree(size);
      const all = Array.from({ length: storedHashCount(size) }, (_, index) => index);
      for (const index of all) {
        const from = source(zeroed(index));
        const read = tileHashReader(tree, from);
        for (const indexes of [[index], all]) {
          const outcome = await read(indexes).catch((error: unknown) => (error as Error).message);
          if (typeof outcome !== 'string' || !outcome.includes('does not follow')) {
            expect({ size, index, outcome }).toBe('a refusal');
          }
        }
        expect(from.open.size).toBeGreaterThan(0);
      }
    }
  });

  it('refuses tiles of a wrong length', async () => {
    const tree = await log.tree(37);
    for (const change of [
      (data: Buffer) => data.subarray(1),
      (data: Buffer) => Buffer.concat([data, data]),
    ]) {
      const from = source();
      const read = tileHashReader(tree, { ...from, read: async (tile) => change(await from.read(tile)) });
      await expect(read([0])).rejects.toThrow(/it has \d+ bytes/);
    }
  });
});
