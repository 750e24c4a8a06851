/** Checksum data on its way between folders; what a real `go` makes of it is in test/e2e/air-gapped.test.ts. */
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { sumdbPath } from '../../src/sumdb/format/request.js';
import { tileHashReader } from '../../src/sumdb/format/tile-reader.js';
import { TILE_HEIGHT } from '../../src/sumdb/format/tile.js';
import { recordHash, storedHashIndex, treeHash } from '../../src/sumdb/format/tlog.js';
import { openTree } from '../../src/sumdb/format/tree-head.js';
import { readLookup, readTile } from '../../src/transfer/checksum-folder.js';
import { copyChecksums, type CopiedChecksums } from '../../src/transfer/copy-checksums.js';
import { tempDir } from '../support/tmp.js';
import { checksumLab, damage, lookupOf, newSigner, type ChecksumLab } from './support/checksum-lab.js';

const signer = newSigner();
let lab: ChecksumLab;
let from: string;
let to: string;

beforeAll(async () => {
  lab = await checksumLab('', signer);
});
beforeEach(async () => {
  const root = await tempDir('checksums');
  [from, to] = [path.join(root, 'from'), path.join(root, 'to')];
});

function copy(options: { latest?: string } = {}): Promise<CopiedChecksums> {
  return copyChecksums({
    verifier: lab.verifier,
    from,
    to,
    wants: () => true,
    ...options,
    async write(file, bytes) {
      await mkdir(path.dirname(path.join(to, file)), { recursive: true });
      await writeFile(path.join(to, file), bytes);
    },
  });
}

/** What a client does that has nothing but the target and perhaps an older tree: throws where something is missing. */
async function proveAtTarget(numbers: number[], olderSize?: number): Promise<void> {
  const tree = openTree(await readFile(path.join(to, 'latest')), lab.verifier);
  const read = tileHashReader(tree, {
    height: TILE_HEIGHT,
    read: async (tile) => (await readTile(to, tile)) ?? Promise.reject(new Error('a tile is missing')),
    checked: () => undefined,
  });
  for (const number of numbers) {
    const answer = await readLookup(to, lookupOf(number), lab.verifier);
    const [hash] = await read([storedHashIndex(0, number)]);
    expect(hash).toEqual(recordHash(Buffer.from(answer?.record ?? '')));
    // The answer's own tree, which the client sees first.
    const size = answer?.tree.size ?? 0;
    expect(await treeHash(size, read)).toEqual(answer?.tree.hash);
  }
  if (olderSize !== undefined) {
    expect(await treeHash(olderSize, read)).toEqual(openTree(await lab.note(olderSize), lab.verifier).hash);
  }
}

describe('copyChecksums', () => {
  it('brings a fresh target all that a client needs, and no more tiles', async () => {
    await lab.folder(from, 600, [3, 599]);
    expect(await copy()).toEqual({ database: 'sum.test', treeSize: 600, added: 2, same: 0, faults: [] });
    await proveAtTarget([3, 599]);
    await expect(readFile(path.join(to, 'tile/8/0/001'))).rejects.toThrow('ENOENT');
    expect(await copy()).toMatchObject({ added: 0, same: 2, faults: [] });
  });

  it('lets the target grow, and what was there stays provable, also for who saw the older tree', async () => {
    await lab.folder(from, 300, [280]);
    await copy();
    await lab.folder(from, 700, [280, 650], [300]);
    expect(await copy()).toMatchObject({ treeSize: 700, added: 1, same: 1, faults: [] });
    await proveAtTarget([280, 650], 300);
  });

  it('proves older data in the newer tree of the target', async () => {
    await lab.folder(to, 700, [650], [300]);
    await lab.folder(from, 300, [10, 280]);
    expect(await copy()).toMatchObject({ treeSize: 700, added: 2, faults: [] });
    await proveAtTarget([10, 280, 650]);
  });

  it('leaves out what cannot be proved, and says which tile is missing', async () => {
    await lab.folder(from, 600, [3, 300, 599]);
    await rm(path.join(from, 'tile/8/0/001'));
    const { added, faults } = await copy();
    expect(added).toBe(2);
    expect(faults).toEqual([
      expect.stringMatching(/^lookup\/ex\.test\/!m300@v1\.0\.0: tile\/8\/0\/001 is missing; /) as string,
    ]);
    await proveAtTarget([3, 599]);
  });

  it('refuses a tile that was tampered with, and mends one of the target', async () => {
    await lab.folder(from, 600, [3, 300]);
    await damage(path.join(from, 'tile/8/0/001'));
    const { added, faults } = await copy();
    expect(added).toBe(1);
    expect(faults).toEqual([
      expect.stringContaining('lookup/ex.test/!m300@v1.0.0: malformed tree of 600 records') as string,
    ]);
    await lab.folder(from, 600, [4, 300]);
    await damage(path.join(to, 'tile/8/0/000'));
    expect(await copy()).toMatchObject({ added: 2, same: 1, faults: [] });
    await proveAtTarget([3, 4, 300]);
  });

  it('refuses a record that is not the one in the tree', async () => {
    await lab.folder(from, 600, [4]);
    const text = await readFile(path.join(from, sumdbPath(lookupOf(4))), 'utf8');
    await writeFile(path.join(from, sumdbPath(lookupOf(5))), text.replaceAll('M4 ', 'M5 '));
    const { added, faults } = await copy();
    expect(added).toBe(1);
    expect(faults).toEqual([
      expect.stringMatching(/!m5@v1\.0\.0 is not in the tree of 600 records$/) as string,
    ]);
  });

  it('takes nothing of a database that tells two stories', async () => {
    const liar = await checksumLab('x', signer);
    await lab.folder(to, 300, [3]);
    await liar.folder(from, 600, [4], [300]);
    const before = await readFile(path.join(to, 'latest'));
    const { added, faults } = await copy();
    expect(added).toBe(0);
    expect(faults).toEqual([expect.stringContaining('sum.test shows two different histories') as string]);
    expect(await readFile(path.join(to, 'latest'))).toEqual(before);
  });

  it('takes nothing that another key signed', async () => {
    await (await checksumLab()).folder(from, 300, [3]);
    const { added, faults } = await copy();
    expect([added, faults]).toEqual([0, [expect.stringContaining('not by sum.test+') as string]]);
    await expect(readFile(path.join(to, 'latest'))).rejects.toThrow('ENOENT');
  });

  it('finds the tree where go keeps it, or else takes the newest that came with an answer', async () => {
    await lab.folder(from, 600, [3, 599]);
    const latest = path.join(path.dirname(from), 'go-latest');
    await writeFile(latest, await lab.note(600));
    await rm(path.join(from, 'latest'));
    expect(await copy({ latest })).toMatchObject({ treeSize: 600, added: 2, faults: [] });
    await rm(to, { recursive: true });
    expect(await copy()).toMatchObject({ treeSize: 600, added: 2, faults: [] });
    await proveAtTarget([3, 599]);
  });
});
