import { beforeAll, describe, expect, it } from 'vitest';
import { parseTilePath, readTileData, tilePath, type Tile } from '../../../src/sumdb/format/tile.js';
import { tileHashReader } from '../../../src/sumdb/format/tile-reader.js';
import { storedHashCount, storedHashIndex, type Tree } from '../../../src/sumdb/format/tlog.js';
import { leaves, memoryLog, type MemoryLog } from './leaves.js';

/** Small tiles, so that a small tree has several levels of them. */
const HEIGHT = 2;
const SIZE = 77;
let log: MemoryLog;
let tree: Tree;
beforeAll(async () => {
  log = await memoryLog(leaves(SIZE));
  tree = await log.tree();
});

/** A reader over the tiles of the log, of which `change` may change the bytes. */
function reader(change: (path: string, data: Buffer) => Buffer = (_, data) => data, of = tree) {
  const [asked, checked] = [[] as string[], [] as string[]];
  const read = tileHashReader(of, {
    height: HEIGHT,
    read: async (tile: Tile) => {
      asked.push(tilePath(tile));
      return change(tilePath(tile), await readTileData(tile, log.read));
    },
    checked: (tile) => checked.push(tilePath(tile)),
  });
  return { read, asked, checked };
}

function flip(data: Buffer, at: number): Buffer {
  const copy = Buffer.from(data);
  copy.writeUInt8(copy.readUInt8(at) ^ 1, at);
  return copy;
}

describe('tileHashReader', () => {
  it('reads every hash of a tree', async () => {
    const indexes = Array.from({ length: storedHashCount(SIZE) }, (_, i) => i);
    expect(await reader().read(indexes)).toEqual(log.hashes);
  });

  it('reads each tile once, and tells of exactly those that it read', async () => {
    const { read, asked, checked } = reader();
    await read([storedHashIndex(0, 5), storedHashIndex(0, 6), storedHashIndex(1, 3)]);
    expect(new Set(asked).size).toBe(asked.length);
    expect(checked.toSorted()).toEqual(asked.toSorted());
  });

  it('finds any bit that is not as it should be, in any tile, and vouches for none', async () => {
    const { asked } = await (async () => {
      const all = reader();
      await all.read([storedHashIndex(0, 5)]);
      return all;
    })();
    for (const path of asked) {
      const { width = 0 } = parseTilePath(path) ?? {};
      for (let hash = 0; hash < width; hash += 1) {
        const { read, checked } = reader((of, data) => (of === path ? flip(data, hash * 32 + 9) : data));
        await expect(read([storedHashIndex(0, 5)]), `${path} ${hash}`).rejects.toMatchObject({
          code: 'CHECKSUM_DATABASE',
        });
        expect(checked).toEqual([]);
      }
    }
  });

  it('does not take a tile of another place for one', async () => {
    const other = await readTileData({ height: HEIGHT, level: 0, number: 2, width: 4 }, log.read);
    const { read } = reader((path, data) => (path === 'tile/2/0/001' ? other : data));
    await expect(read([storedHashIndex(0, 5)])).rejects.toThrow(
      'malformed tree of 77 records: its hash does not follow from tile/2/0/001',
    );
  });

  it.each([0, 31, 96, 160])('refuses a tile of %d bytes', async (length) => {
    const { read } = reader((path, data) => (path === 'tile/2/0/001' ? Buffer.alloc(length) : data));
    await expect(read([storedHashIndex(0, 5)])).rejects.toThrow(
      `malformed tile/2/0/001: it has ${length} bytes`,
    );
  });

  it('refuses the tiles of a log for another tree', async () => {
    const { read } = reader(undefined, { size: SIZE, hash: Buffer.alloc(32) });
    await expect(read([0])).rejects.toMatchObject({ code: 'CHECKSUM_DATABASE' });
  });

  it.each([-1, storedHashCount(SIZE)])('has no hash %d', async (index) => {
    const { read, asked } = reader();
    await expect(read([index])).rejects.toThrow('the tree has no such hash');
    expect(asked).toEqual([]);
  });

  it('reads nothing of an empty tree', async () => {
    const { read, asked } = reader(undefined, await log.tree(0));
    expect(await read([])).toEqual([]);
    expect(asked).toEqual([]);
  });

  it('fails as its source does', async () => {
    const { read } = reader(() => {
      throw new Error('the host is down');
    });
    await expect(read([0])).rejects.toThrow('the host is down');
  });
});
