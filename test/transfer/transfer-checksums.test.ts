/** Checksum data out with an export and in with an import; how records are copied is in copy-checksums.test.ts. */
import { existsSync } from 'node:fs';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { Verifier } from '../../src/sumdb/format/note.js';
import { sumdbPath } from '../../src/sumdb/format/request.js';
import { openTree } from '../../src/sumdb/format/tree-head.js';
import { exportChecksums, importChecksums } from '../../src/transfer/transfer-checksums.js';
import { tempDir } from '../support/tmp.js';
import { checksumLab, damage, lookupOf, type ChecksumLab } from './support/checksum-lab.js';

/** The database whose key is known: only its owner can sign for the public one. */
const known = vi.hoisted(() => ({ verifier: undefined as Verifier | undefined }));
vi.mock('../../src/sumdb/client/known-databases.js', () => ({
  knownDatabase: (name: string) => (name === known.verifier?.name ? known.verifier : undefined),
}));

let lab: ChecksumLab;
let store: string;
let tree: string;

beforeEach(async () => {
  lab = await checksumLab();
  known.verifier = lab.verifier;
  const root = await tempDir('transfer');
  [store, tree] = [path.join(root, 'store'), path.join(root, 'tree')];
});

/** The folder of the database of the lab in a store or a tree. */
function inside(root: string): string {
  return path.join(root, 'sumdb', lab.verifier.name);
}

function recordIn(root: string, number: number): string {
  return path.join(inside(root), sumdbPath(lookupOf(number)));
}

describe('exportChecksums', () => {
  it('copies the wanted records, all tiles, and what go asks for first', async () => {
    await lab.folder(inside(store), 600, [3, 5]);
    const copied = await exportChecksums(store, tree, ({ module }) => module === lookupOf(3).module);
    expect(copied).toMatchObject([{ treeSize: 600, faults: [] }]);
    expect([existsSync(recordIn(tree, 3)), existsSync(recordIn(tree, 5))]).toEqual([true, false]);
    expect(openTree(await readFile(path.join(inside(tree), 'latest')), lab.verifier).size).toBe(600);
    expect(await readFile(path.join(inside(tree), 'supported'))).toHaveLength(0);
  });

  it('leaves out a database that knows none of the versions, whether its tree can be proved or not', async () => {
    await lab.folder(inside(store), 600, [3]);
    await rm(path.join(inside(store), 'tile'), { recursive: true });
    expect(await exportChecksums(store, tree, () => false)).toEqual([]);
    expect(existsSync(tree)).toBe(false);
  });

  it('leaves out databases whose key is not known', async () => {
    await lab.folder(inside(store), 600, [3]);
    known.verifier = undefined;
    expect(await exportChecksums(store, tree, () => true)).toEqual([]);
    expect(existsSync(tree)).toBe(false);
  });

  it('names a record that its tree does not prove, and leaves it out', async () => {
    await lab.folder(inside(store), 600, [3, 5]);
    await damage(recordIn(store, 5));
    const [copied] = await exportChecksums(store, tree, () => true);
    expect(copied?.faults).toHaveLength(1);
    expect([existsSync(recordIn(tree, 3)), existsSync(recordIn(tree, 5))]).toEqual([true, false]);
  });
});

describe('importChecksums', () => {
  it('takes what an export wrote', async () => {
    await lab.folder(inside(tree), 600, [3]);
    expect(await importChecksums(tree, store, { dryRun: false })).toMatchObject([{ faults: [] }]);
    expect(existsSync(recordIn(store, 3))).toBe(true);
  });

  it('writes nothing in a dry run', async () => {
    await lab.folder(inside(tree), 600, [3]);
    expect(await importChecksums(tree, store, { dryRun: true })).toMatchObject([{ faults: [] }]);
    expect(existsSync(store)).toBe(false);
  });

  it('takes the newest tree from where go keeps it', async () => {
    const goStateDir = await tempDir('state');
    await lab.folder(inside(tree), 600, [3]);
    const latest = path.join(goStateDir, lab.verifier.name, 'latest');
    await mkdir(path.dirname(latest), { recursive: true });
    await writeFile(latest, await lab.note(600));
    await rm(path.join(inside(tree), 'latest'));
    const [copied] = await importChecksums(tree, store, { goStateDir, dryRun: false });
    expect(copied).toMatchObject({ treeSize: 600, faults: [] });
  });

  it('says STORAGE where the store cannot be written', async () => {
    await lab.folder(inside(tree), 600, [3]);
    await writeFile(store, 'not a folder');
    await expect(importChecksums(tree, store, { dryRun: false })).rejects.toMatchObject({ code: 'STORAGE' });
  });
});
