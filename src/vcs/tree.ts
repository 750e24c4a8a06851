/** Reads the tree of a commit: names as bytes, kinds, in git's order. */
import type { BareRepo } from './mirror/bare-repo.js';
import { GitFailure, GitOutputTooLarge } from './transport/git-exec.js';
import { findEntry, isDirectory, kindOf, parseTree, type RawEntry } from './objects/tree-object.js';
import type { TreeEntry } from './types.js';

/** Bytes of all paths: 500,000 files with long names; a module zip cannot hold nearly as many. */
const MAX_LISTING = 128 * 1024 * 1024;

/** Trees that are read with one question. */
const BATCH = 500;

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

function decode(decoder: { decode(bytes: Uint8Array): string }, bytes: Buffer): string | undefined {
  try {
    return decoder.decode(bytes);
  } catch {
    return undefined;
  }
}
