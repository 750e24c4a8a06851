/** Reads tree objects (gitformat-pack(5)): `MODE SP NAME NUL HASH` without anything in between. */
import { GitFailure } from '../transport/git-exec.js';
import type { TreeEntry } from '../types.js';

/** One line of a tree object. */
export interface RawEntry {
  mode: string;
  name: Buffer;
  hash: string;
}

/** The entries of a tree; `hashBytes` is 20, or 32 in SHA-256 repositories. Throws `GitFailure` where it is none. */
export function parseTree(tree: Buffer, hashBytes: number): RawEntry[] {
  const entries: RawEntry[] = [];
  let at = 0;
  while (at < tree.length) {
    const space = tree.indexOf(0x20, at);
    const end = tree.indexOf(0, space);
    const next = end + 1 + hashBytes;
    if (space < 0 || end < 0 || next > tree.length)
      throw new GitFailure('cat-file', undefined, 'malformed tree object');
    entries.push({
      mode: tree.toString('latin1', at, space),
      name: tree.subarray(space + 1, end),
      hash: tree.toString('hex', end + 1, next),
    });
    at = next;
  }
  return entries;
}

/**
 * The entry for `name`, which ends in a slash where more of a path follows. git relies on the order of a tree and stops
 * early (tree-walk.c, find_tree_entry): what it does not find in a tree out of order is not there for the go command.
 */
export function findEntry(entries: readonly RawEntry[], name: Buffer): RawEntry | undefined {
  for (const entry of entries) {
    if (entry.name.length > name.length) continue;
    const order = name.subarray(0, entry.name.length).compare(entry.name);
    if (order < 0) return undefined;
    if (order > 0) continue;
    if (entry.name.length === name.length || name[entry.name.length] === SLASH) return entry;
  }
  return undefined;
}

const SLASH = 0x2f;

/** git writes no zero in front of this mode; some old tools did. */
export function isDirectory(mode: string): boolean {
  return mode === '40000' || mode === '040000';
}

/** What an entry that is no directory stands for. */
export function kindOf(mode: string): TreeEntry['kind'] {
  if (mode === '120000') return 'symlink';
  if (mode === '160000') return 'submodule';
  return 'regular';
}
