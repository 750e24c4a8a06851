/** The two kinds of requests of git's smart http protocol (gitprotocol-http(5)), and which answers are taken for git's. */
import { beginningOf, discard } from '../../http/body.js';
import { sendRequest, type HttpResponse } from '../../http/request.js';
import { NoSystemStore, prepareTrust, type PreparedTrust } from '../../http/trust.js';
import type { RepoUrl } from '../../module/repo-url.js';
import type { HostAccess } from '../transport/access.js';
import { GitFailure } from '../transport/git-exec.js';
import { FallbackToGit } from './fallback-to-git.js';
import type { LoginOnDemand } from './login.js';

/** Hosts and proxies in front of them know git by how this begins. */
const USER_AGENT = 'git/2.0 (modhaven)';

const COMMON_HEADERS = { 'user-agent': USER_AGENT, 'git-protocol': 'version=2', pragma: 'no-cache' };

export interface SessionOptions {
  remote: RepoUrl;
  /** The address of the repository, with a slash at its end. */
  base: URL;
  access: HostAccess;
  login: LoginOnDemand;
  /** Ends all requests. */
  signal: AbortSignal;
  /** Milliseconds for a connection to be made, and for each pause in an answer. */
  idleTimeoutMs: number;
}

/** A few requests to the host of one repository, with one deadline. */
export class GitRequests {
  readonly #options: SessionOptions;

  constructor(options: SessionOptions) {
    this.#options = options;
  }

  get signal(): AbortSignal {
    return this.#options.signal;
  }

  /** What the host says that it can do. */
  async advertisement(): Promise<HttpResponse> {
    const response = await this.#send('info/refs?service=git-upload-pack', {});
    const { status } = response;
    if (status === 200 && response.header('content-type') === 'application/x-git-upload-pack-advertisement') {
      return response;
    }
    // A status of 400 and more would be git's answer as well; another request would count twice where requests count.
    if (status >= 400) {
      const words = `unable to access '${this.#options.remote.gitUrl}/': The requested URL returned error: ${status}`;
      throw new GitFailure('fetch', 128, `${await remoteWords(response)}fatal: ${words}`);
    }
    void discard(response);
    throw new FallbackToGit(`status ${status}`, { always: true });
  }

  /** The answer to a command; a `patient` request leaves the host all the time that `signal` does. */
  async result(body: string, { patient = false } = {}): Promise<HttpResponse> {
    const type = 'application/x-git-upload-pack';
    const headers = { 'content-type': `${type}-request`, accept: `${type}-result` };
    const response = await this.#send('git-upload-pack', { headers, body, patient });
    if (response.status === 200 && response.header('content-type') === `${type}-result`) return response;
    void discard(response);
    throw new FallbackToGit(`status ${response.status}`);
  }

  /** `path` goes behind the address of the repository. */
  async #send(
    path: string,
    {
      headers,
      body,
      patient = false,
    }: { headers?: Record<string, string>; body?: string; patient?: boolean },
  ): Promise<HttpResponse> {
    const { base, access, login, signal, idleTimeoutMs } = this.#options;
    const trust = base.protocol === 'https:' ? await trustOf(access) : undefined;
    return login.send(access, (authorization) =>
      sendRequest({
        url: new URL(base.href + path),
        headers: { ...COMMON_HEADERS, ...headers, ...(authorization && { authorization }) },
        body,
        signal,
        idleTimeoutMs: patient ? 0 : idleTimeoutMs,
        // Accounts with a web proxy are left to git, and rules may name any address.
        connection: { trust, connectTimeoutMs: idleTimeoutMs, publicOnly: false, proxy: undefined },
      }),
    );
  }
}

/** Bytes of what a host says in words. */
const MAX_WORDS = 2_048;

/** What a host says in plain text about a refusal, as git passes it on: hosts that answer 403 tell more there. */
async function remoteWords(response: HttpResponse): Promise<string> {
  const isPlain = /^text\/plain\b/i.test(response.header('content-type') ?? '');
  // A server or proxy with a problem of its own knows nothing of repositories.
  if (!isPlain || response.status >= 500) {
    void discard(response);
    return '';
  }
  const text = await beginningOf(response, MAX_WORDS).catch(() => '');
  const lines = text.split(/\r?\n/).filter((line) => line.trim() !== '');
  return lines.map((line) => `remote: ${line}\n`).join('');
}

/** Variables that say more about certificates are git's to read, see `account-settings.ts`. */
async function trustOf({ trust }: HostAccess): Promise<PreparedTrust> {
  try {
    return await prepareTrust(trust, {});
  } catch (error) {
    if (error instanceof NoSystemStore) throw new FallbackToGit(error.message, { always: true });
    throw error;
  }
}
