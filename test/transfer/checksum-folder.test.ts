import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { parseModulePath } from '../../src/module/module-path.js';
import { sumdbPath } from '../../src/sumdb/format/request.js';
import { TILE_HEIGHT, tilePath } from '../../src/sumdb/format/tile.js';
import {
  databasesIn,
  lookupsIn,
  readLookup,
  readTile,
  readTree,
  recordedSums,
  tilesIn,
} from '../../src/transfer/checksum-folder.js';
import { tempDir } from '../support/tmp.js';
import { checksumLab, lookupOf, newSigner, type ChecksumLab } from './support/checksum-lab.js';

let lab: ChecksumLab;
let dir: string;
beforeAll(async () => {
  lab = await checksumLab();
  dir = await tempDir('checksum-folder');
  await lab.folder(dir, 300, [3, 299]);
  await writeFile(join(dir, 'lookup/README'), 'no lookup');
  await writeFile(join(dir, 'tile/x'), 'no tile');
});

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const item of items) list.push(item);
  return list;
}

describe('databasesIn', () => {
  it('are those whose key is known', async () => {
    const root = await tempDir('databases');
    expect(await databasesIn(root)).toEqual([]);
    for (const name of ['sum.golang.org', 'sum.unknown.test', 'x']) {
      await mkdir(join(root, 'sumdb', name), { recursive: true });
    }
    expect((await databasesIn(root)).map(({ name }) => name)).toEqual(['sum.golang.org']);
  });
});

describe('readTree', () => {
  it('is the tree in a file that was signed by the database, and none without a file', async () => {
    expect(await readTree(join(dir, 'latest'), lab.verifier)).toMatchObject({ size: 300 });
    expect(await readTree(join(dir, 'none'), lab.verifier)).toBeUndefined();
    await expect(readTree(join(dir, 'latest'), newSigner().verifier)).rejects.toMatchObject({
      code: 'CHECKSUM_DATABASE',
    });
  });
});

describe('readLookup', () => {
  it('is an answer with its tree', async () => {
    expect(await readLookup(dir, lookupOf(3), lab.verifier)).toMatchObject({
      number: 3,
      tree: { size: 300 },
    });
    expect(await readLookup(dir, lookupOf(4), lab.verifier)).toBeUndefined();
  });

  it('does not answer for another version', async () => {
    const other = join(await tempDir('lookup'), 'x');
    const file = join(other, sumdbPath(lookupOf(4)));
    await mkdir(join(file, '..'), { recursive: true });
    await writeFile(file, await readFile(join(dir, sumdbPath(lookupOf(3)))));
    await expect(readLookup(other, lookupOf(4), lab.verifier)).rejects.toMatchObject({
      code: 'CHECKSUM_DATABASE',
      message: `malformed answer in ${sumdbPath(lookupOf(4))}`,
    });
  });

  it('does not give an answer whose record is not in its tree yet', async () => {
    const other = await tempDir('lookup');
    await lab.folder(other, 3, [3]);
    await expect(readLookup(other, lookupOf(3), lab.verifier)).rejects.toThrow('malformed answer');
  });
});

describe('readTile', () => {
  const tile = (width: number) => ({ height: TILE_HEIGHT, level: 0, number: 0, width });

  it('is a tile, also as the beginning of the full one', async () => {
    const full = await readFile(join(dir, tilePath(tile(256))));
    expect(await readTile(dir, tile(256))).toEqual(full);
    expect(await readTile(dir, tile(7))).toEqual(full.subarray(0, 7 * 32));
    expect(await readTile(dir, { ...tile(7), number: 9 })).toBeUndefined();
  });
});

it('lookupsIn and tilesIn skip files of another form', async () => {
  expect((await all(lookupsIn(dir))).map(({ module }) => module).toSorted()).toEqual([
    'ex.test/M299',
    'ex.test/M3',
  ]);
  expect((await all(tilesIn(dir))).map(tilePath).toSorted()).toEqual(
    ['tile/8/0/000', 'tile/8/0/001.p/44', 'tile/8/1/000.p/1'].toSorted(),
  );
  expect(await all(lookupsIn(join(dir, 'none')))).toEqual([]);
});

it('recordedSums finds nothing where no database is known, and where an answer is damaged', async () => {
  const root = await tempDir('recorded');
  expect(await recordedSums([root], parseModulePath('ex.test/m'), 'v1.0.0')).toEqual([]);
  const file = join(root, 'sumdb/sum.golang.org/lookup/ex.test/m@v1.0.0');
  await mkdir(join(file, '..'), { recursive: true });
  await writeFile(file, 'no answer');
  expect(await recordedSums([root], parseModulePath('ex.test/m'), 'v1.0.0')).toEqual([]);
});
