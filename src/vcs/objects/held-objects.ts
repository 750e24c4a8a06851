/**
 * Objects that came in just now, by repository: what is asked for next is most often among them. Bounded in bytes, for the
 * whole process.
 */
import { LRUCache } from 'lru-cache';
import type { GitObject } from './object-stream.js';
import { findEntry, isDirectory, kindOf, parseTree, rootOf } from './tree-object.js';
import { isUsualName } from './usual-name.js';

const MAX_BYTES = 16 * 1024 * 1024;

/** What an entry takes beside its content. */
const OVERHEAD = 400;

const held = new LRUCache<string, GitObject>({
  maxSize: MAX_BYTES,
  sizeCalculation: ({ content }) => content.length + OVERHEAD,
});

/** Keeps `objects` of the repository that `identity` tells from all others. */
export function hold(identity: string, objects: readonly GitObject[]): void {
  for (const { hash, type, content } of objects) held.set(`${identity} ${hash}`, { hash, type, content });
}

/**
 * What `specs` (`HASH`, `HASH:path/of/file`) name, each undefined where the commit says that there is nothing of this
 * name; undefined as a whole if more would have to be known.
 */
export function findHeld(identity: string, specs: readonly string[]): (GitObject | undefined)[] | undefined {
  const found: (GitObject | undefined)[] = [];
  for (const spec of specs) {
    const object = resolve(identity, spec);
    if (object === undefined) return undefined;
    found.push(object === NOTHING ? undefined : object);
  }
  return found;
}

/** A regular file, with its path from the root. */
export interface HeldFile {
  path: string;
  content: Buffer;
}

/**
 * The regular files below the directory `path` of `commit`, in git's order; undefined if anything is not held, is
 * there twice, or has a name that git may refuse (verify_path): whatever is unusual there is git's to judge. That holds for
 * the names of the whole commit, because `git archive` reads all of them into an index, whatever directory it is asked for.
 */
export function listHeld(identity: string, commit: string, path: string): HeldFile[] | undefined {
  const files: HeldFile[] = [];
  const wanted = path === '' ? '' : `${path}/`;
  let left = MAX_ENTRIES;

  function walk(tree: GitObject, prefix: string): boolean {
    left -= 1;
    if (left < 0) return false;
    const entries = parseTree(tree.content, tree.hash.length / 2);
    left -= entries.length;
    if (left < 0) return false;
    if (new Set(entries.map(({ name }) => name.toString('latin1'))).size < entries.length) return false;
    return entries.every(({ mode, name, hash }) => {
      const text = name.toString('latin1');
      if (!isUsualName(text, kindOf(mode))) return false;
      if (kindOf(mode) === 'submodule') return true;
      const object = held.get(`${identity} ${hash}`);
      if (isDirectory(mode)) return object?.type === 'tree' && walk(object, `${prefix}${text}/`);
      if (!prefix.startsWith(wanted)) return true; // no file of this directory is read
      // A file that is another object is git's to judge.
      if (object?.type !== 'blob') return false;
      if (kindOf(mode) === 'regular') files.push({ path: prefix + text, content: object.content });
      return files.length <= MAX_FILES;
    });
  }

  const [root, top] = [resolve(identity, `${commit}:`), resolve(identity, `${commit}:${path}`)];
  if (!isTree(root) || !isTree(top)) return undefined;
  return walk(root, '') ? files : undefined;
}

function isTree(object: GitObject | typeof NOTHING | undefined): object is GitObject {
  return object !== undefined && object !== NOTHING && object.type === 'tree';
}

const MAX_FILES = 1_000;
/** Files, directories and whatever else is in them: a tree that is there many times stands for more than it has bytes. */
const MAX_ENTRIES = 4_000;

const NOTHING = 'nothing';

function resolve(identity: string, spec: string): GitObject | typeof NOTHING | undefined {
  const get = (hash: string) => held.get(`${identity} ${hash}`);
  const colon = spec.indexOf(':');
  if (colon < 0) return get(spec);
  let object = get(spec.slice(0, colon));
  if (object?.type === 'commit') object = get(rootOf(object.content));
  const path = spec.slice(colon + 1);
  const names = path === '' ? [] : path.split('/');
  for (const [i, name] of names.entries()) {
    if (object?.type !== 'tree') return undefined;
    const isLast = i === names.length - 1;
    const entries = parseTree(object.content, object.hash.length / 2);
    const entry = findEntry(entries, Buffer.from(isLast ? name : `${name}/`));
    if (entry === undefined || (!isLast && !isDirectory(entry.mode))) return NOTHING;
    object = get(entry.hash);
  }
  return object;
}
