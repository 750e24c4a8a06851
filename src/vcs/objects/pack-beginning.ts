/**
 * What the beginning of a pack is good for that is too large to be taken in: git writes a commit first, then its directories, then
 * its files in the order of their paths. Pure.
 */
import type { ObjectHash } from '../names/object-name.js';
import { GitFailure } from '../transport/git-exec.js';
import type { ObjectFormat } from './object-format.js';
import type { GitObject } from './object-stream.js';
import { encodePack, objectsAtBeginning, SMALL_PACK_LIMITS } from './small-pack.js';
import {
  entriesOf,
  findEntry,
  hashOf,
  isDirectory,
  parseTree,
  rootOf,
  type RawEntry,
} from './tree-object.js';

/**
 * A pack of `commit`, all of its directories, and those of `files` (their paths) that came as well; undefined where `begin`,
 * which a pack begins with, is without one of the directories.
 */
export function directoriesIn(
  begin: Buffer,
  commit: ObjectHash,
  files: readonly string[],
  format: ObjectFormat,
): Buffer | undefined {
  try {
    const objects = collect(begin, commit, files, format);
    return objects && encodePack(objects, format);
  } catch (error) {
    if (error instanceof GitFailure) return undefined; // a tree that is malformed: git has words for that
    throw error;
  }
}

function collect(
  begin: Buffer,
  commit: ObjectHash,
  files: readonly string[],
  format: ObjectFormat,
): GitObject[] | undefined {
  const directories = new Directories(commit);
  let wanted: Set<string> | undefined;
  const found: GitObject[] = [];
  for (const object of objectsAtBeginning(begin, format, SMALL_PACK_LIMITS)) {
    if (object.hash === commit && object.type !== 'commit') return undefined;
    if (object.type !== 'blob') directories.add(object);
    else if (!directories.areWhole) return undefined;
    else if (wanted?.delete(object.hash) === true) found.push(object);
    if (directories.areWhole) {
      wanted ??= directories.filesAt(files);
      if (wanted.size === 0) break;
    }
  }
  return directories.areWhole ? [...directories.objects, ...found] : undefined;
}

/** Bytes of a directory in which files are looked up here, a hundred of them maybe; the host is asked for those in a larger one. */
const MAX_SEARCHED = 256 * 1024;

/** A commit and its directories, as they come. */
class Directories {
  readonly objects = new Set<GitObject>();
  readonly #commit: ObjectHash;
  readonly #came = new Map<string, GitObject>();
  readonly #parsed = new Map<GitObject, readonly RawEntry[]>();
  /** What the commit is known to consist of, and has not come yet. */
  readonly #missing: Set<string>;

  constructor(commit: ObjectHash) {
    this.#commit = commit;
    this.#missing = new Set([commit]);
  }

  get areWhole(): boolean {
    return this.#missing.size === 0;
  }

  add(object: GitObject): void {
    this.#came.set(object.hash, object);
    const waiting = this.#missing.has(object.hash) ? [object] : [];
    for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
      // A directory may be listed a hundred thousand times, in one that is listed as often itself.
      if (this.objects.has(next)) continue;
      this.#missing.delete(next.hash);
      this.objects.add(next);
      for (const hash of below(next)) {
        const known = this.#came.get(hash);
        if (known === undefined) this.#missing.add(hash);
        else if (!this.objects.has(known)) waiting.push(known);
      }
    }
  }

  /** The hashes of the files at `paths`, as far as there are any; of as many paths as there may be objects. */
  filesAt(paths: readonly string[]): Set<string> {
    const hashes = paths.slice(0, SMALL_PACK_LIMITS.objects).map((path) => this.#fileAt(path.split('/')));
    return new Set(hashes.filter((hash) => hash !== undefined));
  }

  #fileAt(names: readonly string[]): ObjectHash | undefined {
    const commit = this.#came.get(this.#commit);
    let tree = commit && this.#came.get(rootOf(commit.content));
    for (const [i, name] of names.entries()) {
      if (tree === undefined || tree.content.length > MAX_SEARCHED) return undefined;
      const isLast = i === names.length - 1;
      const entry = findEntry(this.#entriesOf(tree), Buffer.from(isLast ? name : `${name}/`));
      if (isLast) return entry !== undefined && !isDirectory(entry.mode) ? entry.hash : undefined;
      tree = entry && this.#came.get(entry.hash);
    }
    return undefined;
  }

  #entriesOf(tree: GitObject): readonly RawEntry[] {
    const parsed = this.#parsed.get(tree) ?? parseTree(tree.content, tree.hash.length / 2);
    this.#parsed.set(tree, parsed);
    return parsed;
  }
}

/** The directory that a commit is made of, and the directories in a directory. */
function below({ type, content, hash }: GitObject): string[] {
  if (type === 'commit') return [rootOf(content)];
  const found: string[] = [];
  for (const entry of entriesOf(content, hash.length / 2)) {
    if (entry.kind === 'directory') found.push(hashOf(content, entry));
  }
  return found;
}
