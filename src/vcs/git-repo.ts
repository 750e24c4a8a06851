/**
 * `CodeRepo` over a mirror: which commit a query means, and what is in it.
 *
 * The order of resolution and the rule that only what branches, tags or HEAD lead to exists are those of
 * `cmd/go/internal/modfetch/codehost/git.go` (stat): a server hands out any object whose hash is known, also changes
 * under review and commits that were removed by a force push, and none of these may become a version.
 */
import { PassThrough, type Readable } from 'node:stream';
import { ModhavenError, isModhavenError } from '../errors.js';
import type { RepoUrl } from '../module/repo-url.js';
import * as semver from '../module/semver.js';
import { isBroken, type BareRepo, type GitObject } from './mirror/bare-repo.js';
import { findInRefs, unknownRevision, type Found } from './find-revision.js';
import { ARCHIVE_OPTIONS, PIECEMEAL_OPTIONS } from './transport/git-environment.js';
import { GitFailure, GitOutputTooLarge, streamGit } from './transport/git-exec.js';
import { isCommit, type Mirror } from './mirror/mirror.js';
import { tagsOf, tagsOrigin, type Refs } from './refs.js';
import { asStorageError } from './mirror/disk-errors.js';
import { findFile, listTree } from './tree.js';
import type { Origin } from '../module/origin.js';
import type { CodeRepo, Need, Revision, Tag } from './types.js';

/**
 * The host's refs are no longer those this repository was opened with, or the mirror vanished while it was read:
 * opening it anew helps. Where it does not, the text is for people.
 */
export class RefsChanged extends ModhavenError {
  constructor(url: string, cause?: unknown) {
    super('HOST_UNREACHABLE', `cannot read ${url}`, {
      reason: 'its branches and tags lead to commits that the git host does not hand out',
      remedy: 'try again; if it stays so, run "git fsck" on the repository at the git host',
      cause,
    });
    this.name = 'RefsChanged';
  }
}

/** Making an archive is local work, bounded all the same: 500 MiB at a very slow 1 MiB/s. */
const ARCHIVE_TIMEOUT_MS = 10 * 60_000;

/** What the host listed. */
export interface Listing {
  refs: Refs;
  defaultBranch: string | undefined;
  /** Milliseconds since 1970. */
  askedAt: number;
}

/** Whether two answers of a host say the same. */
export function isSameListing(a: Listing, b: Listing): boolean {
  if (a.defaultBranch !== b.defaultBranch || a.refs.size !== b.refs.size) return false;
  for (const [name, hash] of a.refs) if (b.refs.get(name) !== hash) return false;
  return true;
}

