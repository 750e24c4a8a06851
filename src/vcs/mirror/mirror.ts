/**
 * What we keep of one remote repository: three bare repositories with different purposes.
 *
 * - `content.git` holds single commits with all their files, each fetched alone (`--depth=1`): what the `.zip` of a
 *   version needs, however long the history is.
 * - `trees.git` holds single commits with their directories but without files (`--filter=blob:none`), except those few
 *   that were asked for one by one: what `.info` and `.mod` need. Of a host that knows no filters it stays empty, and
 *   `content.git` takes its part.
 * - `history.git` holds all commits of all branches and tags without their files (`--filter=tree:0`; a host that
 *   knows no filters sends everything): what "is this an ancestor" needs. It is made when first asked for.
 *
 * Kept apart, none has to be deepened, a shallow commit can never pass for one without ancestors, and what an archive
 * is made of is never incomplete.
 */
import { createHash } from 'node:crypto';
import { access, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { isModhavenError } from '../../errors.js';
import type { RepoUrl } from '../../module/repo-url.js';
import { redactLine } from '../../redact.js';
import { reuseCommit, reuseTrees, takeInventory } from './reuse-objects.js';
import { bareRepo, isBroken, type BareRepo, type GitObject } from './bare-repo.js';
import { GitFailure } from '../transport/git-exec.js';
import { createRemoteSession, type GitCallOptions, type RemoteSession } from '../transport/remote-session.js';
import { formatOf } from '../objects/object-format.js';
import { refOf } from './commit-refs.js';
import { refsFingerprint, type Refs } from '../refs.js';
import type { VcsSettings } from '../transport/access.js';
import type { SmartHosts } from '../smart-http/smart-http.js';
import { asStorageError, storageError } from './disk-errors.js';
import type { HostLimiter } from '../transport/host-limiter.js';

export interface Mirror {
  readonly content: BareRepo;
  readonly trees: BareRepo;
  readonly history: BareRepo;
  /** Asks the host, see `HostTalk`. */
  listRefs: RemoteSession['listRefs'];
  /** Brings `commit` with its files; `ref` is a name the host has for it, if one is known. */
  fetchCommit(refs: Refs, commit: string, ref: string | undefined): Promise<void>;
  /** Brings `commit` with its directories, into `trees` or, where the host sends files whatever it is asked, `content`. */
  fetchTrees(refs: Refs, commit: string, ref: string | undefined): Promise<void>;
  /** Brings the blob `hash` into `trees`; false where the host hands out no single blobs. */
  fetchBlob(hash: string): Promise<boolean>;
  /** Brings all commits that `refs` lead to, unless they are there. */
  fetchHistory(refs: Refs): Promise<void>;
  /**
   * Runs `work` on a repository that may turn out broken or gone: then once more without it. Throws STORAGE where our
   * own disk is at fault.
   */
  retryOnCorrupt<T>(repo: BareRepo, work: () => Promise<T>): Promise<T>;
}

export interface MirrorOptions {
  /** Folder for this remote, below `<cache.dir>/vcs`. */
  dir: string;
  remote: RepoUrl;
  settings: () => VcsSettings;
  env: NodeJS.ProcessEnv;
  /** Shared by all mirrors, as `smart` is. */
  turns: HostLimiter;
  smart: SmartHosts;
}

export function createMirror({ dir, remote, settings, env, turns, smart }: MirrorOptions): Mirror {
  const timeoutMs = settings().timeoutMs;
  const host = createRemoteSession({ remote, dir: dirname(dir), settings, env, turns, smart });
  const content = bareRepo({ dir: join(dir, 'content.git'), env, timeoutMs });
  const trees = bareRepo({ dir: join(dir, 'trees.git'), env, timeoutMs, filtered: true });
  const history = bareRepo({ dir: join(dir, 'history.git'), env, timeoutMs });
  /** Its presence says that the host only serves files. */
  const dumb = join(content.dir, 'modhaven-dumb-host');
  /** Its presence says that the host sends all files or none. */
  const unfiltered = join(trees.dir, 'modhaven-no-filter');
  /** Whether the host is known to refuse commits by their hash. */
  let onlyByName = false;

  async function retryOnCorrupt<T>(repo: BareRepo, work: () => Promise<T>): Promise<T> {
    const identity = repo.identity();
    try {
      return await work();
    } catch (error) {
      if (!isBroken(error, repo.dir)) throw asStorageError(error);
    }
    try {
      await repo.discard(identity);
      return await work();
    } catch (error) {
      const again = error instanceof GitFailure && isBroken(error, repo.dir);
      throw again ? storageError(redactLine(error.stderr), error) : asStorageError(error);
    }
  }

  async function fetchCommit(refs: Refs, commit: string, ref: string | undefined): Promise<void> {
    await content.write(formatOf(someHash(refs)), async () => {
      if (await holds(content, commit)) return; // somebody else was faster
      const isLarge = (await content.meanObjectBytes()) > LARGE_OBJECTS;
      if (isLarge && (await fetchMissing(refs, commit, ref))) return;
      try {
        // A bundle cannot be cut at a depth.
        await fetchOne(content, commit, ref, { anew: isLarge });
      } catch (error) {
        if (!isHostTrouble(error) || isBroken(error, content.dir)) throw error;
        // Old hosts know neither depths nor hashes: everything at once, or the host's own refusal.
        await host.fetch(content, ['--prune'], EVERYTHING);
        if (isDumb(error)) await writeFile(dumb, '');
      }
      await content.repack(['--geometric=2']);
    });
  }

  /**
   * Brings the files of `commit` that are not here yet, one by one, and false if the host does not do that. A host that
   * is told what is here looks for differences to it instead: where files are large, that takes it a minute for what
   * it sends in a second.
   */
  async function fetchMissing(refs: Refs, commit: string, ref: string | undefined): Promise<boolean> {
    if (await isWhole()) return false;
    try {
      const sent = await trees.write(formatOf(someHash(refs)), () => fetchFiltered(commit, ref));
      if (sent !== 'trees') return false;
      const { missing, present } = await takeInventory(trees, content, commit);
      if (missing.length > 0) await fetchFiles(content, missing);
      await reuseTrees(trees, content, commit, present);
      return true;
    } catch (error) {
      // Whatever is wrong with this short way, the long one may work, or fails with a reason of its own.
      if (isModhavenError(error, 'VERSION_NOT_FOUND') || error instanceof GitFailure) return false;
      throw error;
    }
  }

  /** Brings files by their hashes. What is here already does not matter to a host that is asked so. */
  async function fetchFiles(repo: BareRepo, files: readonly string[]): Promise<void> {
    const withoutFiles = repo === trees;
    if (await host.fetchWithoutGit(repo, { files, withoutFiles })) return;
    const input = files.map((hash) => `${hash}\n`).join('');
    const flags = [...(withoutFiles ? [WITHOUT_FILES] : []), '--stdin'];
    await host.fetch(repo, flags, [], { ...NOTHING_HERE, input });
  }

  /** Whether the host is known to send all files or none. */
  async function isWhole(): Promise<boolean> {
    return remote.bundle || (await isThere(unfiltered)) || (await isThere(dumb));
  }

  /** By its hash where the host allows it, which saves the question for refs; else by a name it has for it. */
  async function fetchOne(
    repo: BareRepo,
    commit: string,
    ref: string | undefined,
    { anew = false, onWarnings }: { anew?: boolean; onWarnings?: GitCallOptions['onWarnings'] } = {},
  ): Promise<void> {
    const withoutFiles = repo === trees;
    if (await host.fetchWithoutGit(repo, { commit, withoutFiles, anew })) return;
    // A bundle cannot be cut at a depth.
    const flags = [...(remote.bundle ? [] : ['--depth=1']), ...(withoutFiles ? [WITHOUT_FILES] : [])];
    const talk = { ...(anew ? NOTHING_HERE : {}), ...(onWarnings && { onWarnings }) };
    const pin = refOf(commit);
    const byName = ref !== undefined && (onlyByName || remote.bundle);
    try {
      await host.fetch(repo, flags, [`${byName ? ref : commit}:${pin}`], talk);
    } catch (error) {
      if (byName || ref === undefined || !isModhavenError(error, 'VERSION_NOT_FOUND')) throw error;
      await host.fetch(repo, flags, [`${ref}:${pin}`], talk);
      onlyByName = true;
    }
  }

  async function fetchTrees(refs: Refs, commit: string, ref: string | undefined): Promise<void> {
    if (await isWhole()) {
      await retryOnCorrupt(content, () => fetchCommit(refs, commit, ref));
      return;
    }
    const sent = await retryOnCorrupt(trees, () =>
      trees.write(formatOf(someHash(refs)), () => fetchFiltered(commit, ref)),
    );
    if (sent === 'trees') return;
    if (sent === 'everything') await adopt(refs, commit);
    // Whatever was wrong with the filter, it is remembered only if it works without one.
    await retryOnCorrupt(content, () => fetchCommit(refs, commit, ref));
    await trees.discard(trees.identity());
    await trees.write(formatOf(someHash(refs)), () => writeFile(unfiltered, ''));
  }

  /** Brings `commit` into `trees`, and says what the host made of being asked for no files. */
  async function fetchFiltered(
    commit: string,
    ref: string | undefined,
  ): Promise<'trees' | 'everything' | 'nothing'> {
    if (await holds(trees, commit)) return 'trees';
    let warnings = '';
    const onWarnings = (stderr: string) => {
      warnings += stderr;
    };
    try {
      await fetchOne(trees, commit, ref, { onWarnings });
    } catch (error) {
      if (!isHostTrouble(error) || isBroken(error, trees.dir)) throw error;
      return 'nothing';
    }
    await trees.repack(['-a']);
    return warnings.includes(IGNORES_FILTERS) ? 'everything' : 'trees';
  }

  /** Where it fails, the commit is fetched once more. */
  async function adopt(refs: Refs, commit: string): Promise<void> {
    await content
      .write(formatOf(someHash(refs)), () => reuseCommit(trees.dir, content.dir, commit))
      .catch(() => undefined);
  }

  async function fetchBlob(hash: string): Promise<boolean> {
    if (await isThere(unfiltered)) return false;
    return trees.write(formatOf(hash), async () => {
      if ((await trees.objects([hash]))[0] !== undefined) return true;
      try {
        await fetchFiles(trees, [hash]);
        return true;
      } catch (error) {
        if (!isModhavenError(error, 'VERSION_NOT_FOUND')) throw error;
        await writeFile(unfiltered, '');
        return false;
      }
    });
  }

  async function fetchHistory(refs: Refs): Promise<void> {
    const marker = join(history.dir, 'modhaven-refs');
    const wanted = refsFingerprint(refs);
    await history.write(formatOf(someHash(refs)), async () => {
      if ((await readFile(marker, 'utf8').catch(() => '')) === wanted) return;
      const head = hasDetachedHead(refs) ? ['+HEAD:refs/modhaven/HEAD'] : [];
      const everything = [...EVERYTHING, ...head];
      // git hangs when it asks a host that only serves files for a filter.
      const whole = remote.bundle || (await isThere(dumb));
      try {
        await host.fetch(history, whole ? ['--prune'] : ['--prune', '--filter=tree:0'], everything);
      } catch (error) {
        if (whole || !isHostTrouble(error)) throw error;
        // Of a tag on a tree or a blob the filter leaves out what it points at, and git calls that incomplete.
        // It has written down by now to filter all that comes from this remote.
        await host.fetch(history, ['--prune', '--no-filter'], everything);
      }
      await writeFile(marker, wanted);
      // All of it: it is small, and only so old ones of git keep the packs of a filtered fetch together.
      await history.repack(['-a']);
    });
  }

  return {
    content,
    trees,
    history,
    retryOnCorrupt: retryOnCorrupt,
    listRefs: (onAsk) => host.listRefs(onAsk),
    fetchCommit: (refs, commit, ref) => retryOnCorrupt(content, () => fetchCommit(refs, commit, ref)),
    fetchTrees,
    fetchBlob: (hash) => retryOnCorrupt(trees, () => fetchBlob(hash)),
    fetchHistory: (refs) => retryOnCorrupt(history, () => fetchHistory(refs)),
  };
}

const EVERYTHING = ['+refs/heads/*:refs/heads/*', '+refs/tags/*:refs/tags/*'] as const;

/** The folder of a remote's mirror below `<cache.dir>/vcs`. */
export function mirrorName(remote: RepoUrl): string {
  return createHash('sha256').update(remote.gitUrl).digest('hex');
}

/** Of `git fetch`. */
const WITHOUT_FILES = '--filter=blob:none';

/** The host is not told what is here already. */
const NOTHING_HERE = { extra: { 'fetch.negotiationAlgorithm': 'noop' } } as const;

/** Bytes in a pack. Source files take about one KiB there. */
const LARGE_OBJECTS = 256 * 1024;

/** What git says of a host that was asked to leave out files and did not. */
const IGNORES_FILTERS = 'filtering not recognized';

async function holds(repo: BareRepo, commit: string): Promise<boolean> {
  return isCommit((await repo.objects([commit]))[0]);
}

/** Whether an object read from a mirror is a commit. */
export function isCommit(object: GitObject | undefined): boolean {
  return object?.type === 'commit';
}

/** Whether asking for more may help: a host that refused us or stayed silent did not do so because of a depth. */
function isHostTrouble(error: unknown): boolean {
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

/** HEAD on a commit that no branch and no tag points at may be reachable by nothing else. */
function hasDetachedHead(refs: Refs): boolean {
  const head = refs.get('HEAD');
  return head !== undefined && ![...refs].some(([name, hash]) => name !== 'HEAD' && hash === head);
}

function someHash(refs: Refs): string | undefined {
  return refs.values().next().value;
}
