/** The edges of proofs; that they prove what they should, in every small tree, is in `tlog.test.ts`. */
import { beforeAll, describe, expect, it } from 'vitest';
import { proveRecord, proveTree, provesRecord, provesTree } from './proof.js';
import { nodeHash, recordHash } from '../../../src/sumdb/format/tlog.js';
import { leaves, memoryLog, type MemoryLog } from './leaves.js';

const SIZE = 7;
let log: MemoryLog;
beforeAll(async () => {
  log = await memoryLog(leaves(SIZE));
});
const leaf = (number: number) => recordHash(Buffer.from(`leaf ${number}`));

describe('the proof of a record', () => {
  it('is empty in a tree of one record', async () => {
    expect(await proveRecord(1, 0, log.read)).toEqual([]);
    expect(provesRecord([], await log.tree(1), 0, leaf(0))).toBe(true);
    expect(provesRecord([], await log.tree(1), 0, leaf(1))).toBe(false);
  });

  it('has the nearest hash first', async () => {
    const proof = await proveRecord(4, 2, log.read);
    expect(proof).toEqual([leaf(3), nodeHash(leaf(0), leaf(1))]);
  });

  it.each([
    [0, 0],
    [7, 7],
    [7, 8],
    [7, -1],
  ])('cannot be asked for in a tree of %d of record %d', (size, number) => {
    expect(() => proveRecord(size, number, log.read)).toThrow('malformed question for a proof');
  });

  it('proves nothing of a record outside the tree, with a hash too many, or in another order', async () => {
    const tree = await log.tree();
    const proof = await proveRecord(SIZE, 2, log.read);
    expect(provesRecord(proof, tree, 2, leaf(2))).toBe(true);
    expect(provesRecord(proof, tree, SIZE, leaf(2))).toBe(false);
    expect(provesRecord(proof, tree, -1, leaf(2))).toBe(false);
    expect(provesRecord([...proof, leaf(0)], tree, 2, leaf(2))).toBe(false);
    expect(provesRecord(proof.slice(1), tree, 2, leaf(2))).toBe(false);
    expect(provesRecord(proof.toReversed(), tree, 2, leaf(2))).toBe(false);
    expect(provesRecord(proof, { ...tree, size: 0 }, 0, leaf(0))).toBe(false);
  });
});

describe('the proof of an older tree', () => {
  it('is empty for the tree itself', async () => {
    expect(await proveTree(SIZE, SIZE, log.read)).toEqual([]);
    expect(provesTree([], await log.tree(), await log.tree())).toBe(true);
  });

  it('needs both trees', async () => {
    const [tree, older] = [await log.tree(), await log.tree(3)];
    const proof = await proveTree(SIZE, 3, log.read);
    expect(provesTree(proof, tree, older)).toBe(true);
    expect(provesTree(proof, { ...tree, hash: older.hash }, older)).toBe(false);
    expect(provesTree(proof, tree, { ...older, hash: tree.hash })).toBe(false);
    expect(provesTree(proof, older, tree)).toBe(false);
    expect(provesTree([...proof, leaf(0)], tree, older)).toBe(false);
    expect(provesTree([], tree, older)).toBe(false);
  });

  it('does not take two trees of one size for the same', async () => {
    const tree = await log.tree();
    expect(provesTree([], tree, { size: SIZE, hash: leaf(0) })).toBe(false);
  });

  it.each([0, -1, 8])('cannot be asked for of %d records', async (older) => {
    expect(() => proveTree(SIZE, older, log.read)).toThrow('malformed question for a proof');
    const { hash } = await log.tree();
    expect(provesTree([], await log.tree(), { size: older, hash })).toBe(false);
  });
});
