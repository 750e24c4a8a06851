/**
 * What is asked of the host of one repository: within the limits of `HostLimiter`, with the credentials for it, from
 * within this process where that is enough (`smart-http/`), else by a child of git. Failures are thrown as
 * `explainGitFailure` tells them.
 */
import { mkdir } from 'node:fs/promises';
import type { RepoUrl } from '../../module/repo-url.js';
import { measure } from '../../observe/observe.js';
import { explainGitFailure } from '../failures/git-errors.js';
import { isUnknownHostKey } from '../failures/ssh-failures.js';
import type { BareRepo } from '../mirror/bare-repo.js';
import { asStorageError } from '../mirror/disk-errors.js';
import { parseDefaultBranch, parseRefs, type RefListing } from '../refs.js';
import type { SmartHosts, SmartHttp, Wanted } from '../smart-http/smart-http.js';
import { scanKeys } from '../ssh/host-keys.js';
import { accessTo, type Access, type VcsSettings } from './access.js';
import { NETWORK_OPTIONS, networkEnvironment, options, type Environment } from './git-environment.js';
import { GitFailure, runGit } from './git-exec.js';
import { PACK_LIMITS, withPackLimit } from './pack-limit.js';
import type { HostLimiter } from './host-limiter.js';
import { checkReachable } from './reachability.js';

export interface FetchOptions {
  /** Configuration of git for this command. */
  config?: Record<string, string>;
  /** Standard input. */
  input?: string;
  /** Told what git wrote to standard error although it succeeded. */
  onWarnings?: (stderr: string) => void;
  /** Whether git writes to standard error what is said in its protocol. */
  tracePackets?: boolean;
}

export interface RemoteSessionOptions {
  remote: RepoUrl;
  /** A directory to run git in where no repository is needed; made if it is not there. */
  dir: string;
  settings: () => VcsSettings;
  env: NodeJS.ProcessEnv;
  /** Shared by all sessions, as `smart` is. */
  limiter: HostLimiter;
  smart: SmartHosts;
  /** Which login is shown. Default: the server's own for the repository. */
  accessTo?: (remote: RepoUrl, settings: VcsSettings, env: NodeJS.ProcessEnv) => Promise<Access>;
}

/** For a look at the key of a host that just answered. */
const SCAN_MS = 3_000;

export class RemoteSession {
  readonly #remote: RepoUrl;
  /** The address as git is given it. */
  readonly #address: string;
  readonly #dir: string;
  readonly #settings: () => VcsSettings;
  readonly #env: NodeJS.ProcessEnv;
  readonly #limiter: HostLimiter;
  readonly #http: SmartHttp;
  readonly #accessTo: typeof accessTo;

  constructor(session: RemoteSessionOptions) {
    const { remote, dir, settings, env, limiter, smart } = session;
    this.#remote = remote;
    // A repository without all files remembers where it gets them from, and that name cannot begin with a slash.
    this.#address = remote.local && !remote.bundle ? remote.url : remote.gitUrl;
    this.#dir = dir;
    this.#settings = settings;
    this.#env = env;
    this.#limiter = limiter;
    this.#http = smart(remote, dir);
    this.#accessTo = session.accessTo ?? accessTo;
  }

