/**
 * The client for everything that is asked over http but git itself: upstream proxies, `?go-get=1` pages and checksum
 * databases. It behaves as the other programs of the account do: its web proxy, its authorities, its logins; what
 * `vcs.hosts` says about a host counts here as well.
 */
import { readRegularText } from '../fs/regular-file.js';
import { netrcLoginFor, type PasswordLogin } from './netrc.js';
import { noteSecret } from '../secrets.js';
import { sendRequest, type HttpResponse } from './request.js';
import { NoSystemStore, prepareTrust, type PreparedTrust } from './trust.js';
import { webProxyFor } from './web-proxy.js';

/** What `vcs.hosts` says about a host, as far as http goes. */
export interface HttpHostSettings {
  username?: string | undefined;
  token?: string | undefined;
  tokenFile?: string | undefined;
  caFile?: string | undefined;
  insecureTls?: boolean | undefined;
}

export interface HttpClientOptions {
  /** By `HOST` or `HOST:PORT`, in lower case (keys with a path are for repositories alone). */
  hosts: () => ReadonlyMap<string, HttpHostSettings>;
  /** Whether the configuration names the host of `url`: only then its address may be one of an internal network. */
  isNamed: (url: URL) => boolean;
  env: NodeJS.ProcessEnv;
}

export interface GetOptions {
  signal: AbortSignal;
  /** Milliseconds for a connection to be made, and for each pause in the answer. */
  idleTimeoutMs: number;
  /** `own`: the login that this server has for the host, if any. Or one that is known, or none. */
  login: 'own' | PasswordLogin | undefined;
  /** Whether the configuration names the host here, whatever `HttpClientOptions.isNamed` says. */
  isNamed?: boolean;
}

export class HttpClient {
  readonly #options: HttpClientOptions;

  constructor(options: HttpClientOptions) {
    this.#options = options;
  }

  /** GETs `url`, which holds no login. Redirects are an answer. Throws as `sendRequest` does, and for a bad `ca_file`. */
  async get(url: URL, { signal, idleTimeoutMs, login, isNamed = false }: GetOptions): Promise<HttpResponse> {
    const { env } = this.#options;
    const shown = login === 'own' ? await this.#ownLogin(url) : login;
    noteSecret(shown?.password);
    const isSecure = url.protocol === 'https:';
    return sendRequest({
      url,
      headers: {
        'user-agent': 'modhaven',
        'accept-encoding': 'identity',
        ...(shown === undefined ? {} : { authorization: basic(shown) }),
      },
      signal,
      idleTimeoutMs,
      connection: {
        trust: isSecure ? await this.#trust(url) : undefined,
        connectTimeoutMs: idleTimeoutMs,
        publicOnly: !isNamed && !this.#options.isNamed(url),
        proxy: webProxyFor(url, env),
      },
    });
  }

  async #ownLogin(url: URL): Promise<PasswordLogin | undefined> {
    const { username = 'oauth2', token, tokenFile } = this.#settings(url);
    if (token !== undefined) return { username, password: token };
    if (tokenFile !== undefined) return { username, password: (await readRegularText(tokenFile)).trim() };
    return netrcLoginFor(url, this.#options.env);
  }

  async #trust(url: URL): Promise<PreparedTrust | undefined> {
    try {
      return await prepareTrust(this.#settings(url), this.#options.env);
    } catch (error) {
      // Node's own list of authorities is better than none.
      if (error instanceof NoSystemStore) return undefined;
      throw error;
    }
  }

  #settings(url: URL): HttpHostSettings {
    const hosts = this.#options.hosts();
    const port = url.port === '' ? (url.protocol === 'https:' ? '443' : '80') : url.port;
    return hosts.get(`${url.hostname}:${port}`) ?? hosts.get(url.hostname) ?? {};
  }
}

/** The value of an `Authorization` header. */
export function basic({ username, password }: PasswordLogin): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
}
