/**
 * What is asked of the host of one repository: within the limits of `HostLimiter`, with the credentials for it, from
 * within this process where that is enough (`smart-http/`), else by a child of git. Failures are thrown as
 * `explainGitFailure` tells them.
 */
import { mkdir } from 'node:fs/promises';
import { diskReady } from '../../fs/disk-watch.js';
import { ModhavenError, isModhavenError } from '../../errors.js';
import type { RepoUrl } from '../../module/repo-url.js';
import { measure } from '../../observe/observe.js';
import { explainGitFailure } from '../failures/git-errors.js';
import { isCertificateFailure } from '../failures/certificate-words.js';
import { isUnknownHostKey } from '../failures/ssh-failures.js';
import type { BareRepo } from '../bare/bare-repo.js';
import { asStorageError } from '../bare/disk-errors.js';
import { parseDefaultBranch, parseRefs, type RefListing } from '../objects/refs.js';
import type { SmartHosts, SmartHttp, Wanted } from '../smart-http/smart-http.js';
import { certificateFault } from '../transport/certificate.js';
import { config, git, type GitInput, type GitWord } from '../names/git-words.js';
import { plainAddress, type RepoAddress } from '../names/repo-address.js';
import { scanKeys } from './host-keys.js';
import { whyNotAbsent } from './local-repository.js';
import { Redirects } from './redirects.js';
import { listRefsOverSsh } from './ssh-refs.js';
import { retryTurnedAway, type Pause } from './turned-away.js';
import { hostAccess, type HostAccess, type VcsSettings } from '../transport/access.js';
import { NO_CONFIG, type AccountConfig, type ReadAccountConfig } from '../transport/account-config.js';
import { NETWORK_OPTIONS, networkEnvironment, type Environment } from '../transport/git-environment.js';
import { GitFailure, runGit } from '../transport/git-exec.js';
import { packLimits, withPackLimit } from '../transport/pack-limit.js';
import type { HostLimiter } from '../../concurrency/host-limiter.js';
import { checkReachable } from '../transport/reachability.js';

export interface GitFetchOptions {
  /** Configuration of git for this command. */
  config?: Record<string, string>;
  /** Standard input. */
  input?: GitInput;
  /** Told what git wrote to standard error although it succeeded. */
  onWarnings?: (stderr: string) => void;
  /** Variables of the environment, for what git writes to standard error. */
  variables?: Record<string, string>;
}

export interface RemoteSessionOptions {
  remote: RepoUrl;
  /** A directory to run git in where no repository is needed; made if it is not there. */
  dir: string;
  settings: () => VcsSettings;
  env: NodeJS.ProcessEnv;
  /** Shared by all sessions, as `smart` and `account` are. */
  limiter: HostLimiter;
  smart: SmartHosts;
  account: ReadAccountConfig;
  /** Which login is shown. Default: the server's own for the repository. */
  hostAccess?: (
    remote: RepoUrl,
    settings: VcsSettings,
    env: NodeJS.ProcessEnv,
    account: AccountConfig,
  ) => Promise<HostAccess>;
  /** Waits before a host is asked again that turned an ssh connection away. Default: some hundred milliseconds, at random. */
  pause?: Pause;
}

/** For a look at the key of a host that just answered. */
const SCAN_MS = 3_000;

export class RemoteSession {
  readonly #remote: RepoUrl;
  readonly #dir: string;
  readonly #settings: () => VcsSettings;
  readonly #env: NodeJS.ProcessEnv;
  readonly #limiter: HostLimiter;
  readonly #http: SmartHttp;
  readonly #account: ReadAccountConfig;
  readonly #redirects = new Redirects();
  readonly #hostAccess: NonNullable<RemoteSessionOptions['hostAccess']>;
  readonly #pause: Pause | undefined;

  constructor(session: RemoteSessionOptions) {
    const { remote, dir, settings, env, limiter, smart, account } = session;
    this.#remote = remote;
    this.#account = account;
    this.#dir = dir;
    this.#settings = settings;
    this.#env = env;
    this.#limiter = limiter;
    this.#http = smart(remote, dir);
    this.#hostAccess = session.hostAccess ?? hostAccess;
    this.#pause = session.pause;
  }

