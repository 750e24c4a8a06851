import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { proveWithTiles, type KeptTiles } from '../../../src/sumdb/client/prove.js';
import { ModhavenError } from '../../../src/errors.js';
import { generateKey, parseSignerKey } from '../../../src/sumdb/format/note.js';
import { readTileData, tilePath, type Tile } from '../../../src/sumdb/format/tile.js';
import { storedHashIndex, type HashReader } from '../../../src/sumdb/format/tlog.js';
import { signTree, type SignedTree } from '../../../src/sumdb/format/tree-head.js';
import { leaves, memoryLog, type MemoryLog } from '../format/leaves.js';

const SIZE = 300;
let log: MemoryLog;
let tree: SignedTree;
beforeAll(async () => {
  log = await memoryLog(leaves(SIZE));
  tree = signTree(await log.tree(), parseSignerKey(generateKey('sum.ex.test').signerKey));
});

let kept: Map<string, Buffer>;
let fetched: string[];
beforeEach(() => {
  kept = new Map();
  fetched = [];
});

function tiles(changed: Partial<KeptTiles> = {}): KeptTiles {
  return {
    read: (tile) => Promise.resolve(kept.get(tilePath(tile))),
    fetch: (tile: Tile) => {
      fetched.push(tilePath(tile));
      return readTileData(tile, log.read);
    },
    keep: (tile, bytes) => {
      kept.set(tilePath(tile), bytes);
      return Promise.resolve();
    },
    ...changed,
  };
}

const readFirst = (read: HashReader) => read([storedHashIndex(0, 3)]);

describe('proveWithTiles', () => {
  it('keeps what it fetched, and fetches nothing again', async () => {
    expect(await proveWithTiles(tree, tiles(), readFirst)).toEqual([log.hashes[storedHashIndex(0, 3)]]);
    expect([...kept.keys()].toSorted()).toEqual(fetched.toSorted());
    fetched = [];
    await proveWithTiles(tree, tiles(), readFirst);
    expect(fetched).toEqual([]);
  });

  it('keeps the tiles before the hashes are told', async () => {
    await proveWithTiles(tree, tiles(), async (read) => {
      await readFirst(read);
      expect(kept.size).toBeGreaterThan(0);
    });
  });

  it('fetches all tiles anew where a kept one is damaged, and replaces it', async () => {
    await proveWithTiles(tree, tiles(), readFirst);
    const before = new Map(kept);
    kept.set('tile/8/0/000', Buffer.alloc(256 * 32));
    fetched = [];
    await proveWithTiles(tree, tiles(), readFirst);
    expect(fetched.toSorted()).toEqual([...before.keys()].toSorted());
    expect(kept).toEqual(before);
  });

  it('keeps no tile that proves nothing', async () => {
    const fetch = (tile: Tile) => Promise.resolve(Buffer.alloc(tile.width * 32));
    await expect(proveWithTiles(tree, tiles({ fetch }), readFirst)).rejects.toMatchObject({
      code: 'CHECKSUM_DATABASE',
    });
    expect(kept.size).toBe(0);
  });

  it('tries once more where the proof itself fails, not where the host does', async () => {
    let tries = 0;
    const failing = (error: Error) => () => {
      tries += 1;
      return Promise.reject(error);
    };
    const wrong = new ModhavenError('CHECKSUM_DATABASE', 'wrong');
    await expect(proveWithTiles(tree, tiles(), failing(wrong))).rejects.toBe(wrong);
    expect(tries).toBe(2);
    const outage = new ModhavenError('HOST_UNREACHABLE', 'down');
    await expect(proveWithTiles(tree, tiles(), failing(outage))).rejects.toBe(outage);
    expect(tries).toBe(3);
  });
});
