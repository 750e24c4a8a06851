/**
 * Reads tree objects (gitformat-pack(5)): `MODE SP NAME NUL HASH` without anything in between. What git tolerates there
 * means here what it means to git (tree-walk.c, decode_tree_entry; cache.h, canon_mode).
 */
import { Slices } from '../../concurrency/slices.js';
import { hashAt, type ObjectHash } from '../names/object-name.js';
import { GitFailure } from '../transport/git-exec.js';
import type { GitObject } from './object-stream.js';

/** One file (or link, or submodule) of a commit's tree. */
export interface TreeEntry {
  /** Path below the directory asked for; undefined where the bytes are not UTF-8. */
  path: string | undefined;
  /** The path with undecodable bytes replaced, for messages. */
  displayPath: string;
  kind: 'regular' | 'symlink' | 'submodule';
  /** The id of its blob or commit, in hex; absent where there are very many files, or any has a name that git may refuse. */
  hash?: ObjectHash;
}

/** One line of a tree object. */
export interface RawEntry {
  mode: string;
  name: Buffer;
  hash: ObjectHash;
}

/** What an entry stands for. */
export type EntryKind = TreeEntry['kind'] | 'directory';

/** Where one entry of a tree lies in its bytes. */
export interface EntryPosition {
  kind: EntryKind;
  start: number;
  nameStart: number;
  /** Of the NUL in front of the hash. */
  nameEnd: number;
  /** Of the next entry, or of the tree. */
  end: number;
}

/**
 * The entry that begins at `start`; `hashBytes` is 20, or 32 in SHA-256 repositories. Throws `GitFailure` where git would
 * call the tree malformed.
 */
export function entryAt(tree: Buffer, start: number, hashBytes: number): EntryPosition {
  const space = tree.indexOf(SPACE, start);
  const nameEnd = space < 0 ? -1 : tree.indexOf(0, space);
  const end = nameEnd + 1 + hashBytes;
  if (nameEnd <= space + 1 || end > tree.length) throw malformed();
  return { kind: kindOf(tree.toString('latin1', start, space)), start, nameStart: space + 1, nameEnd, end };
}

/** The hash of an entry, in hex. */
export function hashOf(tree: Buffer, { nameEnd, end }: EntryPosition): ObjectHash {
  return hashAt(tree, nameEnd + 1, end);
}

/** The entries of a tree. Throws `GitFailure` where it is malformed. */
export function parseTree(tree: Buffer, hashBytes: number): RawEntry[] {
  const entries: RawEntry[] = [];
  for (let at = 0; at < tree.length;) {
    const entry = entryAt(tree, at, hashBytes);
    entries.push(rawEntry(tree, entry));
    at = entry.end;
  }
  return entries;
}

/**
 * The entry for `name`, which ends in a slash where more of a path follows. git relies on the order of a tree and stops
 * early (tree-walk.c, find_tree_entry): what it does not find in a tree out of order is not there for the go command.
 */
export function findEntry(entries: readonly RawEntry[], name: Buffer): RawEntry | undefined {
  for (const entry of entries) {
    const place = placeOf(entry.name, { nameStart: 0, nameEnd: entry.name.length }, name);
    if (place === 'past') return undefined;
    if (place === 'found') return entry;
  }
  return undefined;
}

/** The hash of the root directory of a commit, which begins with the line `tree HASH`. */
export function rootOf(commit: Buffer): string {
  return commit.toString('latin1', 'tree '.length, commit.indexOf(0x0a));
}

/** Where a search for `name` is at an entry of `tree`. */
function placeOf(
  tree: Buffer,
  { nameStart, nameEnd }: Pick<EntryPosition, 'nameStart' | 'nameEnd'>,
  name: Buffer,
): 'before' | 'found' | 'past' {
  const length = nameEnd - nameStart;
  if (length > name.length) return 'before';
  const order = name.compare(tree, nameStart, nameEnd, 0, length);
  if (order !== 0) return order < 0 ? 'past' : 'before';
  return length === name.length || name[length] === SLASH ? 'found' : 'before';
}

/** The entry for `name` in a tree of any size, by the rules of `findEntry`. */
export async function findInTree({ content, hash }: GitObject, name: string): Promise<RawEntry | undefined> {
  const wanted = Buffer.from(name);
  const slices = new Slices(ENTRIES_AT_ONCE);
  for (const entry of entriesOf(content, hash.length / 2)) {
    const place = placeOf(content, entry, wanted);
    if (place === 'past') return undefined;
    if (place === 'found') return rawEntry(content, entry);
    if (slices.isOver()) await slices.next();
  }
  return undefined;
}

/** Entries that are read in one slice. */
const ENTRIES_AT_ONCE = 10_000;

/** The entries of a tree, one after the other. Throws `GitFailure` where it is malformed. */
export function* entriesOf(tree: Buffer, hashBytes: number): Generator<EntryPosition> {
  for (let at = 0; at < tree.length;) {
    const entry = entryAt(tree, at, hashBytes);
    yield entry;
    at = entry.end;
  }
}

/** An entry with its own bytes. */
function rawEntry(tree: Buffer, entry: EntryPosition): RawEntry {
  return {
    mode: tree.toString('latin1', entry.start, entry.nameStart - 1),
    name: tree.subarray(entry.nameStart, entry.nameEnd),
    hash: hashOf(tree, entry),
  };
}

const SPACE = 0x20;
const SLASH = 0x2f;

/** Whether a mode stands for a directory, however it is written (git writes no zero in front; some old tools did). */
export function isDirectory(mode: string): boolean {
  return kindOf(mode) === 'directory';
}

/**
 * What a mode stands for: of the bits that tell kinds apart git knows three, and takes everything else for a submodule.
 * Throws `GitFailure` for what is not an octal number.
 */
export function kindOf(mode: string): EntryKind {
  const usual = USUAL[mode];
  if (usual !== undefined) return usual;
  if (!/^[0-7]+$/.test(mode)) throw malformed();
  let bits = 0;
  for (const digit of mode) bits = ((bits << 3) | Number(digit)) & 0xffff;
  return KINDS[bits & 0o170000] ?? 'submodule';
}

const KINDS: Readonly<Record<number, EntryKind>> = {
  0o100000: 'regular',
  0o120000: 'symlink',
  0o040000: 'directory',
};

/** What git writes. */
const USUAL: Readonly<Record<string, EntryKind>> = {
  '100644': 'regular',
  '100755': 'regular',
  '120000': 'symlink',
  '160000': 'submodule',
  '40000': 'directory',
};

function malformed(): GitFailure {
  return new GitFailure('cat-file', undefined, 'malformed tree object');
}
