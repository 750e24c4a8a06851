/** Questions about the ancestry of commits. What they state follows from all commits that the host's refs lead to. */
import { highestVersion } from './highest-version.js';
import { findInRefs, unknownRevision, type Found } from './find-revision.js';
import { isCommit, type BareRepo } from './bare/bare-repo.js';
import { isBroken, retryOnCorrupt } from './bare/broken-repo.js';
import type { Mirror } from './mirror/mirror.js';
import { formatOf } from './objects/object-format.js';
import { tagsOf, type Refs } from './objects/refs.js';
import { RefsChanged, ofListed } from './refs-changed.js';
import { GitFailure } from './transport/git-exec.js';
import { git } from './names/git-words.js';
import { isHash, parseHashPrefix, type HashPrefix, type ObjectHash } from './names/object-name.js';
import type { Tag } from './types.js';

/** A mirror and what its host listed. */
export interface ListedMirror {
  mirror: Mirror;
  refs: Refs;
  /** For messages. */
  url: string;
}

/**
 * Which commit `revision` means: a tag, a branch, `HEAD`, or a hash of at least 7 digits, in this order. Throws
 * VERSION_NOT_FOUND.
 */
export async function findRevision(listed: ListedMirror, revision: string): Promise<Found> {
  return findInRefs(listed.refs, revision) ?? (await findInHistory(listed, revision));
}

/** The commit that branches or tags lead to whose hash begins with `prefix`. Throws VERSION_NOT_FOUND. */
async function findInHistory(listed: ListedMirror, revision: string): Promise<Found> {
  const prefix = parseHashPrefix(revision);
  if (prefix === undefined) throw unknownRevision(revision);
  const hash = await inHistory(listed, async (history) => {
    const commit = await resolveCommit(history, prefix, isWholeHash(prefix, listed.refs));
    if (commit === undefined) return undefined;
    const holder = await history.text(git`for-each-ref --count=1 --contains=${commit} refs/heads refs/tags`);
    return holder === '' ? undefined : commit;
  });
  if (hash === undefined) throw unknownRevision(prefix);
  return { hash, ref: undefined, name: hash };
}

/** The highest tag, by semver without `prefix`, on an ancestor of `commit`, among the allowed ones. */
export async function recentTagBefore(
  listed: ListedMirror,
  commit: ObjectHash,
  prefix: string,
  allowed: (tag: string) => Promise<boolean>,
): Promise<string | undefined> {
  if (tagsOf(listed.refs, `${prefix}v`).length === 0) return undefined;
  const merged = await inHistory(listed, async (history) => {
    await assertHolds(listed, history, commit);
    return history.text(git`for-each-ref --format=%(refname) --merged=${commit} refs/tags`);
  });
  const names = merged.split('\n').filter((name) => name.startsWith('refs/tags/'));
  return highestVersion(
    names.map((name) => name.slice('refs/tags/'.length)),
    prefix,
    allowed,
  );
}

/** Whether `commit` descends from the tagged commit. */
export async function isDescendant(listed: ListedMirror, commit: ObjectHash, tag: Tag): Promise<boolean> {
  return inHistory(listed, async (history) => {
    await assertHolds(listed, history, commit);
    try {
      await history.text(git`merge-base --is-ancestor -- ${tag.hash} ${commit}`);
      return true;
    } catch (error) {
      // A tag may be set on a tree or a file: that is not an ancestor of a commit, and the filtered history lacks it.
      if (isPlainNo(error, history) || !(await isCommitOf(history, tag.hash))) return false;
      throw error;
    }
  });
}

/** How often a question is put again because others fetched into the history meanwhile. */
const MAX_ATTEMPTS = 3;

/**
 * Runs `work` on all commits that the refs lead to. What it did not find counts only if the history is still all that came in
 * from the host: another process may have removed it meanwhile, and a disk may have lost a part of it.
 */
async function inHistory<T>(
  { mirror, refs, url }: ListedMirror,
  work: (history: BareRepo) => Promise<T>,
): Promise<T> {
  const { history } = mirror;
  for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt += 1) {
    const done = await retryOnCorrupt(history, async () => {
      if (!(await ofListed(url, mirror.fetchHistory(refs)))) throw new RefsChanged(url);
      const result = await work(history).catch(asBroken);
      return (await mirror.isHistoryWhole()) ? { result } : undefined;
    });
    if (done !== undefined) return done.result;
  }
  throw new RefsChanged(url);
}

/** Whether `prefix` is a whole hash in the repository that has `refs`: with SHA-256, 40 digits are the beginning of one. */
function isWholeHash(prefix: HashPrefix, refs: Refs): boolean {
  return isHash(prefix) && formatOf(prefix) === formatOf(refs.values().next().value);
}

/** Throws what git says of a history that it cannot read, whatever it is, as of one that a new one helps against. */
function asBroken(error: unknown): never {
  if (!(error instanceof GitFailure) || error.exitCode === undefined) throw error;
  throw new GitFailure('history', error.exitCode, `missing object: ${error.stderr}`);
}

/** Undefined where no commit, or more than one, has a hash that begins so. */
async function resolveCommit(
  history: BareRepo,
  prefix: HashPrefix,
  isWhole: boolean,
): Promise<ObjectHash | undefined> {
  // Of a whole hash git would ask the host, if it is that of a tree or a file, which the filtered history lacks.
  if (isWhole && isHash(prefix) && !(await mayBeCommit(history, prefix))) return undefined;
  try {
    const args = git`rev-parse --verify --quiet --end-of-options ${prefix}^{commit}`;
    const hash = (await history.text(args)).trim();
    return isHash(hash) ? hash : undefined;
  } catch (error) {
    if (isPlainNo(error, history)) return undefined;
    throw error;
  }
}

/** Exit 1 is git's answer to a question; everything else says that it could not answer. */
function isPlainNo(error: unknown, { dir }: BareRepo): boolean {
  return error instanceof GitFailure && error.exitCode === 1 && !isBroken(error, dir);
}

/** A branch that was rewritten since the refs were listed leads to other commits. */
async function assertHolds({ url }: ListedMirror, history: BareRepo, commit: ObjectHash): Promise<void> {
  if (!(await isCommitOf(history, commit))) throw new RefsChanged(url);
}

/** Whether `hash` is that of a commit, or of an annotated tag on one or on another tag. */
async function mayBeCommit(history: BareRepo, hash: ObjectHash): Promise<boolean> {
  const [object] = await history.objects([hash]);
  if (object?.type !== 'tag') return isCommit(object);
  return /^type (?:commit|tag)$/m.test(object.content.toString('latin1'));
}

async function isCommitOf(history: BareRepo, hash: ObjectHash): Promise<boolean> {
  return isCommit((await history.objects([hash]))[0]);
}
