/**
 * Proofs that a record is in a tree, and that a tree is the beginning of another (RFC 6962, sections 2.1.1 and 2.1.2).
 * A proof is a list of hashes, those nearest to the record or to the old tree first: what clients ask a log for, made and checked by another way than
 * that of `src/sumdb`.
 */
import {
  nodeHash,
  rangeHashes,
  type HashReader,
  type Range,
  type Tree,
} from '../../../src/sumdb/format/tlog.js';
import { malformed } from '../../../src/sumdb/format/encoding.js';

/** The proof that record `number` is in the tree of `size` records. */
export function proveRecord(size: number, number: number, read: HashReader): Promise<Buffer[]> {
  if (number < 0 || number >= size) throw malformed('question for a proof');
  return rangeHashes(besideRecord(number, { from: 0, to: size }), read);
}

/** Whether `proof` shows that record `number` of `tree` has this hash. */
export function provesRecord(proof: readonly Buffer[], tree: Tree, number: number, hash: Buffer): boolean {
  if (number < 0 || number >= tree.size) return false;
  const whole = { from: 0, to: tree.size };
  if (proof.length !== besideRecord(number, whole).length) return false;
  return rootOverRecord(proof, whole, number, hash).equals(tree.hash);
}

/** The proof that the tree of `older` records is the beginning of that of `size` records. */
export function proveTree(size: number, older: number, read: HashReader): Promise<Buffer[]> {
  if (older < 1 || older > size) throw malformed('question for a proof');
  return rangeHashes(besideTree(older, { from: 0, to: size }), read);
}

/** Whether `proof` shows that `older` is the beginning of `tree`. */
export function provesTree(proof: readonly Buffer[], tree: Tree, older: Tree): boolean {
  if (older.size < 1 || older.size > tree.size) return false;
  const whole = { from: 0, to: tree.size };
  if (proof.length !== besideTree(older.size, whole).length) return false;
  const roots = rootsOverTree(proof, whole, older);
  return roots.older.equals(older.hash) && roots.tree.equals(tree.hash);
}

/** The subtrees beside the way from a record up to the root. */
function besideRecord(number: number, { from, to }: Range): Range[] {
  if (to - from === 1) return [];
  const middle = splitOf({ from, to });
  const [left, right] = halves(from, middle, to);
  return number < middle ? [...besideRecord(number, left), right] : [...besideRecord(number, right), left];
}

/** The subtrees beside the way from the end of an older tree up to the root, and what the older tree has below it. */
function besideTree(older: number, { from, to }: Range): Range[] {
  if (older === to) return from === 0 ? [] : [{ from, to }];
  const middle = splitOf({ from, to });
  const [left, right] = halves(from, middle, to);
  return older <= middle ? [...besideTree(older, left), right] : [...besideTree(older, right), left];
}

function rootOverRecord(proof: readonly Buffer[], { from, to }: Range, number: number, hash: Buffer): Buffer {
  const beside = proof.at(-1);
  if (to - from === 1 || beside === undefined) return hash;
  const below = proof.slice(0, -1);
  const middle = splitOf({ from, to });
  const [left, right] = halves(from, middle, to);
  return number < middle
    ? nodeHash(rootOverRecord(below, left, number, hash), beside)
    : nodeHash(beside, rootOverRecord(below, right, number, hash));
}

/** The root hashes of both trees that follow from `proof`. */
function rootsOverTree(
  proof: readonly Buffer[],
  { from, to }: Range,
  older: Tree,
): { older: Buffer; tree: Buffer } {
  const beside = proof.at(-1);
  if (older.size === to || beside === undefined) {
    const hash = from === 0 ? older.hash : (beside ?? older.hash);
    return { older: hash, tree: hash };
  }
  const below = proof.slice(0, -1);
  const middle = splitOf({ from, to });
  const [left, right] = halves(from, middle, to);
  if (older.size <= middle) {
    const roots = rootsOverTree(below, left, older);
    return { older: roots.older, tree: nodeHash(roots.tree, beside) };
  }
  const roots = rootsOverTree(below, right, older);
  return { older: nodeHash(beside, roots.older), tree: nodeHash(beside, roots.tree) };
}

function halves(from: number, middle: number, to: number): [Range, Range] {
  return [
    { from, to: middle },
    { from: middle, to },
  ];
}

/** Where a subtree of more than one record splits: the largest power of two below its size. */
function splitOf({ from, to }: Range): number {
  return from + 2 ** Math.ceil(Math.log2(to - from) - 1);
}
