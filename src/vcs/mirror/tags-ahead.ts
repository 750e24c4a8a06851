/**
 * When the commits of several tags are asked for within a moment, a client asks for all of them: update bots, documentation
 * servers and IDEs read the `.info` of every version of a list. Then the commits of the other tags come along with the next
 * one, in one request to the host in place of one request each.
 */
import { monotonicNow } from '../../concurrency/monotonic-clock.js';
import type { BareRepo } from '../bare/bare-repo.js';
import { referencedCommits } from '../bare/commit-refs.js';
import { objectAt, type ObjectHash, type ObjectSpec } from '../names/object-name.js';
import { refsFingerprint, type Refs } from '../objects/refs.js';
import { findInTree, isDirectory } from '../objects/tree-object.js';

/** So many commits of tags for one module within `MOMENT_MS` are taken for a walk through its list. */
const ENOUGH = 4;
const MOMENT_MS = 10_000;
/** Questions that are remembered: more that are about one module are a walk long since. */
const MAX_NOTED = 100;

/** Commits that come along with one. */
const MAX_ALONG = 800;

const TAGS = 'refs/tags/';

export class TagsAhead {
  /** What was asked for within the last moment, oldest first; `at` as `monotonicNow` tells the time. */
  #asked: { at: number; commits: readonly ObjectHash[] }[] = [];
  /** The refs of which the host does not send so much at once. */
  #failed: string | undefined;

  /**
   * Notes that `commits` are fetched, and gives the commits to fetch along with the first of them into `repo`: those of tags
   * for modules of the same directory that are not there yet. None in the ordinary case, and at most 800.
   */
  alongWith(repo: BareRepo, commits: readonly [ObjectHash, ...ObjectHash[]], refs: Refs): ObjectHash[] {
    const walked = this.#note(commits, refs);
    if (walked.size === 0 || this.#failed === refsFingerprint(refs)) return [];
    const here = new Set([...commits, ...referencedCommits(repo.dir)]);
    const along = new Set<ObjectHash>();
    for (const [name, hash] of refs) {
      if (along.size === MAX_ALONG) break;
      const isSibling = name.startsWith(TAGS) && walked.has(directoryOf(name));
      if (isSibling && !here.has(hash)) along.add(hash);
    }
    return [...along];
  }

  /** The directories of the first of `commits` of which enough was asked for within a moment, these included. */
  #note(commits: readonly [ObjectHash, ...ObjectHash[]], refs: Refs): Set<string> {
    const now = monotonicNow();
    const asked = [...this.#asked.filter(({ at }) => now - at < MOMENT_MS), { at: now, commits }];
    this.#asked = asked.slice(-MAX_NOTED);
    const all = this.#asked.flatMap((each) => each.commits);
    // In the ordinary case nothing is looked for: a repository may have a hundred thousand tags.
    if (all.length < ENOUGH) return new Set();
    const counts = new Map<string, number>();
    for (const directories of directoriesOf(refs, all)) {
      for (const directory of directories) counts.set(directory, (counts.get(directory) ?? 0) + 1);
    }
    const isWalked = (directory: string) => (counts.get(directory) ?? 0) >= ENOUGH;
    return new Set([...tagDirectories(refs, commits[0])].filter(isWalked));
  }

  /** Notes that the host did not send the commits of `refs` at once, so that it is not tried again until they change. */
  gaveUp(refs: Refs): void {
    this.#failed = refsFingerprint(refs);
  }
}

/** The directories of the tags on `commit`, by the go command's rule for tags: `sub/` of `sub/v1.0.0`, '' of `v1.0.0`. */
export function tagDirectories(refs: Refs, commit: ObjectHash): Set<string> {
  return directoriesOf(refs, [commit])[0] ?? new Set();
}

/** The same for each of `commits`, in one pass. */
function directoriesOf(refs: Refs, commits: readonly ObjectHash[]): Set<string>[] {
  const byCommit = new Map(commits.map((commit) => [commit, new Set<string>()]));
  for (const [name, hash] of refs) {
    if (name.startsWith(TAGS)) byCommit.get(hash)?.add(directoryOf(name));
  }
  return [...byCommit.values()];
}

/** What an `.info` is made of, for modules in `directory` ('' or `sub/`) of `commits`. */
export function infoObjects(commits: readonly ObjectHash[], directory: string): ObjectSpec[] {
  const above = directory.split('/').slice(0, -1);
  const paths = ['', ...above.map((_, i) => above.slice(0, i + 1).join('/')), `${directory}go.mod`];
  return commits.flatMap((commit) => [commit, ...paths.map((path) => objectAt(commit, path))]);
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
