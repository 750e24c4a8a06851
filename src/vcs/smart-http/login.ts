/** Shows a host the login it asks for, as git does: not before it asks, and only to the host that the login is for. */
import { discard } from '../../http/body.js';
import { basic } from '../../http/client.js';
import type { HttpResponse } from '../../http/request.js';
import type { RepoUrl } from '../../module/repo-url.js';
import type { HostAccess } from '../transport/access.js';
import { GitFailure } from '../transport/git-exec.js';
import { curlLogin } from '../transport/netrc.js';
import { FallbackToGit } from './fallback-to-git.js';

/** Sends a request with the value of an `Authorization` header, or without. */
export type SendWithLogin = (authorization: string | undefined) => Promise<HttpResponse>;

/** The login for the host of one repository, with what is known of whether the host wants it. */
export class LoginOnDemand {
  readonly #remote: RepoUrl;
  readonly #env: NodeJS.ProcessEnv;
  #isWanted = false;

  constructor(remote: RepoUrl, env: NodeJS.ProcessEnv) {
    this.#remote = remote;
    this.#env = env;
  }

  /**
   * The answer to a request, which is sent again with the login if the host asks for one. Throws `GitFailure` in git's
   * words where the host refuses the login, and `FallbackToGit` where it wants one of another kind.
   */
  async send(access: HostAccess, send: SendWithLogin): Promise<HttpResponse> {
    if (!this.#isWanted && !access.showLoginAtOnce) {
      const response = await send(undefined);
      if (response.status !== UNAUTHORIZED) return response;
      void discard(response);
      if (!isBasicAlone(response.header('www-authenticate') ?? '')) {
        throw new FallbackToGit('a login that is not Basic', { always: true });
      }
    }
    const login = access.login ?? (await curlLogin(this.#remote, this.#env));
    // A credential helper of the account may know one.
    if (login === undefined || login.password === '') throw new FallbackToGit('a login', { always: true });
    const response = await send(basic(login));
    this.#isWanted = response.status !== UNAUTHORIZED;
    if (this.#isWanted) return response;
    void discard(response);
    if (access.login === undefined) throw new FallbackToGit('another login', { always: true });
    throw new GitFailure('login', 128, `fatal: Authentication failed for '${this.#remote.gitUrl}/'`);
  }
}

const UNAUTHORIZED = 401;

/**
 * Whether these challenges (RFC 9110, section 11.6.1) leave no choice but Basic, or one that git does not know either.
 * Where there is a safer one, git sends the password to no host.
 */
export function isBasicAlone(challenges: string): boolean {
  const plain = withoutQuotedText(challenges);
  if (plain === undefined) return false;
  // What is left begins with the name of a scheme, or is `name=value`.
  const schemes = plain.split(',').map((part) => schemeIn(part.trim()));
  return schemes.includes('basic') && !schemes.some((scheme) => scheme !== undefined && SAFER.has(scheme));
}

/** A scheme stands alone, or before something that is not a value. */
function schemeIn(part: string): string | undefined {
  const [word = '', next] = part.split(/\s+/, 2);
  return word === '' || word.includes('=') || next?.startsWith('=') === true ? undefined : word.toLowerCase();
}

/** Quoted text may hold anything. Each character is looked at once. Undefined if a quote does not end. */
function withoutQuotedText(text: string): string | undefined {
  let plain = '';
  for (let at = 0; at < text.length; at += 1) {
    plain += text[at] ?? '';
    if (text[at] !== '"') continue;
    for (at += 1; text[at] !== '"'; at += text[at] === '\\' ? 2 : 1) {
      if (at >= text.length) return undefined;
    }
    plain += '"';
  }
  return plain;
}

/** What libcurl prefers to Basic (CURLOPT_HTTPAUTH). */
const SAFER: ReadonlySet<string> = new Set(['digest', 'ntlm', 'negotiate']);
