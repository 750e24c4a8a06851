/** Reads the tree of a commit: names as bytes, kinds, in git's order. */
import type { BareRepo } from './bare-repo.js';
import { GitFailure, GitOutputTooLarge } from './git-exec.js';
import type { TreeEntry } from './types.js';

/** Bytes of all paths: 500,000 files with long names; a module zip cannot hold nearly as many. */
const MAX_LISTING = 128 * 1024 * 1024;

/** Trees that are read with one question. */
const BATCH = 500;

/** One line of a tree object. */
export interface RawEntry {
  mode: string;
  name: Buffer;
  hash: string;
}

type Node = { path: Buffer; mode: string } | { path: Buffer; tree: string };

/**
 * Everything below `directory` ('' = the root) of `commit`, with paths relative to it. Directories are read level by
 * level, each level with few questions, and put where they belong in the order of their tree.
 */
export async function listTree(repo: BareRepo, commit: string, directory: string): Promise<TreeEntry[]> {
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }); // a name keeps its U+FEFF
  let size = 0;
  let nodes: Node[] = [{ path: Buffer.alloc(0), tree: `${commit}:${directory}` }];
  for (;;) {
    const wanted = new Set(nodes.flatMap((node) => ('tree' in node ? [node.tree] : [])));
    if (wanted.size === 0) break;
    const trees = await readTrees(repo, [...wanted]);
    const below: Node[] = [];
    for (const node of nodes) {
      if (!('tree' in node)) {
        below.push(node);
        continue;
      }
      for (const { mode, name, hash } of trees.get(node.tree) ?? []) {
        const path = node.path.length === 0 ? name : Buffer.concat([node.path, SLASH, name]);
        size += path.length;
        if (size > MAX_LISTING) throw new GitOutputTooLarge(MAX_LISTING);
        below.push(isDirectory(mode) ? { path, tree: hash } : { path, mode });
      }
    }
    nodes = below;
  }
  return nodes.flatMap((node) =>
    'mode' in node
      ? [
          {
            path: decode(decoder, node.path),
            displayPath: node.path.toString('utf8'),
            kind: kindOf(node.mode),
          },
        ]
      : [],
  );
}

const SLASH = Buffer.from('/');

/** The entries of the trees that `specs` name; a tree that is missing is a `GitFailure`. */
async function readTrees(repo: BareRepo, specs: string[]): Promise<Map<string, RawEntry[]>> {
  const trees = new Map<string, RawEntry[]>();
  for (let at = 0; at < specs.length; at += BATCH) {
    const batch = specs.slice(at, at + BATCH);
    const objects = await repo.objects(batch, MAX_LISTING);
    for (const [i, spec] of batch.entries()) {
      const object = objects[i];
      if (object?.type !== 'tree') throw new GitFailure('cat-file', undefined, `missing object ${spec}`);
      trees.set(spec, parseTree(object.content, object.hash.length / 2));
    }
  }
  return trees;
}

/**
 * The file or link that git means by `COMMIT:PATH`, whether or not its content is at hand; undefined if there is none.
 * What cannot be looked into for lack of a tree is a `GitFailure`.
 */
export async function findFile(repo: BareRepo, commit: string, path: string): Promise<RawEntry | undefined> {
  const names = path.split('/');
  let tree = `${commit}:`;
  for (const [i, name] of names.entries()) {
    const isLast = i === names.length - 1;
    const entries = (await readTrees(repo, [tree])).get(tree) ?? [];
    const entry = findEntry(entries, Buffer.from(isLast ? name : `${name}/`));
    if (entry === undefined) return undefined;
    if (isLast) return isDirectory(entry.mode) || kindOf(entry.mode) === 'submodule' ? undefined : entry;
    if (!isDirectory(entry.mode)) return undefined;
    tree = entry.hash;
  }
  return undefined;
}

/**
 * The entry for `name`, which ends in a slash where more of a path follows. git relies on the order of a tree and stops
 * early (tree-walk.c, find_tree_entry): what it does not find in a tree out of order is not there for the go command.
 */
function findEntry(entries: readonly RawEntry[], name: Buffer): RawEntry | undefined {
  for (const entry of entries) {
    if (entry.name.length > name.length) continue;
    const order = name.subarray(0, entry.name.length).compare(entry.name);
    if (order < 0) return undefined;
    if (order > 0) continue;
    if (entry.name.length === name.length || name[entry.name.length] === 0x2f) return entry;
  }
  return undefined;
}

/** Parses a tree object, `MODE SP NAME NUL HASH` without anything in between (gitformat-pack(5)). */
export function parseTree(tree: Buffer, hashBytes: number): RawEntry[] {
  const entries: RawEntry[] = [];
  let at = 0;
  while (at < tree.length) {
    const space = tree.indexOf(0x20, at);
    const end = tree.indexOf(0, space);
    const next = end + 1 + hashBytes;
    entries.push({
      mode: tree.toString('latin1', at, space),
      name: tree.subarray(space + 1, end),
      hash: tree.toString('hex', end + 1, next),
    });
    at = next;
  }
  return entries;
}

/** git writes no zero in front of this mode; some old tools did. */
function isDirectory(mode: string): boolean {
  return mode === '40000' || mode === '040000';
}

function kindOf(mode: string): TreeEntry['kind'] {
  if (mode === '120000') return 'symlink';
  if (mode === '160000') return 'submodule';
  return 'regular';
}

function decode(decoder: { decode(bytes: Uint8Array): string }, bytes: Buffer): string | undefined {
  try {
    return decoder.decode(bytes);
  } catch {
    return undefined;
  }
}
