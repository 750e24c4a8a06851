/**
 * `CodeRepo` over a mirror: which commit a query means, and what is in it.
 *
 * The order of resolution and the rule that only what branches, tags or HEAD lead to exists are those of
 * `cmd/go/internal/modfetch/codehost/git.go` (stat): a server hands out any object whose hash is known, also changes
 * under review and commits that were removed by a force push, and none of these may become a version.
 *
 * A mirror is only a copy: what is missing in it is fetched, and where that fails it is an outage. That something does
 * not exist follows from nothing but what the host listed and all commits that this leads to.
 */
import type { Readable } from 'node:stream';
import { ModhavenError, isModhavenError } from '../errors.js';
import { parseCommitHash, type CommitHash } from '../module/commit-hash.js';
import type { Origin } from '../module/origin.js';
import type { RepoUrl } from '../module/repo-url.js';
import { streamArchive } from './archive.js';
import { findInHistory, isDescendant, recentTagBefore, type Listed } from './commit-history.js';
import { committerTime } from './commit-object.js';
import { findInRefs, type Found } from './find-revision.js';
import { highestVersion } from './highest-version.js';
import type { BareRepo, GitObject } from './bare/bare-repo.js';
import { retryOnCorrupt } from './bare/broken-repo.js';
import { isCommit, type Mirror } from './mirror/mirror.js';
import { tagsOf, tagsOrigin, type Listing, type Refs } from './objects/refs.js';
import { RefsChanged } from './refs-changed.js';
import { GitFailure, GitOutputTooLarge } from './transport/git-exec.js';
import type { HostLimiter } from './transport/host-limiter.js';
import { findFile, listTree } from './tree.js';
import type { CodeRepo, Need, Revision, Spelling, Tag, TreeEntry } from './types.js';

export interface GitRepoOptions {
  remote: RepoUrl;
  spelling: Spelling;
  mirror: Mirror;
  listing: Listing;
  /** What a commit is fetched with. */
  need: Need;
  limiter: HostLimiter;
  /** How long an archive may wait until it is begun. */
  waitMs: number;
}

export class GitRepo implements CodeRepo {
  readonly url: string;
  readonly spelling: Spelling;
  readonly defaultBranch: string | undefined;
  readonly asOf: number;
  readonly #mirror: Mirror;
  readonly #refs: Refs;
  readonly #need: Need;
  readonly #limiter: HostLimiter;
  readonly #waitMs: number;
  /** Where commits may be, the most complete first. */
  readonly #holders: readonly BareRepo[];

  constructor({ remote, spelling, mirror, listing, need, limiter, waitMs }: GitRepoOptions) {
    this.url = remote.url;
    this.spelling = spelling;
    this.defaultBranch = listing.defaultBranch;
    this.asOf = listing.askedAt;
    this.#mirror = mirror;
    this.#refs = listing.refs;
    this.#need = need;
    this.#limiter = limiter;
    this.#waitMs = waitMs;
    this.#holders = need === 'files' ? [mirror.content] : [mirror.content, mirror.trees];
  }

