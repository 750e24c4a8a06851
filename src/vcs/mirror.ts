/**
 * What we keep of one remote repository: two bare repositories with different purposes.
 *
 * - `content.git` holds single commits with all their files, each fetched alone (`--depth=1`): what `.info`, `.mod`
 *   and `.zip` of a version need, however long the history is.
 * - `history.git` holds all commits of all branches and tags without their files (`--filter=tree:0`; a host that
 *   knows no filters sends everything): what "is this an ancestor" needs. It is made when first asked for.
 *
 * Kept apart, neither has to be deepened, and a shallow commit can never pass for one without ancestors.
 */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { LimitFunction } from 'p-limit';
import { ModhavenError, isModhavenError } from '../errors.js';
import type { RepoUrl } from '../module/repo-url.js';
import {
  bareRepo,
  isBroken,
  packCount,
  type BareRepo,
  type GitObject,
  type ObjectFormat,
} from './bare-repo.js';
import { NETWORK_OPTIONS, networkEnvironment, options } from './git-environment.js';
import { explainGitFailure } from './git-errors.js';
import { GitFailure, runGit } from './git-exec.js';
import { refsFingerprint, type Refs } from './refs.js';
import { accessTo, type VcsSettings } from './remote.js';

export interface Mirror {
  readonly content: BareRepo;
  readonly history: BareRepo;
  /** Output of `git ls-remote --symref`. Throws what `explainGitFailure` says. */
  listRemote(): Promise<string>;
  /** Brings `commit` with its files; `ref` is a name the host has for it, if one is known. */
  fetchCommit(refs: Refs, commit: string, ref: string | undefined): Promise<void>;
  /** Brings all commits that `refs` lead to, unless they are there. */
  fetchHistory(refs: Refs): Promise<void>;
  /** Runs `work` on a repository that may turn out broken or gone: then once more on a new one. */
  heal<T>(repo: BareRepo, work: () => Promise<T>): Promise<T>;
}

export interface MirrorOptions {
  /** Folder for this remote, below `<cache.dir>/vcs`. */
  dir: string;
  remote: RepoUrl;
  settings: () => VcsSettings;
  env: NodeJS.ProcessEnv;
  /** Shared by all mirrors: at most `vcs.concurrency` commands talk to hosts at once. */
  limit: LimitFunction;
}

/** After so many packs they are combined. */
const MAX_PACKS = 50;

/** Questions to hosts that may wait at once before further ones are turned away. */
const MAX_WAITING = 2000;

export function createMirror({ dir, remote, settings, env, limit }: MirrorOptions): Mirror {
  const timeoutMs = settings().timeoutMs;
  const content = bareRepo(join(dir, 'content.git'), env, timeoutMs);
  const history = bareRepo(join(dir, 'history.git'), env, timeoutMs);

  /** Runs a git command that talks to the host; `gitDir` undefined for one that needs no repository. */
  async function network(
    gitDir: string | undefined,
    args: string[],
    extra: Record<string, string> = {},
  ): Promise<string> {
    if (limit.pendingCount > MAX_WAITING)
      throw new ModhavenError('OVERLOADED', `cannot read ${remote.url} now`, {
        reason: `${limit.pendingCount} questions to git hosts are waiting`,
        remedy: 'try again in a moment; vcs.concurrency says how many are asked at once',
      });
    return limit(async () => {
      const access = await accessTo(remote, settings(), env);
      const workDir = gitDir ?? dirname(dir);
      await mkdir(workDir, { recursive: true });
      const childEnv = networkEnvironment({ ...access, workDir, gitDir }, env);
      try {
        const output = await runGit({
          args: [...NETWORK_OPTIONS, ...options(extra), ...access.options, ...args],
          cwd: workDir,
          env: childEnv,
          timeoutMs: settings().timeoutMs,
          secret: access.secret,
        });
        return output.toString('utf8');
      } catch (error) {
        if (!(error instanceof GitFailure) || isBroken(error)) throw error;
        const { hostKey, credential } = access;
        throw explainGitFailure(error, {
          repo: remote,
          hostKey,
          credential,
          timeoutMs: settings().timeoutMs,
        });
      }
    });
  }

  function fetch(repo: BareRepo, flags: string[], refspecs: string[]): Promise<string> {
    const args = [
      'fetch',
      '--quiet',
      '--force',
      '--no-tags',
      '--no-recurse-submodules',
      '--no-write-fetch-head',
    ];
    return network(repo.dir, [...args, ...flags, '--end-of-options', remote.gitUrl, ...refspecs]);
  }

  async function heal<T>(repo: BareRepo, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (!isBroken(error)) throw error;
      await repo.discard();
      return work();
    }
  }

  async function fetchCommit(refs: Refs, commit: string, ref: string | undefined): Promise<void> {
    const pin = `refs/modhaven/${commit}`; // never moves, so neither pruning nor repacking loses what was served
    await content.write(formatOf(refs), async () => {
      if (isCommit((await content.objects([commit]))[0])) return; // somebody else was faster
      try {
        // By name where one is known: some hosts refuse bare hashes. A bundle cannot be cut at a depth.
        await fetch(content, remote.bundle ? [] : ['--depth=1'], [`${ref ?? commit}:${pin}`]);
      } catch (error) {
        if (isModhavenError(error, 'HOST_TIMEOUT', 'OVERLOADED') || isBroken(error)) throw error;
        // Old hosts know neither depths nor hashes. Whatever it was: everything at once, or the host's own refusal.
        await fetch(content, ['--prune'], [...EVERYTHING]);
      }
      if ((await packCount(content)) > MAX_PACKS)
        await content.git().raw('repack', '-d', '-q', '--geometric=2');
    });
  }

  async function fetchHistory(refs: Refs): Promise<void> {
    const marker = join(history.dir, 'modhaven-refs');
    const wanted = refsFingerprint(refs);
    await history.write(formatOf(refs), async () => {
      if ((await readFile(marker, 'utf8').catch(() => '')) === wanted) return;
      await fetch(history, remote.bundle ? ['--prune'] : ['--prune', '--filter=tree:0'], [...EVERYTHING]);
      await writeFile(marker, wanted);
    });
  }

  return {
    content,
    history,
    heal,
    listRemote() {
      const { connectTimeoutMs } = settings();
      // A host that accepts the connection and then says nothing is given up as early as one that does not accept.
      const patience = {
        'http.lowSpeedLimit': '1',
        'http.lowSpeedTime': String(Math.ceil(connectTimeoutMs / 1000)),
      };
      return network(
        undefined,
        ['ls-remote', '--quiet', '--symref', '--end-of-options', remote.gitUrl],
        patience,
      );
    },
    fetchCommit: (refs, commit, ref) => heal(content, () => fetchCommit(refs, commit, ref)),
    fetchHistory: (refs) => heal(history, () => fetchHistory(refs)),
  };
}

const EVERYTHING = ['+refs/heads/*:refs/heads/*', '+refs/tags/*:refs/tags/*'] as const;

/** Whether an object read from a mirror is a commit. */
export function isCommit(object: GitObject | undefined): boolean {
  return object?.type === 'commit';
}

function formatOf(refs: Refs): ObjectFormat {
  const [hash] = refs.values();
  return hash?.length === 64 ? 'sha256' : 'sha1';
}
