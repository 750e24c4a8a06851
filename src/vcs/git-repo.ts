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
import { ModhavenError } from '../errors.js';
import { parseCommitHash, type CommitHash } from '../module/commit-hash.js';
import type { Origin } from '../module/origin.js';
import type { RepoUrl } from '../module/repo-url.js';
import { streamArchive } from './archive.js';
import { isCommit, type BareRepo, type GitObject } from './bare/bare-repo.js';
import { fetchFiles, readBlobs, readContentFile, readIn, readRemoteFile, withFiles } from './commit-files.js';
import { findRevision, isDescendant, recentTagBefore, type ListedMirror } from './commit-history.js';
import { committerTime } from './commit-object.js';
import type { Found } from './find-revision.js';
import { highestVersion } from './highest-version.js';
import type { ObjectHash } from './names/object-name.js';
import { HEAD } from './names/ref-name.js';
import type { Mirror } from './mirror/mirror.js';
import { tagsOf, tagsOn, tagsOrigin, type Listing } from './objects/refs.js';
import { RefsChanged, ofListed } from './refs-changed.js';
import { GitOutputTooLarge } from './transport/git-exec.js';
import type { HostLimiter } from '../concurrency/host-limiter.js';
import { listTree } from './tree.js';
import type { BlobId, CodeRepo, Need, RepoNotes, Revision, Spelling, Tag, TreeListing } from './types.js';

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
  readonly #listed: ListedMirror;
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
    this.#listed = { mirror, refs: listing.refs, url: remote.url };
    this.#need = need;
    this.#limiter = limiter;
    this.#waitMs = waitMs;
    this.#holders = need === 'files' ? [mirror.content] : [mirror.content, mirror.trees];
  }

  async ensureCommit(commit: CommitHash): Promise<void> {
    if (isCommit((await this.#lookUp(commit))?.object)) return;
    if (this.#need === 'files') await fetchFiles(this.#listed, commit);
    else await this.stat(commit);
  }

  tags(prefix: string): { readonly list: readonly Tag[]; readonly origin: Origin } {
    const { url } = this;
    const list = tagsOf(this.#listed.refs, prefix);
    return {
      list,
      // Only where a caller wants it: of many tags it takes longer than the list itself.
      get origin() {
        return tagsOrigin(url, prefix, list);
      },
    };
  }

  async stat(revision: string): Promise<Revision> {
    const found = await findRevision(this.#listed, revision);
    const time = await this.#commitTime(found);
    const origin: Origin = { VCS: 'git', URL: this.url, Hash: found.hash };
    // The go command records no ref for HEAD but where it asked for the latest commit.
    if (found.ref !== undefined && found.ref !== HEAD) origin.Ref = found.ref;
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
    const head = this.#listed.refs.get(HEAD);
    if (head === undefined) {
      throw new ModhavenError('VERSION_NOT_FOUND', 'no commits', {
        reason: 'the repository is empty, or its default branch does not exist',
        remedy: 'push a commit, or set the default branch of the repository',
      });
    }
    const revision = await this.stat(head);
    return { ...revision, origin: { ...revision.origin, Ref: 'HEAD' } };
  }

  async readFile(commit: CommitHash, path: string): Promise<Buffer | undefined> {
    const listed = this.#listed;
    try {
      if (this.#need === 'trees' && (await this.#lookUp(commit))?.holder === listed.mirror.trees) {
        const read = await readRemoteFile(listed, commit, path);
        if (read !== undefined) return read.blob;
      }
      return await readContentFile(listed, commit, path);
    } catch (error) {
      if (!(error instanceof GitOutputTooLarge)) throw error;
      throw new ModhavenError('MODULE_INVALID', `${path} is too large to be read`, { cause: error });
    }
  }

  async recentTag(
    commit: CommitHash,
    prefix: string,
    allowed: (tag: string) => Promise<boolean>,
  ): Promise<string | undefined> {
    // git shows tags on the commit itself without looking further back, and so does the go command.
    const own = await highestVersion(this.#tagsOn(commit), prefix, allowed);
    return own ?? (await recentTagBefore(this.#listed, commit, prefix, allowed));
  }

  async descendsFrom(commit: CommitHash, tag: Tag): Promise<boolean> {
    return tag.hash === commit || (await isDescendant(this.#listed, commit, tag));
  }

  listFiles(commit: CommitHash, directory: string): Promise<TreeListing> {
    return withFiles(this.#listed, commit, () => listTree(this.#listed.mirror.content, commit, directory));
  }

  readLocalFiles(commit: CommitHash, directory: string): { path: string; content: Buffer }[] | undefined {
    return this.#listed.mirror.content.heldFiles(commit, directory);
  }

  readBlobs(commit: CommitHash, ids: readonly BlobId[], maxBytes: number): Promise<Buffer[] | undefined> {
    return readBlobs(this.#listed, commit, ids, maxBytes);
  }

  get notes(): RepoNotes {
    return this.#listed.mirror.notes;
  }

  archive(commit: CommitHash, path: string | readonly string[], unchanged = false): Readable {
    const { content } = this.#listed.mirror;
    const ensure = () => withFiles(this.#listed, commit, () => Promise.resolve());
    const limits = { limiter: this.#limiter, waitMs: this.#waitMs };
    const paths = typeof path === 'string' ? [path].filter((each) => each !== '') : path;
    return streamArchive({ content, commit, paths, unchanged, url: this.url, ensure, ...limits });
  }

  #tagsOn(commit: ObjectHash): readonly string[] {
    return tagsOn(this.#listed.refs, commit);
  }

  /** The time of a commit, which is fetched if need be. */
  async #commitTime(found: Found): Promise<Date> {
    let commit = (await this.#lookUp(found.hash))?.object;
    if (commit === undefined) {
      const { mirror, refs } = this.#listed;
      const fetch =
        this.#need === 'files'
          ? mirror.fetchCommit(refs, found.hash, found.ref)
          : mirror.fetchTrees(refs, found.hash, found.ref);
      await ofListed(this.url, fetch);
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
  async #lookUp(commit: ObjectHash): Promise<{ holder: BareRepo; object: GitObject } | undefined> {
    for (const holder of this.#holders) {
      const object = holder.held(commit);
      if (object !== undefined) return { holder, object };
    }
    for (const holder of this.#holders) {
      const object = await readIn(holder, commit);
      if (object !== undefined) return { holder, object };
    }
    return undefined;
  }
}

/** `text`, which a host listed or a mirror holds, as the name of a commit. */
function commitHash(text: string, url: string): CommitHash {
  const hash = parseCommitHash(text);
  if (hash !== undefined) return hash;
  throw new ModhavenError('HOST_REFUSED', `${url} lists something that is not a commit`);
}