  async ensureCommit(commit: CommitHash): Promise<void> {
    if (isCommit((await this.#lookUp(commit))?.object)) return;
    if (this.#need === 'files') await this.#fetchFiles(commit);
    else await this.stat(commit);
  }

  tags(prefix: string): { readonly list: readonly Tag[]; readonly origin: Origin } {
    const { url } = this;
    const list = tagsOf(this.#refs, prefix);
    return {
      list,
      // Only where a caller wants it: of many tags it takes longer than the list itself.
      get origin() {
        return tagsOrigin(url, prefix, list);
      },
    };
  }

  async stat(revision: string): Promise<Revision> {
    const found = await this.#find(revision);
    const time = await this.#commitTime(found);
    const origin: Origin = { VCS: 'git', URL: this.url, Hash: found.hash };
    // The go command records no ref for HEAD but where it asked for the latest commit.
    if (found.ref !== undefined && found.ref !== 'HEAD') origin.Ref = found.ref;
    return {
      hash: commitHash(found.hash, this.url),
      short: found.hash.slice(0, 12),
      time,
      name: found.name,
      tags: this.#tagsOn(found.hash),
      origin,
    };
  }

  async latest(): Promise<Revision> {
    const head = this.#refs.get('HEAD');
    if (head === undefined) {
      throw new ModhavenError('VERSION_NOT_FOUND', 'no commits', {
        reason: 'the repository is empty, or its default branch does not exist',
        remedy: 'push a commit, or set the default branch of the repository',
      });
    }
    const revision = await this.stat(head);
    return { ...revision, origin: { ...revision.origin, Ref: 'HEAD' } };
  }

  async readFile(commit: string, path: string): Promise<Buffer | undefined> {
    try {
      if (this.#need === 'trees' && (await this.#lookUp(commit))?.holder === this.#mirror.trees) {
        const read = await this.#readRemoteBlob(commit, path);
        if (read !== undefined) return read.blob;
      }
      return await this.#inContent(commit, () => this.#readBlob(commit, path));
    } catch (error) {
      if (!(error instanceof GitOutputTooLarge)) throw error;
      throw new ModhavenError('MODULE_INVALID', `${path} is too large to be read`, { cause: error });
    }
  }

  async recentTag(
    commit: string,
    prefix: string,
    allowed: (tag: string) => Promise<boolean>,
  ): Promise<string | undefined> {
    // git shows tags on the commit itself without looking further back, and so does the go command.
    const own = await highestVersion(this.#tagsOn(commit), prefix, allowed);
    return own ?? (await recentTagBefore(this.#listed(), commit, prefix, allowed));
  }

  async descendsFrom(commit: string, tag: Tag): Promise<boolean> {
    return tag.hash === commit || (await isDescendant(this.#listed(), commit, tag));
  }

  listFiles(commit: string, directory: string): Promise<TreeEntry[]> {
    return this.#inContent(commit, async () => {
      await this.#assertInContent(commit);
      return listTree(this.#mirror.content, commit, directory);
    });
  }

  readLocalFiles(commit: string, directory: string): { path: string; content: Buffer }[] | undefined {
    return this.#mirror.content.heldFiles(commit, directory);
  }

  archive(commit: string, path: string, unchanged = false): Readable {
    const { content } = this.#mirror;
    const ensure = () => this.#inContent(commit, () => this.#assertInContent(commit));
    const limits = { limiter: this.#limiter, waitMs: this.#waitMs };
    return streamArchive({ content, commit, path, unchanged, url: this.url, ensure, ...limits });
  }

  #listed(): Listed {
    return { mirror: this.#mirror, refs: this.#refs, url: this.url };
  }

  async #find(revision: string): Promise<Found> {
    return findInRefs(this.#refs, revision) ?? (await findInHistory(this.#listed(), revision));
  }

  #tagsOn(commit: string): string[] {
    return tagsOf(this.#refs, '')
      .filter((tag) => tag.hash === commit)
      .map((tag) => tag.name);
  }

  #refTo(commit: string): string | undefined {
    for (const [ref, hash] of this.#refs) if (hash === commit) return ref;
    return undefined;
  }

  /** The time of a commit, which is fetched if need be. */
  async #commitTime(found: Found): Promise<Date> {
    let commit = (await this.#lookUp(found.hash))?.object;
    if (commit === undefined) {
      if (this.#need === 'files') await this.#mirror.fetchCommit(this.#refs, found.hash, found.ref);
      else await this.#mirror.fetchTrees(this.#refs, found.hash, found.ref);
      commit = (await this.#lookUp(found.hash))?.object;
      if (commit === undefined) throw new RefsChanged(this.url);
    }
    if (!isCommit(commit)) {
      throw new ModhavenError('VERSION_NOT_FOUND', `${found.name} is a ${commit.type}, not a commit`, {
        remedy: 'set the tag on a commit',
      });
    }
    const time = committerTime(commit.content);
    if (time === undefined) {
      throw new ModhavenError('MODULE_INVALID', `${found.name} has no valid commit time`, {
        reason: `the committer line of commit ${found.hash} holds no time that git reads`,
        remedy: 'set the tag on a commit that git itself made',
      });
    }
    return time;
  }

  /** The repository that holds `commit`, and the commit; undefined where none does. */
  async #lookUp(commit: string): Promise<{ holder: BareRepo; object: GitObject } | undefined> {
    for (const holder of this.#holders) {
      const object = await readIn(holder, commit);
      if (object !== undefined) return { holder, object };
    }
    return undefined;
  }

  /** Fetches `commit` with its files. A ref led to what `trees` holds when it was fetched. */
  async #fetchFiles(commit: string): Promise<void> {
    const { content, trees } = this.#mirror;
    const isKnown = isCommit(await readIn(trees, commit));
    const found = isKnown ? { hash: commit, ref: this.#refTo(commit) } : await this.#find(commit);
    await this.#mirror.fetchCommit(this.#refs, found.hash, found.ref);
    if (isCommit(await readIn(content, commit))) return;
    // Without `trees` it was found among what the refs lead to; else that has to be looked at before it is called gone.
    if (isKnown) await this.#find(commit);
    throw new RefsChanged(this.url);
  }

  /**
   * Runs `work` on the files of `commit`, which are fetched where they are not here, or no longer. `work` says with
   * `CommitAbsent` that they are not: that alone is no reason to take the mirror for broken.
   */
  async #inContent<T>(commit: string, work: () => Promise<T>): Promise<T> {
    const { content } = this.#mirror;
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await retryOnCorrupt(content, work);
      } catch (error) {
        if (isModhavenError(error, 'MODULE_INVALID')) throw error;
        if (!(error instanceof CommitAbsent) && (await readIn(content, commit)) !== undefined) throw error;
        if (attempt >= MAX_ATTEMPTS) throw new RefsChanged(this.url, error);
      }
      await this.#fetchFiles(commit);
    }
  }

  async #assertInContent(commit: string): Promise<void> {
    if (!isCommit((await this.#mirror.content.objects([commit]))[0])) throw new CommitAbsent(commit);
  }

  /** Runs `work` on the directories of `commit`, likewise. */
  async #inTrees<T>(commit: string, work: () => Promise<T>): Promise<T> {
    const { trees } = this.#mirror;
    try {
      return await retryOnCorrupt(trees, work);
    } catch (error) {
      if ((await this.#lookUp(commit)) !== undefined) throw error;
    }
    await this.#mirror.fetchTrees(this.#refs, commit, this.#refTo(commit));
    return retryOnCorrupt(trees, work);
  }

  /** A missing file is believed only where the commit is there and does not list it. */
  async #readBlob(commit: string, path: string): Promise<Buffer | undefined> {
    const { content } = this.#mirror;
    const [holder, object] = await content.objects([commit, `${commit}:${path}`], MAX_FILE);
    if (object !== undefined) return object.type === 'blob' ? object.content : undefined;
    if (!isCommit(holder)) throw new CommitAbsent(commit);
    if ((await findFile(content, commit, path)) !== undefined) {
      throw new GitFailure('cat-file', undefined, `missing object ${commit}:${path}`);
    }
    return undefined;
  }

  /** The same of a commit whose files are with the host; undefined as a whole if it hands out no single ones. */
  async #readRemoteBlob(commit: string, path: string): Promise<{ blob: Buffer | undefined } | undefined> {
    const { trees } = this.#mirror;
    const entry = await this.#inTrees(commit, () => findFile(trees, commit, path));
    if (entry === undefined) return { blob: undefined };
    let object = await readIn(trees, entry.hash, MAX_FILE);
    if (object === undefined) {
      if (!(await this.#mirror.fetchBlob(entry.hash))) return undefined;
      object = await readIn(trees, entry.hash, MAX_FILE);
    }
    if (object === undefined) return undefined;
    return { blob: object.type === 'blob' ? object.content : undefined };
  }
}

/**
 * Bytes of one file that is read by itself, and of the commit. In a zip go.mod and LICENSE have 16 MiB at most
 * (`ZIP_LIMITS`); go serves a larger go.mod as such, which nobody writes.
 */
const MAX_FILE = 24 * 1024 * 1024;

/** A commit is not in `content.git`. */
class CommitAbsent extends Error {
  constructor(commit: string) {
    super(`${commit} is not here`);
    this.name = 'CommitAbsent';
  }
}

/** `text`, which a host listed or a mirror holds, as the name of a commit. */
function commitHash(text: string, url: string): CommitHash {
  const hash = parseCommitHash(text);
  if (hash === undefined) throw new ModhavenError('HOST_REFUSED', `${url} lists something that is no commit`);
  return hash;
}

/** How often files are fetched for one question: others may have the mirror made anew meanwhile. */
const MAX_ATTEMPTS = 3;

async function readIn(repo: BareRepo, hash: string, maxBytes?: number): Promise<GitObject | undefined> {
  return (await retryOnCorrupt(repo, () => repo.objects([hash], maxBytes)))[0];
}
