/**
 * When the commits of several tags are asked for within a moment, a client asks for all of them: update bots, documentation
 * servers and IDEs read the `.info` of every version of a list. Then the commits of the other tags come along with the next
 * one, in one request to the host in place of one request each.
 */
import { monotonicNow } from '../../concurrency/monotonic-clock.js';
import type { BareRepo } from '../bare/bare-repo.js';
import { referencedCommits } from '../bare/commit-refs.js';
import { objectAt, type ObjectHash } from '../names/object-name.js';
import { refsFingerprint, type Refs } from '../objects/refs.js';
import { findInTree, isDirectory } from '../objects/tree-object.js';

/** So many commits of tags within `MOMENT_MS` are taken for a walk through the list. */
const ENOUGH = 4;
const MOMENT_MS = 10_000;

/** Commits that come along with one. */
const MAX_ALONG = 800;

const TAGS = 'refs/tags/';

export class TagsAhead {
  /** When commits were asked for, as `monotonicNow` tells the time. */
  #askedAt: number[] = [];
  /** The refs of which the host does not send so much at once. */
  #failed: string | undefined;

  /**
   * Notes that `commit` is fetched, and gives the commits to fetch along with it into `repo`: those of tags for modules of
   * the same directory that are not there yet. None in the ordinary case, and at most 800.
   */
  async alongWith(repo: BareRepo, commit: ObjectHash, refs: Refs): Promise<ObjectHash[]> {
    const now = monotonicNow();
    this.#askedAt = [...this.#askedAt.filter((at) => now - at < MOMENT_MS), now].slice(-ENOUGH);
    if (this.#askedAt.length < ENOUGH || this.#failed === refsFingerprint(refs)) return [];
    const directories = tagDirectories(refs, commit);
    const here = new Set([commit, ...(await referencedCommits(repo.dir))]);
    const along = new Set<ObjectHash>();
    for (const [name, hash] of refs) {
      if (along.size === MAX_ALONG) break;
      const isSibling = name.startsWith(TAGS) && directories.has(directoryOf(name));
      if (isSibling && !here.has(hash)) along.add(hash);
    }
    return [...along];
  }

  /** Notes that the host did not send the commits of `refs` at once, so that it is not tried again until they change. */
  gaveUp(refs: Refs): void {
    this.#failed = refsFingerprint(refs);
  }
}

/** The directories of the tags on `commit`, by the go command's rule for tags: `sub/` of `sub/v1.0.0`, '' of `v1.0.0`. */
export function tagDirectories(refs: Refs, commit: ObjectHash): Set<string> {
  const directories = new Set<string>();
  for (const [name, hash] of refs) {
    if (hash === commit && name.startsWith(TAGS)) directories.add(directoryOf(name));
  }
  return directories;
}

function directoryOf(tag: string): string {
  return tag.slice(TAGS.length, tag.lastIndexOf('/') + 1);
}

/** Hashes of the `go.mod` files in `directory` ('' or `sub/`) of `commits`, as far as `trees` has their directories but not them. */
export async function missingGoMods(
  trees: BareRepo,
  commits: readonly ObjectHash[],
  directory: string,
): Promise<ObjectHash[]> {
  const wanted = new Set<ObjectHash>();
  for (const tree of await trees.objects(commits.map((commit) => objectAt(commit, directory.slice(0, -1))))) {
    if (tree?.type !== 'tree') continue;
    const entry = await findInTree(tree, 'go.mod');
    if (entry !== undefined && !isDirectory(entry.mode)) wanted.add(entry.hash);
  }
  const hashes = [...wanted];
  const here = await trees.objects(hashes);
  return hashes.filter((_, i) => here[i] === undefined);
}