/** The repository `remote` with the refs its host listed; `need` says what a commit is brought with. */
export function gitRepo(
  remote: RepoUrl,
  mirror: Mirror,
  { refs, defaultBranch, askedAt }: Listing,
  need: Need,
): CodeRepo {
  const { content, trees, history } = mirror;
  /** Where commits may be, the most complete first. */
  const holders = need === 'files' ? [content] : [content, trees];
  const head = refs.get('HEAD');

  async function find(revision: string): Promise<Found> {
    return findInRefs(refs, revision) ?? (await findInHistory(revision));
  }

  async function findInHistory(prefix: string): Promise<Found> {
    const hash = await inHistory(async () => {
      const git = history.git();
      try {
        const spec = `${prefix}^{commit}`;
        const known = (await git.raw('rev-parse', '--verify', '--quiet', '--end-of-options', spec)).trim();
        const contains = `--contains=${known}`;
        const holder = await git.raw('for-each-ref', '--count=1', contains, 'refs/heads', 'refs/tags');
        return holder === '' ? undefined : known;
      } catch (error) {
        if (error instanceof GitFailure && !isBroken(error, history.dir)) return undefined;
        throw error;
      }
    });
    if (hash === undefined) throw unknownRevision(prefix);
    return { hash, ref: undefined, name: hash };
  }

  /** Runs `work` on all commits that the refs lead to. */
  function inHistory<T>(work: () => Promise<T>): Promise<T> {
    return mirror.retryOnCorrupt(history, async () => {
      await mirror.fetchHistory(refs);
      return work();
    });
  }

  /** Runs `work` on the files of `commit`, which are brought again where the mirror lost them since. */
  async function inContent<T>(commit: string, work: () => Promise<T>): Promise<T> {
    try {
      return await mirror.retryOnCorrupt(content, work);
    } catch (error) {
      if (isModhavenError(error, 'MODULE_INVALID') || (await readIn(content, commit)) !== undefined)
        throw error;
    }
    await bringFiles(commit);
    return mirror.retryOnCorrupt(content, work);
  }

  /** Runs `work` on the directories of `commit`, likewise. */
  async function inTrees<T>(commit: string, work: () => Promise<T>): Promise<T> {
    try {
      return await mirror.retryOnCorrupt(trees, work);
    } catch (error) {
      if ((await lookUp(commit)) !== undefined) throw error;
    }
    await mirror.fetchTrees(refs, commit, refTo(commit));
    return mirror.retryOnCorrupt(trees, work);
  }

  /** Fetches `commit` with its files. A ref led to what `trees` holds, when it was brought. */
  async function bringFiles(commit: string): Promise<void> {
    const isKnown = isCommit(await readIn(trees, commit));
    const found = isKnown ? { hash: commit, ref: refTo(commit) } : await find(commit);
    await mirror.fetchCommit(refs, found.hash, found.ref);
    if (!isCommit(await readIn(content, commit))) throw unknownRevision(commit);
  }

  function refTo(commit: string): string | undefined {
    for (const [ref, hash] of refs) if (hash === commit) return ref;
    return undefined;
  }

  async function readIn(repo: BareRepo, hash: string): Promise<GitObject | undefined> {
    return (await mirror.retryOnCorrupt(repo, () => repo.objects([hash])))[0];
  }

  /** The repository that holds `commit`, and the commit; undefined where none does. */
  async function lookUp(commit: string): Promise<{ holder: BareRepo; object: GitObject } | undefined> {
    for (const holder of holders) {
      const object = await readIn(holder, commit);
      if (object !== undefined) return { holder, object };
    }
    return undefined;
  }

  /** A missing file is believed only where the commit is there and does not list it. */
  async function readBlob(commit: string, path: string): Promise<Buffer | undefined> {
    const [holder, object] = await content.objects([commit, `${commit}:${path}`]);
    if (object !== undefined) return object.type === 'blob' ? object.content : undefined;
    if (!isCommit(holder) || (await findFile(content, commit, path)) !== undefined)
      throw new GitFailure('cat-file', undefined, `missing object ${commit}:${path}`);
    return undefined;
  }

  /** The same of a commit whose files are with the host; undefined as a whole if it hands out no single ones. */
  async function readRemoteBlob(
    commit: string,
    path: string,
  ): Promise<{ blob: Buffer | undefined } | undefined> {
    const entry = await inTrees(commit, () => findFile(trees, commit, path));
    if (entry === undefined) return { blob: undefined };
    let object = await readIn(trees, entry.hash);
    if (object === undefined) {
      if (!(await mirror.fetchBlob(entry.hash))) return undefined;
      object = await readIn(trees, entry.hash);
    }
    return object === undefined ? undefined : { blob: object.content };
  }

  async function pipeArchive(
    commit: string,
    path: string,
    unchanged: boolean,
    output: PassThrough,
    isAgain = false,
  ): Promise<void> {
    await inContent(commit, async () => {
      if (!isCommit((await content.objects([commit]))[0]))
        throw new GitFailure('archive', undefined, `missing object ${commit}`);
    });
    const identity = content.identity();
    if (output.destroyed) return;
    const args = [
      ...ARCHIVE_OPTIONS,
      ...(unchanged ? PIECEMEAL_OPTIONS : []),
      'archive',
      '--format=tar',
      '--end-of-options',
      commit,
      ...(path === '' ? [] : [path]),
    ];
    const archive = streamGit({ args, cwd: content.dir, env: content.env, timeoutMs: ARCHIVE_TIMEOUT_MS });
    let begun = false;
    archive.once('data', () => {
      begun = true;
    });
    output.on('close', () => archive.destroy());
    archive.on('error', (error) => {
      const handled = async () => {
        if (!isBroken(error, content.dir)) throw asStorageError(error);
        await content.discard(identity);
        // What was written cannot be taken back; whoever asked begins again with a mirror that is made anew.
        if (begun || isAgain) throw new RefsChanged(remote.url, error);
        await pipeArchive(commit, path, unchanged, output, true);
      };
      handled().catch((cause: unknown) => output.destroy(cause as Error));
    });
    archive.pipe(output);
  }

  async function commitTime(found: Found): Promise<Date> {
    let commit = (await lookUp(found.hash))?.object;
    if (commit === undefined) {
      if (need === 'files') await mirror.fetchCommit(refs, found.hash, found.ref);
      else await mirror.fetchTrees(refs, found.hash, found.ref);
      commit = (await lookUp(found.hash))?.object;
      if (commit === undefined) throw new RefsChanged(remote.url);
    }
    if (!isCommit(commit))
      throw new ModhavenError('VERSION_NOT_FOUND', `${found.name} is a ${commit.type}, not a commit`, {
        remedy: 'set the tag on a commit',
      });
    return committerTime(commit.content);
  }

  async function stat(revision: string): Promise<Revision> {
    const found = await find(revision);
    const time = await commitTime(found);
    const origin: Origin = { VCS: 'git', URL: remote.url, Hash: found.hash };
    // The go command records no ref for HEAD but where it asked for the latest commit.
    if (found.ref !== undefined && found.ref !== 'HEAD') origin.Ref = found.ref;
    return {
      hash: found.hash,
      short: found.hash.slice(0, 12),
      time,
      name: found.name,
      tags: tagsOn(found.hash),
      origin,
    };
  }

  function tagsOn(commit: string): string[] {
    return tagsOf(refs, '')
      .filter((tag) => tag.hash === commit)
      .map((tag) => tag.name);
  }

  return {
    url: remote.url,
    defaultBranch,
    asOf: askedAt,
    stat,

    async ensureCommit(commit) {
      if (isCommit((await lookUp(commit))?.object)) return;
      if (need === 'files') await bringFiles(commit);
      else await stat(commit);
    },

    tags(prefix) {
      const list = tagsOf(refs, prefix);
      return {
        list,
        // Only where somebody wants it: of many tags it takes longer than the list itself.
        get origin() {
          return tagsOrigin(remote.url, prefix, list);
        },
      };
    },

    async latest() {
      if (head === undefined)
        throw new ModhavenError('VERSION_NOT_FOUND', 'no commits', {
          reason: 'the repository is empty, or its default branch does not exist',
          remedy: 'push a commit, or set the default branch of the repository',
        });
      const revision = await stat(head);
      return { ...revision, origin: { ...revision.origin, Ref: 'HEAD' } };
    },

    async readFile(commit, path) {
      try {
        if (need === 'trees' && (await lookUp(commit))?.holder === trees) {
          const read = await readRemoteBlob(commit, path);
          if (read !== undefined) return read.blob;
        }
        return await inContent(commit, () => readBlob(commit, path));
      } catch (error) {
        if (!(error instanceof GitOutputTooLarge)) throw error;
        throw new ModhavenError('MODULE_INVALID', `${path} is too large to be read`, { cause: error });
      }
    },

    async recentTag(commit, prefix, allowed) {
      // git shows tags on the commit itself without looking further back, and so does the go command.
      const own = await highest(tagsOn(commit), prefix, allowed);
      if (own !== undefined) return own;
      if (tagsOf(refs, `${prefix}v`).length === 0) return undefined;
      const merged = await inHistory(async () => {
        await mustHold(commit);
        return history.git().raw('for-each-ref', '--format=%(refname)', `--merged=${commit}`, 'refs/tags');
      });
      const names = merged.split('\n').filter((name) => name.startsWith('refs/tags/'));
      return highest(
        names.map((name) => name.slice('refs/tags/'.length)),
        prefix,
        allowed,
      );
    },

    async descendsFrom(commit, tag) {
      if (tag.hash === commit) return true;
      return inHistory(async () => {
        await mustHold(commit);
        return isAncestor(mirror, tag, commit);
      });
    },

    listFiles: (commit, directory) => inContent(commit, () => listTree(content, commit, directory)),

    readLocalFiles: (commit, directory) => content.heldFiles(commit, directory),

    archive(commit, path, unchanged = false): Readable {
      const output = new PassThrough();
      pipeArchive(commit, path, unchanged, output).catch((error: unknown) => output.destroy(error as Error));
      return output;
    },
  };

  /** A branch that was rewritten since the refs were listed leads to other commits. */
  async function mustHold(commit: string): Promise<void> {
    if (!isCommit((await history.objects([commit]))[0])) throw new RefsChanged(remote.url);
  }
}

