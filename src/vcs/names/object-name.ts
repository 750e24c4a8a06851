/**
 * The names of git's objects. A hash from an `.info`, an import, an upstream, a host or a file of ours is one of these types
 * before git sees it: git reads a line break for a second question, and a dash in front for an option.
 */
import type { CommitHash } from '../../module/commit-hash.js';

declare const brand: unique symbol;

/** The hash of a commit, tree, blob or tag: 40 hex digits in lower case, or 64 where the repository uses SHA-256. */
export type ObjectHash = CommitHash | (string & { readonly [brand]: 'object hash' });

/** The first digits of an object's hash, at least 4. */
export type HashPrefix = ObjectHash | (string & { readonly [brand]: 'hash prefix' });

/** What `git cat-file --batch` is asked for in one line: `HASH`, or `HASH:path/of/file` (gitrevisions(7)). */
export type ObjectSpec = ObjectHash | (string & { readonly [brand]: 'object spec' });

/** A path below the root of a tree, '' for the root itself. */
export type TreePath = string & { readonly [brand]: 'tree path' };

/** Whether `text` is the whole hash of an object, of either format. */
export function isHash(text: string): text is ObjectHash {
  return (text.length === 40 || text.length === 64) && HEX.test(text);
}

/** `text` as the beginning of a hash; undefined if it is not one. */
export function parseHashPrefix(text: string): HashPrefix | undefined {
  return text.length >= 4 && text.length <= 64 && HEX.test(text) ? (text as HashPrefix) : undefined;
}

/** The hash whose 20 or 32 bytes are `bytes` from `start` to `end`. */
export function hashAt(bytes: Buffer, start: number, end: number): ObjectHash {
  return bytes.toString('hex', start, end) as ObjectHash;
}

/**
 * `text` as a path in a tree. Throws `NotAName` for a control character, and for what is not below the root: neither can be
 * the path of a module or of a file in it.
 */
export function treePath(text: string): TreePath {
  if (CONTROL.test(text) || text.startsWith('/') || text.split('/').includes('..')) throw new NotAName(text);
  return text as TreePath;
}

/** The object at `path` of the tree of `commit`. Throws `NotAName` as `treePath` does. */
export function objectAt(commit: ObjectHash, path: string): ObjectSpec {
  return `${commit}:${treePath(path)}` as ObjectSpec;
}

/** Something is not a name that git could be given. */
export class NotAName extends Error {
  constructor(text: string) {
    super(`git cannot be given the name ${JSON.stringify(text.slice(0, 100))}`);
    this.name = 'NotAName';
  }
}

const HEX = /^[0-9a-f]+$/;

// eslint-disable-next-line no-control-regex -- it is what is looked for
const CONTROL = /[\0-\x1f\x7f]/;
