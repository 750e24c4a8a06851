/**
 * Whether a login may read a repository: asked of the host as a fetch asks it, with this login and no other.
 *
 * Nothing is shared with what fetches: no mirror, no memory of what a host wants, no turn of `vcs.concurrency`. Of the
 * server's own logins none can take part: the login of `vcs.hosts` is replaced, and a git child sees neither the netrc nor
 * the git configuration, keys or tickets of the account.
 */
import { isModhavenError } from '../errors.js';
import type { RepoUrl } from '../module/repo-url.js';
import { accessWith, type VcsSettings } from './transport/access.js';
import { createAccountConfig, type ReadAccountConfig } from './transport/account-config.js';
import { GitFailure } from './transport/git-exec.js';
import type { HostLimiter } from '../concurrency/host-limiter.js';
import { createGitLimiter } from './transport/git-limiter.js';
import type { PasswordLogin } from './transport/netrc.js';
import { RemoteSession } from './remote/remote-session.js';
import { createSmartHosts, type SmartHosts } from './smart-http/smart-http.js';

export type LoginAnswer =
  /** The host listed the refs of the repository. */
  | 'may-read'
  /** 403, 404, or no such repository. */
  | 'may-not-read'
  /** 401: the login itself is wrong. */
  | 'refuses-login';

export interface LoginTrialsOptions {
  /** A folder to run git in; made if it is not there. */
  dir: string;
  settings: () => VcsSettings;
  env?: NodeJS.ProcessEnv;
}

export class LoginTrials {
  readonly #dir: string;
  readonly #settings: () => VcsSettings;
  readonly #env: NodeJS.ProcessEnv;
  readonly #limiter: HostLimiter;
  readonly #smart: SmartHosts;
  readonly #account: ReadAccountConfig;

  constructor({ dir, settings, env = process.env }: LoginTrialsOptions) {
    this.#dir = dir;
    this.#settings = settings;
    this.#env = withoutOwnLogins(env);
    this.#limiter = createGitLimiter(settings);
    this.#account = createAccountConfig(this.#env);
    this.#smart = createSmartHosts(settings, this.#env, this.#account);
  }

  /** What the host of `remote`, an http or https address, says to `login`. Throws one of the HOST_ codes for an outage. */
  async ask(remote: RepoUrl, login: PasswordLogin): Promise<LoginAnswer> {
    // What a credential helper prints is made of lines.
    if (/[\0\r\n]/.test(login.username + login.password) || login.password === '') return 'refuses-login';
    const anonymous = { ...remote, credentials: undefined };
    const session = new RemoteSession({
      remote: anonymous,
      dir: this.#dir,
      settings: this.#settings,
      env: this.#env,
      limiter: this.#limiter,
      smart: this.#smart,
      account: this.#account,
      hostAccess: (repo, settings, env) => accessWith(login, repo, settings, env),
    });
    try {
      await session.listRefs(() => undefined);
      return 'may-read';
    } catch (error) {
      return answerIn(error);
    }
  }
}

/** What a failure says about the login; an outage is thrown on. */
function answerIn(error: unknown): LoginAnswer {
  const cause = isModhavenError(error) ? error.cause : error;
  const said = cause instanceof GitFailure ? cause.stderr : '';
  if (REFUSES_LOGIN.test(said)) return 'refuses-login';
  if (MAY_NOT_READ.test(said) || isModhavenError(error, 'REPO_NOT_FOUND')) return 'may-not-read';
  throw error;
}

const REFUSES_LOGIN =
  /Authentication failed for|could not read (?:Username|Password)|requested URL returned error: 401/;
const MAY_NOT_READ = /requested URL returned error: (?:403|404|410)/;

/** Variables that lead to logins, keys and tickets of the account, or to files that may hold some. */
const OWN =
  /^(?:HOME|USERPROFILE|APPDATA|XDG_.*|SSH_.*|KRB5.*|NETRC|GIT_ASKPASS|GIT_SSH.*|GIT_CONFIG.*|GIT_SSL_(?:CERT|KEY).*|GCM_.*)$/i;

function withoutOwnLogins(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const kept = Object.entries(env).filter(([name]) => !OWN.test(name));
  return {
    ...Object.fromEntries(kept),
    // libcurl would find the home of the account by itself.
    HOME: '/nonexistent',
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_CONFIG_NOSYSTEM: '1',
  };
}