async function isAncestor(mirror: Mirror, ancestor: Tag, commit: string): Promise<boolean> {
  try {
    await mirror.history.git().raw('merge-base', '--is-ancestor', '--', ancestor.hash, commit);
    return true;
  } catch (error) {
    // Exit 1, or a tag that is no commit.
    if (error instanceof GitFailure && !isBroken(error, mirror.history.dir)) return false;
    throw error;
  }
}

/** The highest by semantic version of the allowed tags; the first of equal ones. */
async function highest(
  tags: string[],
  prefix: string,
  allowed: (tag: string) => Promise<boolean>,
): Promise<string | undefined> {
  let best = '';
  for (const tag of tags) {
    if (!tag.startsWith(prefix)) continue;
    const version = tag.slice(prefix.length);
    if (semver.compare(version, best) > 0 && (await allowed(tag))) best = version;
  }
  return best === '' ? undefined : prefix + best;
}

/** Reads `committer NAME <MAIL> SECONDS ZONE` of a raw commit. */
function committerTime(commit: Buffer): Date {
  const end = commit.indexOf('\n\n');
  const headers = commit.toString('latin1', 0, end < 0 ? commit.length : end);
  const line = /^committer .*$/m.exec(headers)?.[0] ?? '';
  const seconds = /> *(\d+)(?: [+-]\d+)?$/.exec(line)?.[1] ?? '0';
  return new Date(Number(seconds) * 1000);
}