  /** The refs of the host. `onAsk` is called right before the host is asked for what becomes the answer. */
  async listRefs(onAsk: () => void): Promise<RefListing> {
    onAsk();
    const listing = await this.#limited((access) =>
      this.#observed('ls-refs', () => this.#http.listRefs(access)),
    );
    if (listing !== undefined) return listing;
    await this.#checkReachable();
    onAsk();
    // A host that accepts the connection and then says nothing is given up as early as one that does not accept.
    const config = {
      'http.lowSpeedLimit': '1',
      'http.lowSpeedTime': String(Math.ceil(this.#settings().connectTimeoutMs / 1000)),
    };
    const args = ['ls-remote', '--quiet', '--symref', '--end-of-options', this.#address];
    const output = await this.#git(undefined, args, { config });
    if (output === '' && /^https?$/.test(this.#remote.scheme)) await this.#confirmEmpty(args, config);
    return { refs: parseRefs(output), defaultBranch: parseDefaultBranch(output) };
  }

  /**
   * Whether the host said in git's protocol that it lists no refs: git takes a page of plain text without a line break (a
   * login form, a web filter) for the empty list of a host that only serves files.
   */
  async #confirmEmpty(args: readonly string[], config: Record<string, string>): Promise<void> {
    let trace = '';
    const onWarnings = (stderr: string) => {
      trace += stderr;
    };
    const output = await this.#git(undefined, args, { config, onWarnings, tracePackets: true });
    if (output !== '' || /packet:\s+\S+< /.test(trace)) return;
    await this.#limited(() => {
      const said = `fatal: ${this.#remote.gitUrl}/info/refs not valid: is this a git repository?`;
      return Promise.reject(new GitFailure('ls-remote', 128, said));
    });
  }

  /** Fetches what is wanted into `repo`, inside of its `write`, without git; false where that cannot be done. */
  fetchWithoutGit(repo: BareRepo, wanted: Wanted): Promise<boolean> {
    return this.#limited((access) => this.#observed('fetch', () => this.#http.fetch(access, repo, wanted)));
  }

  /** `git fetch` into `repo`, inside of its `write`. */
  async fetch(
    repo: BareRepo,
    flags: readonly string[],
    refspecs: readonly string[],
    fetchOptions?: FetchOptions,
  ): Promise<void> {
    const quiet = ['--quiet', '--no-tags', '--no-recurse-submodules', '--no-write-fetch-head'];
    const args = ['fetch', '--force', ...quiet, ...flags, '--end-of-options', this.#address, ...refspecs];
    await this.#git(repo, args, fetchOptions);
  }

  /** Runs a git command that talks to the host; `repo` undefined for one that needs no repository. */
  #git(
    repo: BareRepo | undefined,
    args: readonly string[],
    fetchOptions: FetchOptions = {},
  ): Promise<string> {
    const { config = {}, input, onWarnings, tracePackets = false } = fetchOptions;
    const workDir = repo?.dir ?? this.#dir;
    return this.#limited(async (access) => {
      await mkdir(workDir, { recursive: true });
      const run = (signal: AbortSignal | undefined) =>
        runGit({
          args: [...NETWORK_OPTIONS, ...options(config), ...access.options, ...args],
          cwd: workDir,
          env: {
            ...this.#childEnvironment(access, repo?.dir),
            ...(tracePackets ? { GIT_TRACE_PACKET: '1' } : {}),
          },
          timeoutMs: this.#settings().timeoutMs,
          secret: access.secret,
          input,
          onWarnings,
          signal,
          repository: this.#remote.url,
        });
      if (repo === undefined) return String(await run(undefined));
      const { dir, writeSignal } = repo;
      const limit = args.includes('--depth=1') ? PACK_LIMITS.commit : PACK_LIMITS.everything;
      const output = await withPackLimit({ dir, remote: this.#remote, limit }, (tooLarge) =>
        run(writeSignal === undefined ? tooLarge : AbortSignal.any([tooLarge, writeSignal])),
      );
      return String(output);
    });
  }

  /** What is said to the host from within this process, told as the command of git that it stands for. */
  #observed<T>(command: string, work: () => Promise<T>): Promise<T> {
    return measure({ type: 'git', command, repository: this.#remote.url }, work);
  }

  /** Waits until the host may be asked, and explains what goes wrong. */
  #limited<T>(work: (access: Access) => Promise<T>): Promise<T> {
    const { host: name, port } = this.#remote;
    const host = port === undefined ? name : `${name}:${port}`;
    const ask = async () => {
      const access = await this.#accessTo(this.#remote, this.#settings(), this.#env);
      try {
        return await work(access);
      } catch (error) {
        throw await this.#explain(error, access);
      }
    };
    return this.#limiter.run(host, this.#settings().timeoutMs, () => measure({ type: 'host', host }, ask));
  }

  async #explain(error: unknown, { hostKey, credential }: Access): Promise<unknown> {
    const own = asStorageError(error);
    if (!(own instanceof GitFailure)) return own;
    const { host, port } = this.#remote;
    return explainGitFailure(own, {
      repo: this.#remote,
      hostKey,
      credential,
      timeoutMs: this.#settings().timeoutMs,
      hostKeys: isUnknownHostKey(own) ? await scanKeys(host, port ?? 22, SCAN_MS) : [],
    });
  }

  /** git waits for minutes for an address where packets vanish. */
  async #checkReachable(): Promise<void> {
    try {
      await checkReachable(this.#remote, this.#settings().connectTimeoutMs, this.#env);
    } catch (error) {
      // Behind a web proxy a host need not answer us. Asked only now, because it is rare and costs a process.
      if (!(await this.#hasConfiguredProxy())) throw error;
    }
  }

  /** Whether the git configuration of the account sends requests to this remote through a web proxy. */
  async #hasConfiguredProxy(): Promise<boolean> {
    await mkdir(this.#dir, { recursive: true });
    const access = await this.#accessTo(this.#remote, this.#settings(), this.#env);
    const output = await runGit({
      args: ['config', '--get-urlmatch', 'http.proxy', this.#remote.gitUrl],
      cwd: this.#dir,
      env: this.#childEnvironment(access, undefined),
      timeoutMs: this.#settings().timeoutMs,
    }).catch(() => '');
    return output.toString().trim() !== '';
  }

  #childEnvironment(access: Access, gitDir: string | undefined): Environment {
    return networkEnvironment({ ...access, workDir: gitDir ?? this.#dir, gitDir }, this.#env);
  }
}
