/**
 * Reads the tree of a commit: names as bytes, kinds, in git's order.
 *
 * A tree may stand for many more paths than it has bytes, because a directory may be in it any number of times. So each
 * directory is read once, what all of it stands for is counted, and only what is within bounds is listed.
 */
import { isAscii } from 'node:buffer';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { Slices } from '../concurrency/slices.js';
import { ModhavenError } from '../errors.js';
import type { BareRepo } from './bare/bare-repo.js';
import { objectAt, type ObjectHash, type ObjectSpec } from './names/object-name.js';
import { GitFailure, GitOutputTooLarge } from './transport/git-exec.js';
import {
  entriesOf,
  entryAt,
  findInTree,
  hashOf,
  isDirectory,
  kindOf,
  type RawEntry,
} from './objects/tree-object.js';
import { isUsualName } from './objects/usual-name.js';
import type { TreeEntry, TreeListing } from './types.js';

/** Bytes of all directories, and of all paths: far more than the files that a module zip can hold. */
const MAX_LISTING = 128 * 1024 * 1024;

/** Files and directories that a tree may stand for. */
const MAX_ENTRIES = 2_000_000;

/** Entries of which the hashes are held, and looked at without a pause. */
const MAX_HASHES = 50_000;

/** What git goes down to (core.maxTreeDepth). */
const MAX_DEPTH = 2_048;

/** Trees that are read with one question. */
const BATCH = 500;

/** Entries of one slice. */
const SLICE = 10_000;

/**
 * Everything below `directory` ('' = the root) of `commit`, with paths relative to it. Throws MODULE_INVALID where that is
 * more than anybody could list.
 */
export async function listTree(
  repo: Pick<BareRepo, 'objects'>,
  commit: ObjectHash,
  directory: string,
): Promise<TreeListing> {
  const root = objectAt(commit, directory);
  const trees = await readAllTrees(repo, root);
  const slices = new Slices(SLICE);
  await checkSize(trees, root, slices);
  return new ListedTree(trees, root, hasUsualNames(trees, root));
}

/** The content of each directory below `root`, once, by its hash; `root` by its name. */
async function readAllTrees(
  repo: Pick<BareRepo, 'objects'>,
  root: ObjectSpec,
): Promise<Map<ObjectSpec, Buffer>> {
  const trees = new Map<ObjectSpec, Buffer>();
  const slices = new Slices(SLICE);
  let size = 0;
  let wanted: ObjectSpec[] = [root];
  for (let depth = 0; wanted.length > 0; depth += 1) {
    if (depth > MAX_DEPTH) throw tooMuch('directories below each other', MAX_DEPTH);
    const below = new Set<ObjectHash>();
    for (let at = 0; at < wanted.length; at += BATCH) {
      const batch = wanted.slice(at, at + BATCH);
      const objects = await repo.objects(batch, MAX_LISTING);
      for (const [i, spec] of batch.entries()) {
        const object = objects[i];
        if (object?.type !== 'tree') throw new GitFailure('cat-file', undefined, `missing object ${spec}`);
        size += object.content.length;
        if (size > MAX_LISTING) throw new GitOutputTooLarge(MAX_LISTING);
        trees.set(spec, object.content);
        const hashBytes = object.hash.length / 2;
        for (let start = 0; start < object.content.length;) {
          const entry = entryAt(object.content, start, hashBytes);
          if (entry.kind === 'directory') below.add(hashOf(object.content, entry));
          start = entry.end;
          if (slices.isOver()) await slices.next();
        }
      }
    }
    wanted = [...below].filter((hash) => !trees.has(hash));
  }
  return trees;
}

/** What a directory stands for, itself not counted. */
interface Extent {
  entries: number;
  /** Bytes of all paths below it, relative to it. */
  pathBytes: number;
  depth: number;
}

/** Counts what `root` stands for, each directory once. Throws MODULE_INVALID beyond the bounds. */
async function checkSize(trees: Map<ObjectSpec, Buffer>, root: ObjectSpec, slices: Slices): Promise<void> {
  const known = new Map<ObjectSpec, Extent>();
  const stack = [root];
  for (let spec = stack.at(-1); spec !== undefined; spec = stack.at(-1)) {
    if (known.has(spec)) {
      stack.pop();
      continue;
    }
    const tree = trees.get(spec) ?? Buffer.alloc(0);
    const extent: Extent = { entries: 0, pathBytes: 0, depth: 0 };
    const unknown: ObjectHash[] = [];
    for (const entry of entriesOf(tree, hashBytesOf(root))) {
      if (slices.isOver()) await slices.next();
      const length = entry.nameEnd - entry.nameStart;
      extent.entries += 1;
      extent.pathBytes += length;
      if (entry.kind === 'directory') {
        const hash = hashOf(tree, entry);
        const below = known.get(hash);
        if (below === undefined) unknown.push(hash);
        else addBelow(extent, below, length);
      }
      // At once: the entries of one directory may be millions.
      if (extent.entries > MAX_ENTRIES) throw tooMuch('files and directories', MAX_ENTRIES);
    }
    if (unknown.length > 0) {
      for (const hash of new Set(unknown)) stack.push(hash); // too many to be the arguments of one call
      continue;
    }
    if (extent.pathBytes > MAX_LISTING) throw tooMuch('bytes of file names', MAX_LISTING);
    if (extent.depth > MAX_DEPTH) throw tooMuch('directories below each other', MAX_DEPTH);
    known.set(spec, extent);
    stack.pop();
  }
}

