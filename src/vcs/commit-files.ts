/**
 * Reads the files of a commit from a mirror, which fetches them where they are missing, or no longer there: other processes
 * may discard a broken mirror at any time.
 */
import { isModhavenError } from '../errors.js';
import { isCommit, type BareRepo, type GitObject } from './bare/bare-repo.js';
import { retryOnCorrupt } from './bare/broken-repo.js';
import { findRevision, type ListedMirror } from './commit-history.js';
import { refTo } from './find-revision.js';
import { objectAt, type ObjectHash } from './names/object-name.js';
import { RefsChanged, ofListed } from './refs-changed.js';
import { GitFailure, GitOutputTooLarge } from './transport/git-exec.js';
import { findFile } from './tree.js';

/**
 * Bytes of one file that is read by itself, and of the commit. In a zip go.mod and LICENSE have 16 MiB at most
 * (`ZIP_LIMITS`); go serves a larger go.mod as such, but none of that size is known.
 */
const MAX_FILE = 24 * 1024 * 1024;

/** How often files are fetched for one question: others may have the mirror made anew meanwhile. */
const MAX_ATTEMPTS = 3;

/** Runs `work` while `content.git` has `commit` with its files; again where the mirror turned out to be broken. */
export function withFiles<T>(listed: ListedMirror, commit: ObjectHash, work: () => Promise<T>): Promise<T> {
  const { content } = listed.mirror;
  return inContent(listed, commit, async () => {
    if (!isCommit((await content.objects([commit]))[0])) throw new CommitAbsent(commit);
    return work();
  });
}

/**
 * The blob at `path` of `commit`, from `content.git`; undefined where the commit lists none. Throws `GitOutputTooLarge`
 * beyond 24 MiB.
 */
export function readContentFile(
  listed: ListedMirror,
  commit: ObjectHash,
  path: string,
): Promise<Buffer | undefined> {
  const { content } = listed.mirror;
  return inContent(listed, commit, async () => {
    const [holder, object] = await content.objects([commit, objectAt(commit, path)], MAX_FILE);
    if (object !== undefined) return object.type === 'blob' ? object.content : undefined;
    // A missing file is believed only where the commit is there and does not list it.
    if (!isCommit(holder)) throw new CommitAbsent(commit);
    if ((await findFile(content, commit, path)) !== undefined) {
      throw new GitFailure('cat-file', undefined, `missing object ${commit}:${path}`);
    }
    return undefined;
  });
}

/** The blobs `ids` of `commit`; undefined where one of them is missing, or they are larger than `maxBytes` together. */
export async function readBlobs(
  listed: ListedMirror,
  commit: ObjectHash,
  ids: readonly ObjectHash[],
  maxBytes: number,
): Promise<Buffer[] | undefined> {
  const { content } = listed.mirror;
  try {
    const blobs = await withFiles(listed, commit, () => content.objects(ids, maxBytes));
    const contents = blobs.flatMap((blob) => (blob?.type === 'blob' ? [blob.content] : []));
    return contents.length === ids.length ? contents : undefined;
  } catch (error) {
    if (error instanceof GitOutputTooLarge) return undefined;
    throw error;
  }
}

/**
 * The same of a commit whose directories alone are here; undefined as a whole where its host hands out no single files, or
 * `content.git` has the commit by now.
 */
export async function readRemoteFile(
  listed: ListedMirror,
  commit: ObjectHash,
  path: string,
): Promise<{ blob: Buffer | undefined } | undefined> {
  const { mirror } = listed;
  const { trees } = mirror;
  const found = await inTrees(listed, commit, () => findFile(trees, commit, path));
  if (found === undefined) return undefined;
  const entry = found.value;
  if (entry === undefined) return { blob: undefined };
  let object = await readIn(trees, entry.hash, MAX_FILE);
  if (object === undefined) {
    if (!(await ofListed(listed.url, mirror.fetchBlob(entry.hash)))) return undefined;
    object = await readIn(trees, entry.hash, MAX_FILE);
  }
  if (object === undefined) return undefined;
  return { blob: object.type === 'blob' ? object.content : undefined };
}

/**
 * Fetches `commit` with its files. A ref led to what `trees.git` holds when it was fetched. Throws VERSION_NOT_FOUND where
 * no branch or tag leads to it, and `RefsChanged` where they lead elsewhere by now.
 */
export async function fetchFiles(listed: ListedMirror, commit: ObjectHash): Promise<void> {
  const { mirror, refs, url } = listed;
  const isKnown = isCommit(await readIn(mirror.trees, commit));
  const found = isKnown ? { hash: commit, ref: refTo(refs, commit) } : await findRevision(listed, commit);
  await ofListed(url, mirror.fetchCommit(refs, found.hash, found.ref));
  if (isCommit(await readIn(mirror.content, commit))) return;
  // Without `trees` it was found among what the refs lead to; else that has to be looked at before it is called gone.
  if (isKnown) await findRevision(listed, commit);
  throw new RefsChanged(url);
}

/** One object of `repo`, which is made anew where it is broken. */
export async function readIn(
  repo: BareRepo,
  hash: ObjectHash,
  maxBytes?: number,
): Promise<GitObject | undefined> {
  return (await retryOnCorrupt(repo, () => repo.objects([hash], maxBytes)))[0];
}

/** A commit is not in `content.git`: that alone does not mean that the mirror is broken. */
class CommitAbsent extends Error {
  constructor(commit: ObjectHash) {
    super(`${commit} is not here`);
    this.name = 'CommitAbsent';
  }
}

/** Runs `work` on the files of `commit`, which are fetched where it says with `CommitAbsent` that they are missing. */
async function inContent<T>(listed: ListedMirror, commit: ObjectHash, work: () => Promise<T>): Promise<T> {
  const { content } = listed.mirror;
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await retryOnCorrupt(content, work);
    } catch (error) {
      if (isModhavenError(error, 'MODULE_INVALID')) throw error;
      if (!(error instanceof CommitAbsent) && (await readIn(content, commit)) !== undefined) throw error;
      if (attempt >= MAX_ATTEMPTS) throw new RefsChanged(listed.url, error);
    }
    await fetchFiles(listed, commit);
  }
}

/**
 * Runs `work` on the directories of `commit`, likewise. Undefined where `content.git` has the commit in their place: what a host
 * sent with all files, although it was asked for none, another caller takes there and discards `trees.git`.
 */
async function inTrees<T>(
  listed: ListedMirror,
  commit: ObjectHash,
  work: () => Promise<T>,
): Promise<{ value: T } | undefined> {
  const { mirror, refs, url } = listed;
  const { content, trees } = mirror;
  for (let attempt = 1; ; attempt += 1) {
    try {
      return { value: await retryOnCorrupt(trees, work) };
    } catch (error) {
      if ((await readIn(trees, commit)) !== undefined) throw error;
      if ((await readIn(content, commit)) !== undefined) return undefined;
      if (attempt === MAX_ATTEMPTS) throw error;
    }
    await ofListed(url, mirror.fetchTrees(refs, commit, refTo(refs, commit)));
  }
}
