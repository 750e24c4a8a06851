/**
 * What is said to the host of one repository: in turn with everybody else who talks to hosts, with the credentials for it,
 * from within this process where that will do (`smart-http/`), else by a child of git. Whatever goes wrong is thrown as
 * `explainGitFailure` says it.
 */
import { mkdir } from 'node:fs/promises';
import type { RepoUrl } from '../../module/repo-url.js';
import type { BareRepo } from '../mirror/bare-repo.js';
import { checkReachable } from './reachability.js';
import { NETWORK_OPTIONS, networkEnvironment, options } from './git-environment.js';
import { explainGitFailure } from '../failures/git-errors.js';
import { GitFailure, runGit } from './git-exec.js';
import { scanKeys } from '../ssh/host-keys.js';
import { parseDefaultBranch, parseRefs, type RefListing } from '../refs.js';
import { accessTo, type Access, type VcsSettings } from './access.js';
import type { SmartHosts, Wanted } from '../smart-http/smart-http.js';
import { isUnknownHostKey } from '../failures/ssh-failures.js';
import { asStorageError } from '../mirror/disk-errors.js';
import type { HostLimiter } from './host-limiter.js';

export interface RemoteSession {
  /** `onAsk` is called right before the host is asked for what becomes the answer. */
  listRefs(onAsk: () => void): Promise<RefListing>;
  /** Brings what is wanted into `repo`, inside of its `write`, without git; false where that cannot be done. */
  fetchWithoutGit(repo: BareRepo, wanted: Wanted): Promise<boolean>;
  /** `git fetch` into `repo`. */
  fetch(
    repo: BareRepo,
    flags: readonly string[],
    refspecs: readonly string[],
    more?: GitCallOptions,
  ): Promise<void>;
}

export interface GitCallOptions {
  /** Options of git. */
  extra?: Record<string, string>;
  input?: string;
  onWarnings?: (stderr: string) => void;
}

export interface RemoteSessionOptions {
  remote: RepoUrl;
  /** A directory to run git in where no repository is needed; made if it is not there. */
  dir: string;
  settings: () => VcsSettings;
  env: NodeJS.ProcessEnv;
  /** Shared by all that talk to hosts, as `smart` is. */
  turns: HostLimiter;
  smart: SmartHosts;
}

/** For a look at the key of a host that just answered. */
const SCAN_MS = 3_000;

export function createRemoteSession({
  remote,
  dir,
  settings,
  env,
  turns,
  smart,
}: RemoteSessionOptions): RemoteSession {
  const http = smart(remote, dir);

  /** Waits for a turn, and explains what goes wrong. */
  async function inTurn<T>(work: (reach: Access) => Promise<T>): Promise<T> {
    const host = `${remote.host}:${remote.port ?? ''}`;
    return turns.run(host, settings().timeoutMs, async () => {
      const reach = await accessTo(remote, settings(), env);
      try {
        return await work(reach);
      } catch (error) {
        const own = asStorageError(error);
        if (!(own instanceof GitFailure)) throw own;
        const { hostKey, credential } = reach;
        throw explainGitFailure(own, {
          repo: remote,
          hostKey,
          credential,
          timeoutMs: settings().timeoutMs,
          hostKeys: isUnknownHostKey(own) ? await scanKeys(remote.host, remote.port ?? 22, SCAN_MS) : [],
        });
      }
    });
  }

  /** Runs a git command that talks to the host; `gitDir` undefined for one that needs no repository. */
  async function git(gitDir: string | undefined, args: string[], more: GitCallOptions = {}): Promise<string> {
    const { extra = {}, input, onWarnings } = more;
    const workDir = gitDir ?? dir;
    return inTurn(async (reach) => {
      await mkdir(workDir, { recursive: true });
      const output = await runGit({
        args: [...NETWORK_OPTIONS, ...options(extra), ...reach.options, ...args],
        cwd: workDir,
        env: networkEnvironment({ ...reach, workDir, gitDir }, env),
        timeoutMs: settings().timeoutMs,
        secret: reach.secret,
        input,
        onWarnings,
      });
      return output.toString('utf8');
    });
  }

  /** git waits for minutes for an address where packets vanish. */
  async function dialDirectly(): Promise<void> {
    try {
      await checkReachable(remote, settings().connectTimeoutMs, env);
    } catch (error) {
      // Behind a web proxy a host need not answer us. Asked only now, because it is rare and costs a process.
      if (!(await hasConfiguredProxy())) throw error;
    }
  }

  /** Whether the git configuration of the account sends requests to this remote through a web proxy. */
  async function hasConfiguredProxy(): Promise<boolean> {
    const { timeoutMs } = settings();
    await mkdir(dir, { recursive: true });
    const reach = await accessTo(remote, settings(), env);
    const childEnv = networkEnvironment({ ...reach, workDir: dir, gitDir: undefined }, env);
    const args = ['config', '--get-urlmatch', 'http.proxy', remote.gitUrl];
    const proxy = runGit({ args, cwd: dir, env: childEnv, timeoutMs }).then(String, () => '');
    return (await proxy).trim() !== '';
  }

  return {
    async listRefs(onAsk) {
      onAsk();
      const listing = await inTurn((reach) => http.listRefs(reach));
      if (listing !== undefined) return listing;
      await dialDirectly();
      onAsk();
      // A host that accepts the connection and then says nothing is given up as early as one that does not accept.
      const patience = {
        'http.lowSpeedLimit': '1',
        'http.lowSpeedTime': String(Math.ceil(settings().connectTimeoutMs / 1000)),
      };
      const args = ['ls-remote', '--quiet', '--symref', '--end-of-options', remote.gitUrl];
      const output = await git(undefined, args, { extra: patience });
      return { refs: parseRefs(output), defaultBranch: parseDefaultBranch(output) };
    },

    fetchWithoutGit: (repo, wanted) => inTurn((reach) => http.fetch(reach, repo, wanted)),

    async fetch(repo, flags, refspecs, more) {
      const quiet = ['--quiet', '--no-tags', '--no-recurse-submodules', '--no-write-fetch-head'];
      const args = ['fetch', '--force', ...quiet, ...flags];
      await git(repo.dir, [...args, '--end-of-options', remote.gitUrl, ...refspecs], more);
    },
  };
}