/** Adds what a directory with a name of `nameLength` bytes stands for. */
function addBelow(extent: Extent, below: Extent, nameLength: number): void {
  extent.entries += below.entries;
  extent.pathBytes += below.pathBytes + below.entries * (nameLength + 1);
  extent.depth = Math.max(extent.depth, below.depth + 1);
}

/** The files below `root`, in the order of their trees, made anew each time they are read: of a million, the directories take least. */
class ListedTree implements TreeListing {
  readonly #trees: ReadonlyMap<ObjectSpec, Buffer>;
  readonly #root: ObjectSpec;
  readonly #withHashes: boolean;

  constructor(trees: ReadonlyMap<ObjectSpec, Buffer>, root: ObjectSpec, withHashes: boolean) {
    this.#trees = trees;
    this.#root = root;
    this.#withHashes = withHashes;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<TreeEntry[], undefined> {
    const entries = this.#expand();
    for (;;) {
      const batch: TreeEntry[] = [];
      let next = entries.next();
      for (let left = ENTRIES_AT_ONCE; next.done !== true; next = entries.next()) {
        if (next.value !== undefined) batch.push(next.value);
        left -= 1;
        if (left === 0) break;
      }
      if (batch.length > 0) yield batch;
      if (next.done === true) return;
      await nextTurn();
    }
  }

  /** Each file, and undefined for a directory: many of them may be empty. */
  *#expand(): Generator<TreeEntry | undefined, undefined> {
    const hashBytes = hashBytesOf(this.#root);
    let files = 0;
    const stack = [{ tree: this.#treeOf(this.#root), at: 0, prefix: '', isText: true }];
    for (let level = stack.at(-1); level !== undefined; level = stack.at(-1)) {
      if (level.at >= level.tree.length) {
        stack.pop();
        continue;
      }
      const { tree, prefix } = level;
      const entry = entryAt(tree, level.at, hashBytes);
      level.at = entry.end;
      const name = nameOf(tree.subarray(entry.nameStart, entry.nameEnd));
      const displayPath = prefix + name.text;
      const isText = level.isText && name.isText;
      if (entry.kind === 'directory') {
        stack.push({ tree: this.#treeOf(hashOf(tree, entry)), at: 0, prefix: `${displayPath}/`, isText });
        yield undefined;
      } else {
        const file: TreeEntry = { path: isText ? displayPath : undefined, displayPath, kind: entry.kind };
        if (this.#withHashes && files < MAX_HASHES) file.hash = hashOf(tree, entry);
        files += 1;
        yield file;
      }
    }
  }

  #treeOf(spec: ObjectSpec): Buffer {
    return this.#trees.get(spec) ?? Buffer.alloc(0);
  }
}

/** Files and directories that are listed in one go, about two milliseconds of work. */
const ENTRIES_AT_ONCE = 1_000;

const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }); // a name keeps its U+FEFF

function nameOf(bytes: Buffer): { text: string; isText: boolean } {
  if (isAscii(bytes)) return { text: bytes.toString('latin1'), isText: true };
  try {
    return { text: UTF8.decode(bytes), isText: true };
  } catch {
    return { text: bytes.toString('utf8'), isText: false };
  }
}

/** Whether git refuses no name in `trees`, for certain; false also where there are very many. */
function hasUsualNames(trees: Map<string, Buffer>, root: string): boolean {
  let left = MAX_HASHES;
  for (const tree of trees.values()) {
    for (const { kind, nameStart, nameEnd } of entriesOf(tree, hashBytesOf(root))) {
      left -= 1;
      if (left < 0 || !isUsualName(tree.toString('latin1', nameStart, nameEnd), kind)) return false;
    }
  }
  return true;
}

/** By the commit that a spec begins with. */
function hashBytesOf(spec: string): number {
  return spec.indexOf(':') / 2;
}

function tooMuch(what: string, max: number): ModhavenError {
  return new ModhavenError('MODULE_INVALID', `create zip: the commit stands for more than ${max} ${what}`, {
    remedy: 'remove them and tag a new version',
  });
}

/**
 * The file or link that git means by `COMMIT:PATH`, whether or not its content was fetched; undefined if there is none.
 * What cannot be looked into for lack of a tree is a `GitFailure`.
 */
export async function findFile(
  repo: BareRepo,
  commit: ObjectHash,
  path: string,
): Promise<RawEntry | undefined> {
  const names = path.split('/');
  let tree = objectAt(commit, '');
  for (const [i, name] of names.entries()) {
    const isLast = i === names.length - 1;
    const [object] = await repo.objects([tree], MAX_LISTING);
    if (object?.type !== 'tree') throw new GitFailure('cat-file', undefined, `missing object ${tree}`);
    const entry = await findInTree(object, isLast ? name : `${name}/`);
    if (entry === undefined) return undefined;
    if (isLast) return isDirectory(entry.mode) || kindOf(entry.mode) === 'submodule' ? undefined : entry;
    if (!isDirectory(entry.mode)) return undefined;
    tree = entry.hash;
  }
  return undefined;
}
