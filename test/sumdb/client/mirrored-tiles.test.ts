import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ModhavenError } from '../../../src/errors.js';
import { createDiskBlobStore } from '../../../src/store/disk/disk-blob-store.js';
import { MirroredTiles } from '../../../src/sumdb/client/mirrored-tiles.js';
import { generateKey, parseSignerKey } from '../../../src/sumdb/format/note.js';
import { parseTilePath, readTileData, tilePath, type Tile } from '../../../src/sumdb/format/tile.js';
import { signTree, type SignedTree } from '../../../src/sumdb/format/tree-head.js';
import { tempDir } from '../../support/tmp.js';
import { leaves, memoryLog, type MemoryLog } from '../format/leaves.js';

const SIZE = 300;
let log: MemoryLog;
let tree: SignedTree;
beforeAll(async () => {
  log = await memoryLog(leaves(SIZE));
  tree = signTree(await log.tree(), parseSignerKey(generateKey('sum.ex.test').signerKey));
});

let tiles: MirroredTiles;
let asked: string[];
beforeEach(async () => {
  asked = [];
  tiles = new MirroredTiles({
    blobs: createDiskBlobStore(await tempDir('tiles')),
    name: 'sum.example.test',
    fetch: (path) => {
      asked.push(path);
      // This database keeps no partial tile once the full one is there.
      const tile = parseTilePath(path);
      if (tile === undefined || path === 'tile/8/0/000.p/9') {
        throw new ModhavenError('MODULE_NOT_FOUND', path);
      }
      return readTileData(tile, log.read);
    },
  });
});

const tile = (number: number, width: number): Tile => ({ height: 8, level: 0, number, width });

describe('MirroredTiles', () => {
  it('answers with the beginning of the tile that the tree has', async () => {
    const bytes = await tiles.provedIn(tree, tile(1, 5));
    expect(bytes).toEqual(await readTileData(tile(1, 5), log.read));
    expect(asked.toSorted()).toEqual(['tile/8/0/001.p/44', 'tile/8/1/000.p/1']);
    expect(await tiles.storedAndProved(tile(1, 44), tree)).toHaveLength(44 * 32);
    expect(await tiles.storedAndProved(tile(1, 45), tree)).toBeUndefined();
  });

  it('has none where the tree has none', async () => {
    for (const wanted of [tile(1, 45), tile(2, 1), { ...tile(0, 1), level: 2 }]) {
      expect(await tiles.provedIn(tree, wanted), tilePath(wanted)).toBeUndefined();
    }
    expect(asked).toEqual([]);
  });

  it('takes what another process stored for stored, and not for proved', async () => {
    await tiles.provedIn(tree, tile(0, 256));
    expect(await tiles.storedAndProved(tile(0, 3), tree)).toHaveLength(3 * 32);
    expect(await tiles.stored(tile(0, 3), undefined)).toHaveLength(3 * 32);
    expect(await tiles.stored(tile(1, 3), undefined)).toBeUndefined();
  });

  it('fetches the full one where the database has no partial one any more', async () => {
    expect(await tiles.fetch(tile(0, 9))).toEqual(await readTileData(tile(0, 9), log.read));
    expect(asked).toEqual(['tile/8/0/000.p/9', 'tile/8/0/000']);
  });
});
