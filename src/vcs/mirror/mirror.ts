/**
 * What we keep of one remote repository: three bare repositories with different purposes.
 *
 * - `content.git` holds single commits with all their files, each fetched alone (`--depth=1`): what the `.zip` of a
 *   version needs, however long the history is. Of a host that hands out no commits by their hash it holds everything
 *   that branches and tags lead to, as soon as a commit is needed that none of them names.
 * - `trees.git` holds single commits with their directories but without files (`--filter=blob:none`), except those few
 *   that were asked for one by one: what `.info` and `.mod` need of a large repository. Of a small one it stays empty,
 *   because all files of a commit cost one request and few bytes, and the `.zip` that is asked for next needs none. Of a
 *   host that knows no filters it stays empty as well. Then `content.git` takes its part.
 * - `history.git` holds all commits of all branches and tags without their files (`--filter=tree:0`; a host that
 *   knows no filters sends everything): what "is this an ancestor" needs. It is made when first asked for, and it is
 *   never shallow.
 *
 * Kept apart, a shallow commit can never pass for one without ancestors, and what an archive is made of is never
 * incomplete.
 */
import { createHash } from 'node:crypto';
import { access, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { isModhavenError } from '../../errors.js';
import type { RepoUrl } from '../../module/repo-url.js';
import { formatOf } from '../objects/object-format.js';
import { refsFingerprint, type RefListing, type Refs } from '../objects/refs.js';
import type { SmartHosts } from '../smart-http/smart-http.js';
import type { VcsSettings } from '../transport/access.js';
import type { ReadAccountConfig } from '../transport/account-config.js';
import { GitFailure } from '../transport/git-exec.js';
import type { HostLimiter } from '../transport/host-limiter.js';
import { RemoteSession, type FetchOptions } from '../remote/remote-session.js';
import { BareRepo, type GitObject } from '../bare/bare-repo.js';
import { isBroken, retryOnCorrupt } from '../bare/broken-repo.js';
import { refOf, shallowCommits } from '../bare/commit-refs.js';
import { SMALL_PACK } from '../smart-http/receive-pack.js';
import { reuseCommit, reuseTrees, takeInventory } from './reuse-objects.js';
import { missingGoMods, tagDirectories, TagsAhead } from './tags-ahead.js';

export interface MirrorOptions {
  /** Folder for this remote, below `<cache.dir>/vcs`. */
  dir: string;
  remote: RepoUrl;
  settings: () => VcsSettings;
  env: NodeJS.ProcessEnv;
  /** Shared by all mirrors, as `smart` and `account` are. */
  limiter: HostLimiter;
  smart: SmartHosts;
  account: ReadAccountConfig;
}

/** What the host made of being asked for a commit without its files. */
type Filtered = 'trees' | 'everything' | 'nothing';

export class Mirror {
  readonly content: BareRepo;
  readonly trees: BareRepo;
  readonly history: BareRepo;
  readonly #remote: RepoUrl;
  readonly #session: RemoteSession;
  /** Its presence says that the host only serves files and runs no git. */
  readonly #dumbMark: string;
  /** Its presence says that the host sends all files or none. */
  readonly #unfilteredMark: string;
  /** Whether the host is known to refuse commits by their hash. */
  #onlyByName = false;
  /** Whether whole commits of this repository are known to be more than a small pack, or left to git. */
  #isLarge = false;
  readonly #ahead = new TagsAhead();

  constructor({ dir, remote, settings, env, ...shared }: MirrorOptions) {
    const { timeoutMs } = settings();
    this.#remote = remote;
    this.#session = new RemoteSession({ remote, dir: dirname(dir), settings, env, ...shared });
    this.content = new BareRepo({ dir: join(dir, 'content.git'), env, timeoutMs });
    this.trees = new BareRepo({ dir: join(dir, 'trees.git'), env, timeoutMs, filtered: true });
    this.history = new BareRepo({ dir: join(dir, 'history.git'), env, timeoutMs });
    this.#dumbMark = join(this.content.dir, 'modhaven-dumb-host');
    this.#unfilteredMark = join(this.trees.dir, 'modhaven-no-filter');
  }

  /** See `RemoteSession`. */
  listRefs(onAsk: () => void): Promise<RefListing> {
    return this.#session.listRefs(onAsk);
  }

  /**
   * Fetches `commit` with its files into `content`; `ref` is a name the host has for it, if one is known. Where it is not
   * in `content` afterwards, no branch or tag of the host leads to it, and the host did not hand it out by its hash.
   */
  fetchCommit(refs: Refs, commit: string, ref: string | undefined): Promise<void> {
    const { content } = this;
    return retryOnCorrupt(content, () =>
      content.write(formatOf(anyHash(refs)), async () => {
        if (await holds(content, commit)) return; // another caller was faster
        const isLarge = (await content.meanObjectBytes()) > LARGE_OBJECT_BYTES;
        if (isLarge && (await this.#fetchMissing(refs, commit, ref))) return;
        try {
          await this.#fetchOne(content, commit, ref, { anew: isLarge });
        } catch (error) {
          if (!mayHelpToAskForAll(error) || isBroken(error, content.dir)) throw error;
          await this.#fetchEverything(refs, commit);
          if (isDumb(error)) await writeFile(this.#dumbMark, '');
        }
        await content.repack(['--geometric=2']);
      }),
    );
  }

  /**
   * Fetches `commit` with its directories, into `trees`. Where its files are few as well, or the host sends them whatever it
   * is asked, they come with it, into `content`.
   */
  async fetchTrees(refs: Refs, commit: string, ref: string | undefined): Promise<void> {
    const { trees } = this;
    if (await this.#sendsAllOrNothing()) return this.fetchCommit(refs, commit, ref);
    if (await this.#fetchIfSmall(refs, commit)) return;
    const sent = await retryOnCorrupt(trees, () =>
      trees.write(formatOf(anyHash(refs)), () => this.#fetchFiltered(refs, commit, ref)),
    );
    if (sent === 'trees') return;
    if (sent === 'everything') await this.#reuseFiltered(refs, commit);
    // Whatever was wrong with the filter, it is remembered only if it works without one.
    await this.fetchCommit(refs, commit, ref);
    // What came in with a filter stays: another caller may be about to read it.
    if (sent === 'everything') await trees.discard(trees.identity());
    await trees.write(formatOf(anyHash(refs)), () => writeFile(this.#unfilteredMark, ''));
  }

  /**
   * Fetches `commit` with its files into `content`, if that is a small pack; false if not. Tried until a repository turns
   * out to be large: then it has `trees`.
   */
  async #fetchIfSmall(refs: Refs, commit: string): Promise<boolean> {
    const { content, trees } = this;
    if (this.#isLarge || !/^https?$/.test(this.#remote.scheme) || (await isThere(trees.dir))) return false;
    const isHere = await retryOnCorrupt(content, () =>
      content.write(formatOf(anyHash(refs)), async () => {
        if (await holds(content, commit)) return true;
        if (await this.#fetchAhead(content, refs, commit)) return true;
        const wanted = { commit, withoutFiles: false, anew: false, atMost: SMALL_PACK };
        const isSmall = await this.#session.fetchWithoutGit(content, wanted);
        if (isSmall) await content.repack(['--geometric=2']);
        return isSmall;
      }),
    );
    this.#isLarge = !isHere;
    return isHere;
  }

  /** Fetches `commit` and with it those of other tags, where somebody seems to ask for all of them; false if not. */
  async #fetchAhead(repo: BareRepo, refs: Refs, commit: string): Promise<boolean> {
    if (!/^https?$/.test(this.#remote.scheme)) return false;
    const along = await this.#ahead.alongWith(repo, commit, refs);
    if (along.length === 0) return false;
    const withoutFiles = repo === this.trees;
    const wanted = { commit, along, withoutFiles, anew: false, atMost: AHEAD_BYTES };
    if (!(await this.#session.fetchWithoutGit(repo, wanted))) {
      this.#ahead.gaveUp(refs);
      return false;
    }
    if (!withoutFiles) return true;
    for (const directory of tagDirectories(refs, commit)) {
      const files = await missingGoMods(repo, [commit, ...along], directory);
      if (files.length > 0) await this.#session.fetchWithoutGit(repo, { files, withoutFiles });
    }
    return true;
  }

  /** Fetches the blob `hash` into `trees`; false where the host hands out no single blobs. */
  async fetchBlob(hash: string): Promise<boolean> {
    const { trees } = this;
    if (await isThere(this.#unfilteredMark)) return false;
    return retryOnCorrupt(trees, () =>
      trees.write(formatOf(hash), async () => {
        if ((await trees.objects([hash]))[0] !== undefined) return true;
        try {
          await this.#fetchFiles(trees, [hash]);
          return true;
        } catch (error) {
          if (!isModhavenError(error, 'VERSION_NOT_FOUND')) throw error;
          await writeFile(this.#unfilteredMark, '');
          return false;
        }
      }),
    );
  }

  /** Fetches all commits that `refs` lead to into `history`, unless they are there. */
  fetchHistory(refs: Refs): Promise<void> {
    const { history } = this;
    const marker = join(history.dir, 'modhaven-refs');
    const wanted = refsFingerprint(refs);
    return retryOnCorrupt(history, () =>
      history.write(formatOf(anyHash(refs)), async () => {
        if ((await readFile(marker, 'utf8').catch(() => '')) === wanted) return;
        // git hangs when it asks a host that only serves files for a filter.
        const unfiltered = this.#remote.bundle || (await isThere(this.#dumbMark));
        try {
          const flags = unfiltered ? ['--prune'] : ['--prune', '--filter=tree:0'];
          await this.#session.fetch(history, flags, everythingOf(refs));
        } catch (error) {
          if (unfiltered || !mayHelpToAskForAll(error)) throw error;
          // Of a tag on a tree or a blob the filter leaves out what it points at, and git calls that incomplete.
          // It has written down by now to filter all that comes from this remote.
          await this.#session.fetch(history, ['--prune', '--no-filter'], everythingOf(refs));
        }
        await writeFile(marker, wanted);
        // All of it: it is small, and only so old ones of git keep the packs of a filtered fetch together.
        await history.repack(['-a']);
      }),
    );
  }

  /**
   * For hosts that know neither depths nor hashes. A repository that is shallow has to be told to become whole: otherwise
   * git takes a commit whose parents were left out for one that has none, and never asks for them.
   */
  async #fetchEverything(refs: Refs, commit: string): Promise<void> {
    const { content } = this;
    const isShallow = (await shallowCommits(content.dir)).length > 0;
    const flags = ['--prune', ...(isShallow ? [WITHOUT_LIMIT] : [])];
    await this.#session.fetch(content, flags, everythingOf(refs));
    if (await holds(content, commit)) await content.recordCommits([commit], []);
  }

  /**
   * Fetches the files of `commit` that are not here yet, one by one; false if the host does not do that. A host that
   * is told what is here looks for differences to it instead: where files are large, that takes it a minute for what
   * it sends in a second.
   */
  async #fetchMissing(refs: Refs, commit: string, ref: string | undefined): Promise<boolean> {
    if (await this.#sendsAllOrNothing()) return false;
    const { trees, content } = this;
    try {
      const sent = await trees.write(formatOf(anyHash(refs)), () => this.#fetchFiltered(refs, commit, ref));
      if (sent !== 'trees') return false;
      const { missing, present } = await takeInventory(trees, content, commit);
      if (missing.length > 0) await this.#fetchFiles(content, missing);
      await reuseTrees(trees, content, commit, present);
      return true;
    } catch (error) {
      // Whatever is wrong with this short way, the long one may work, or fails with a reason of its own.
      if (isModhavenError(error, 'VERSION_NOT_FOUND') || error instanceof GitFailure) return false;
      throw error;
    }
  }

  /** Fetches files by their hashes. What is here already does not matter to a host that is asked so. */
  async #fetchFiles(repo: BareRepo, files: readonly string[]): Promise<void> {
    const withoutFiles = repo === this.trees;
    if (await this.#session.fetchWithoutGit(repo, { files, withoutFiles })) return;
    const input = files.map((hash) => `${hash}\n`).join('');
    const flags = [...(withoutFiles ? [WITHOUT_FILES] : []), '--stdin'];
    await this.#session.fetch(repo, flags, [], { ...NOTHING_HERE, input });
  }

  /** Fetches one commit by its hash where the host allows it, which saves the question for refs; else by a name for it. */
  async #fetchOne(
    repo: BareRepo,
    commit: string,
    ref: string | undefined,
    { anew = false, onWarnings }: { anew?: boolean; onWarnings?: FetchOptions['onWarnings'] } = {},
  ): Promise<void> {
    const withoutFiles = repo === this.trees;
    if (await this.#session.fetchWithoutGit(repo, { commit, withoutFiles, anew })) return;
    const { bundle } = this.#remote;
    // A bundle cannot be cut at a depth.
    const flags = [...(bundle ? [] : ['--depth=1']), ...(withoutFiles ? [WITHOUT_FILES] : [])];
    const options = { ...(anew ? NOTHING_HERE : {}), ...(onWarnings && { onWarnings }) };
    const target = refOf(commit);
    const byName = ref !== undefined && (this.#onlyByName || bundle);
    try {
      await this.#session.fetch(repo, flags, [`${byName ? ref : commit}:${target}`], options);
    } catch (error) {
      if (byName || ref === undefined || !isModhavenError(error, 'VERSION_NOT_FOUND')) throw error;
      await this.#session.fetch(repo, flags, [`${ref}:${target}`], options);
      this.#onlyByName = true;
    }
  }

  /** Fetches `commit` into `trees`. */
  async #fetchFiltered(refs: Refs, commit: string, ref: string | undefined): Promise<Filtered> {
    const { trees } = this;
    if ((await holds(trees, commit)) || (await this.#fetchAhead(trees, refs, commit))) return 'trees';
    let warnings = '';
    const onWarnings = (stderr: string) => {
      warnings += stderr;
    };
    try {
      await this.#fetchOne(trees, commit, ref, { onWarnings });
    } catch (error) {
      if (!mayHelpToAskForAll(error) || isBroken(error, trees.dir)) throw error;
      return 'nothing';
    }
    await trees.repack(['-a']);
    return warnings.includes(IGNORES_FILTERS) ? 'everything' : 'trees';
  }

  /** Takes over what came into `trees` with all its files. Where that fails, the commit is fetched once more. */
  async #reuseFiltered(refs: Refs, commit: string): Promise<void> {
    const { trees, content } = this;
    await content
      .write(formatOf(anyHash(refs)), () => reuseCommit(trees, content, commit))
      .catch(() => undefined);
  }

  /** Whether the host is known to send all files or none. */
  async #sendsAllOrNothing(): Promise<boolean> {
    return this.#remote.bundle || (await isThere(this.#unfilteredMark)) || (await isThere(this.#dumbMark));
  }
}

/**
 * The folder of a remote's mirror below `<cache.dir>/vcs`: by its address, and by the login where the address names one,
 * because a host may show another login other commits. The password is no part of it, so a new one keeps the mirror.
 */
export function mirrorName({ gitUrl, credentials }: RepoUrl): string {
  const name = credentials === undefined ? gitUrl : JSON.stringify([gitUrl, credentials.username]);
  return createHash('sha256').update(name).digest('hex');
}

/** Whether an object read from a mirror is a commit. */
export function isCommit(object: GitObject | undefined): boolean {
  return object?.type === 'commit';
}

/** Of `git fetch`. */
const WITHOUT_FILES = '--filter=blob:none';

/** Of `git fetch`: what `--unshallow` means, without the refusal where there is nothing to do. */
const WITHOUT_LIMIT = '--depth=2147483647';

/** The host is not told what is here already. */
const NOTHING_HERE = { config: { 'fetch.negotiationAlgorithm': 'noop' } } as const;

/** Bytes of a pack with the commits of many tags. */
const AHEAD_BYTES = 32 * 1024 * 1024;

/** Bytes in a pack. Source files take about one KiB there. */
const LARGE_OBJECT_BYTES = 256 * 1024;

/** What git says of a host that was asked to leave out files and did not. */
const IGNORES_FILTERS = 'filtering not recognized';

/** All branches and tags, and a HEAD on a commit that none of them points at. */
function everythingOf(refs: Refs): string[] {
  const head = refs.get('HEAD');
  const isDetached =
    head !== undefined && ![...refs].some(([name, hash]) => name !== 'HEAD' && hash === head);
  return [
    '+refs/heads/*:refs/heads/*',
    '+refs/tags/*:refs/tags/*',
    ...(isDetached ? ['+HEAD:refs/modhaven/HEAD'] : []),
  ];
}

async function holds(repo: BareRepo, commit: string): Promise<boolean> {
  return isCommit((await repo.objects([commit]))[0]);
}

/** Whether asking for more may help: a host that refused us or stayed silent did not do so because of a depth. */
function mayHelpToAskForAll(error: unknown): boolean {
  return isModhavenError(error, 'HOST_UNREACHABLE', 'VERSION_NOT_FOUND');
}

/** A web server that serves the files of a repository and runs no git. */
function isDumb(error: unknown): boolean {
  const cause = isModhavenError(error) ? error.cause : error;
  return cause instanceof GitFailure && cause.stderr.includes('dumb http');
}

async function isThere(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  );
}

function anyHash(refs: Refs): string | undefined {
  return refs.values().next().value;
}
