/**
 * The hashes of a transparency log (RFC 6962, section 2.1; package golang.org/x/mod/sumdb/tlog). Pure.
 *
 * A tree over n records splits where the largest power of two below n is, so every subtree on the left is perfect and
 * its hash never changes again. Only hashes of perfect subtrees are ever stored; a stored hash has a level (its subtree
 * holds 2^level records) and a number within the level. Written down one after the other, as they become known, they
 * have the index that `storedHashIndex` computes:
 *
 *     records         0     1       2     3
 *     stored hashes   0,0   0,1     0,2   0,3                (level, number)
 *                           1,0           1,1   2,0
 *     index           0     1  2    3     4  5  6
 *
 * Numbers of records and indexes exceed 32 bits in principle, so there are no bit operations here.
 */
import { hash } from 'node:crypto';

/** Bytes of a hash. */
export const HASH_SIZE = 32;

/** A size and the root hash of the tree over so many records. */
export interface Tree {
  size: number;
  hash: Buffer;
}

/** The stored hashes at `indexes`, in the same order. Rejects if one of them is not there. */
export type HashReader = (indexes: readonly number[]) => Promise<Buffer[]>;

/** Records `from` to before `to`. */
export interface Range {
  from: number;
  to: number;
}

/** The hash of a tree without records. */
export const EMPTY_HASH = hash('sha256', '', 'buffer');

/** The hash of a record: of its bytes after a 0. */
export function recordHash(record: Uint8Array): Buffer {
  return hash('sha256', Buffer.concat([LEAF, record]), 'buffer');
}

/** The hash of a subtree: of those of its two halves after a 1. */
export function nodeHash(left: Uint8Array, right: Uint8Array): Buffer {
  return hash('sha256', Buffer.concat([NODE, left, right]), 'buffer');
}

const LEAF = Buffer.from([0]);
const NODE = Buffer.from([1]);

/** The index of a stored hash. */
export function storedHashIndex(level: number, number: number): number {
  // It is written right after its last leaf and the smaller subtrees that end there.
  let last = number;
  for (let i = 0; i < level; i += 1) last = 2 * last + 1;
  return storedHashCount(last) + level;
}

/** The level and number of the stored hash at `index`. */
export function splitStoredHashIndex(index: number): { level: number; number: number } {
  // There are at most two hashes a record, so its last leaf is not before this one, nor far behind.
  let leaf = Math.floor(index / 2);
  let first = storedHashCount(leaf);
  for (;;) {
    const next = first + 1 + trailingZeros(leaf + 1);
    if (next > index) break;
    leaf += 1;
    first = next;
  }
  const level = index - first;
  return { level, number: Math.floor(leaf / 2 ** level) };
}

/** How many hashes are stored of a tree of `size` records; the next one is that of the next record. */
export function storedHashCount(size: number): number {
  let count = 0;
  for (let rest = size; rest > 0; rest = Math.floor(rest / 2)) count += rest;
  return count;
}

function trailingZeros(number: number): number {
  let zeros = 0;
  for (let rest = number; rest % 2 === 0; rest /= 2) zeros += 1;
  return zeros;
}

/** The root hash of the tree over the first `size` records. */
export async function treeHash(size: number, read: HashReader): Promise<Buffer> {
  const [root = EMPTY_HASH] = await rangeHashes(size === 0 ? [] : [{ from: 0, to: size }], read);
  return root;
}

/** The hashes over `ranges`, each a subtree of some tree. All that is needed is read at once. */
export async function rangeHashes(ranges: readonly Range[], read: HashReader): Promise<Buffer[]> {
  const needed = ranges.map(perfectSubtrees);
  const hashes = await read(needed.flat());
  let at = 0;
  return needed.map(({ length }) => joinSubtrees(hashes.slice(at, (at += length))));
}

/** The stored hashes that make up a range, from left to right. */
export function perfectSubtrees({ from, to }: Range): number[] {
  const indexes: number[] = [];
  for (let at = from; at < to;) {
    const { size, level } = powerBelow(to - at + 1);
    indexes.push(storedHashIndex(level, at / size));
    at += size;
  }
  return indexes;
}

/** The hash over subtrees that follow each other, each smaller than the one before. */
export function joinSubtrees(hashes: readonly Buffer[]): Buffer {
  return hashes.reduceRight((right, left) => nodeHash(left, right));
}

/** The largest power of two below `limit`, which is at least 2. */
function powerBelow(limit: number): { size: number; level: number } {
  let size = 1;
  let level = 0;
  while (size * 2 < limit) {
    size *= 2;
    level += 1;
  }
  return { size, level };
}