  /** The refs of the host. `onAsk` is called right before the host is asked for what becomes the answer. */
  async listRefs(onAsk: () => void): Promise<RefListing> {
    onAsk();
    const listing = await this.#limited((access) =>
      this.#observed('ls-refs', () => this.#listWithoutGit(access)),
    );
    if (listing !== undefined) return listing;
    await this.#limited((access) => this.#checkReachable(access));
    onAsk();
    // A host that accepts the connection and then says nothing is given up as early as one that does not accept.
    const settings = {
      'http.lowSpeedLimit': '1',
      'http.lowSpeedTime': String(Math.ceil(this.#settings().connectTimeoutMs / 1000)),
    };
    const output = await this.#git(undefined, lsRemote, { config: settings });
    if (output === '' && /^https?$/.test(this.#remote.scheme)) await this.#confirmEmpty(settings);
    return { refs: parseRefs(output), defaultBranch: parseDefaultBranch(output) };
  }

  async #listWithoutGit(access: HostAccess): Promise<RefListing | undefined> {
    if (access.target.scheme !== 'ssh') return this.#http.listRefs(access);
    await makeFolder(this.#dir);
    const env = this.#childEnvironment(access, undefined);
    return listRefsOverSsh({ access, cwd: this.#dir, env, timeoutMs: this.#settings().timeoutMs });
  }

  /**
   * Whether the host said in git's protocol that it lists no refs: git takes a page of plain text without a line break (a
   * login form, a web filter) for the empty list of a host that only serves files.
   */
  async #confirmEmpty(settings: Record<string, string>): Promise<void> {
    let trace = '';
    const onWarnings = (stderr: string) => {
      trace += stderr;
    };
    const variables = { GIT_TRACE_PACKET: '1' };
    const output = await this.#git(undefined, lsRemote, { config: settings, onWarnings, variables });
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
    flags: readonly GitWord[],
    refspecs: readonly GitWord[],
    fetchOptions?: GitFetchOptions,
  ): Promise<void> {
    const quiet = git`--quiet --no-tags --no-recurse-submodules --no-write-fetch-head`;
    const fetchFrom = (address: RepoAddress) =>
      git`fetch --force ${quiet} ${flags} --end-of-options ${address} ${refspecs}`;
    await this.#git(repo, fetchFrom, fetchOptions);
  }

  /** Runs a git command that talks to the host; `repo` undefined for one that needs no repository. */
  #git(
    repo: BareRepo | undefined,
    command: (address: RepoAddress) => readonly GitWord[],
    fetchOptions: GitFetchOptions = {},
  ): Promise<string> {
    return this.#limited(async (access) => {
      await makeFolder(repo?.dir ?? this.#dir);
      return this.#redirects.follow({
        access,
        work: (address) => this.#runGit(access, repo, command(address), fetchOptions),
        // A failure of this one is what is wanted: git says on standard error where it was sent.
        look: (address) =>
          this.#runGit(access, undefined, lsRemote(address), { variables: TRACE_HEADERS }).then(
            () => '',
            (error: unknown) => (error instanceof GitFailure ? error.stderr : ''),
          ),
      });
    });
  }

  async #runGit(
    access: HostAccess,
    repo: BareRepo | undefined,
    args: readonly GitWord[],
    { config: settings = {}, variables, input, onWarnings }: GitFetchOptions,
  ): Promise<string> {
    const run = (signal: AbortSignal | undefined) =>
      runGit({
        args: [...NETWORK_OPTIONS, ...config(settings), ...access.options, ...args],
        cwd: repo?.dir ?? this.#dir,
        env: { ...this.#childEnvironment(access, repo?.dir), ...variables },
        timeoutMs: this.#settings().timeoutMs,
        secret: access.secret,
        input,
        onWarnings,
        signal,
        network: true,
        repository: this.#remote.url,
      });
    if (repo === undefined) return String(await run(undefined));
    const { dir, writeSignal } = repo;
    const { commit, everything } = packLimits(this.#settings());
    const limit = args.some((word) => word === '--depth=1') ? commit : everything;
    const output = await withPackLimit({ dir, remote: this.#remote, limit }, (tooLarge) =>
      run(writeSignal === undefined ? tooLarge : AbortSignal.any([tooLarge, writeSignal])),
    );
    return String(output);
  }

  /** What is said to the host from within this process, told as the command of git that it stands for. */
  #observed<T>(command: string, work: () => Promise<T>): Promise<T> {
    return measure({ type: 'git', command, repository: this.#remote.url }, work);
  }

  /** Waits until the host may be asked, and explains what goes wrong. */
  #limited<T>(work: (access: HostAccess) => Promise<T>): Promise<T> {
    const { host: name, port } = this.#remote;
    const host = port === undefined ? name : `${name}:${port}`;
    const ask = async () => {
      // What the account has to say of addresses is about those of other machines.
      const account = this.#remote.local ? NO_CONFIG : await this.#account(this.#dir);
      const access = await this.#hostAccess(this.#remote, this.#settings(), this.#env, account);
      try {
        return await retryTurnedAway(() => work(access), this.#pause);
      } catch (error) {
        throw await this.#explain(error, access);
      }
    };
    return this.#limiter.run(host, this.#settings().timeoutMs, () => measure({ type: 'host', host }, ask));
  }

  async #explain(error: unknown, { target, hostKey, credential }: HostAccess): Promise<unknown> {
    const own = asStorageError(error);
    if (!(own instanceof GitFailure)) return own;
    const explained = explainGitFailure(own, {
      repo: target,
      shownAs: this.#remote,
      hostKey,
      credential,
      timeoutMs: this.#settings().timeoutMs,
      certificate:
        target.scheme === 'https' && isCertificateFailure(own) ? await certificateFault(target) : undefined,
      hostKeys: isUnknownHostKey(own) ? await scanKeys(target.host, target.port ?? 22, SCAN_MS) : [],
    });
    if (!target.local || !isModhavenError(explained, 'REPO_NOT_FOUND')) return explained;
    const reason = await whyNotAbsent(target.path);
    return reason === undefined ? explained : unreadable(explained, reason);
  }

  /** git waits for minutes for an address where packets vanish. */
  async #checkReachable(access: HostAccess): Promise<void> {
    // An address that only the account's git can read is its to reach.
    if (access.protocols === undefined) return;
    try {
      await checkReachable(access.target, this.#settings().connectTimeoutMs, this.#env);
    } catch (error) {
      // Behind a web proxy a host need not answer us. Asked only now, because it is rare and costs a process.
      if (!(await this.#hasConfiguredProxy(access))) throw error;
    }
  }

  /** Whether the git configuration of the account sends requests to this host through a web proxy. */
  async #hasConfiguredProxy(access: HostAccess): Promise<boolean> {
    const output = await runGit({
      args: git`config --get-urlmatch http.proxy ${plainAddress(access.target)}`,
      cwd: this.#dir,
      env: this.#childEnvironment(access, undefined),
      timeoutMs: this.#settings().timeoutMs,
    }).catch(() => '');
    return output.toString().trim() !== '';
  }

  #childEnvironment(access: HostAccess, gitDir: string | undefined): Environment {
    return networkEnvironment({ ...access, workDir: gitDir ?? this.#dir, gitDir }, this.#env);
  }
}

/** The failure of a repository on this machine that is there. */
function unreadable({ message, cause }: ModhavenError, reason: string): ModhavenError {
  return new ModhavenError('HOST_REFUSED', message, {
    reason,
    remedy: 'give the account of the modhaven service the right to read it, or run git fsck there',
    remedyBy: 'admin',
    cause,
  });
}

async function makeFolder(dir: string): Promise<void> {
  await diskReady(dir);
  await mkdir(dir, { recursive: true });
}

function lsRemote(address: RepoAddress): readonly GitWord[] {
  return git`ls-remote --quiet --symref --end-of-options ${address}`;
}

/** git writes the headers of requests and responses to standard error, logins left out. */
const TRACE_HEADERS = { GIT_TRACE_CURL: '1', GIT_TRACE_CURL_NO_DATA: '1', GIT_TRACE_REDACT: '1' };
