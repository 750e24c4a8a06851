/** Shows a host the login it asks for, as git does: not before it asks, and only to the host that the login is for. */
import type { IncomingMessage } from 'node:http';
import type { RepoUrl } from '../../module/repo-url.js';
import { GitFailure } from '../transport/git-exec.js';
import { curlLogin, type Login } from '../transport/netrc.js';
import type { Access } from '../transport/access.js';
import { FallbackToGit } from './fallback-to-git.js';
import { discard } from './http-request.js';

/** Asks with the value of an `Authorization` header, or without. */
export type SendWithLogin = (authorization: string | undefined) => Promise<IncomingMessage>;

/** Remembers of the host of `remote` whether it wants a login. */
export function createLogin(
  remote: RepoUrl,
  env: NodeJS.ProcessEnv,
): (reach: Access, question: SendWithLogin) => Promise<IncomingMessage> {
  let isWanted = false;

  /** Throws `GitFailure` in git's words where the host refuses the login, and `AskGit` where it wants one of another kind. */
  return async (reach, question) => {
    if (!isWanted) {
      const answer = await question(undefined);
      if (answer.statusCode !== UNAUTHORIZED) return answer;
      void discard(answer);
      if (!isBasicAlone(answer.headers['www-authenticate'] ?? ''))
        throw new FallbackToGit('a login that is not Basic', { always: true });
    }
    const login = reach.login ?? (await curlLogin(remote, env));
    // Perhaps a helper of the account knows one.
    if (login === undefined || login.password === '') throw new FallbackToGit('a login', { always: true });
    const answer = await question(basic(login));
    isWanted = answer.statusCode !== UNAUTHORIZED;
    if (isWanted) return answer;
    void discard(answer);
    if (reach.login === undefined) throw new FallbackToGit('another login', { always: true });
    throw new GitFailure('login', 128, `fatal: Authentication failed for '${remote.gitUrl}/'`);
  };
}

const UNAUTHORIZED = 401;

/**
 * Whether these challenges (RFC 9110, section 11.6.1) leave no choice but Basic, or one that git does not know either.
 * Where there is a safer one, git shows the password to nobody.
 */
function isBasicAlone(challenges: string): boolean {
  // Quoted text may hold anything; what is left begins with the name of a scheme, or is `name=value`.
  const parts = challenges.replace(/"(?:[^"\\]|\\.)*"/g, '""').split(',');
  const schemes = parts.map((part) => /^\s*([^\s=]+)(?=\s+[^\s=]|\s*$)/.exec(part)?.[1]?.toLowerCase());
  return schemes.includes('basic') && !schemes.some((scheme) => scheme !== undefined && SAFER.has(scheme));
}

/** What libcurl prefers to Basic (CURLOPT_HTTPAUTH). */
const SAFER: ReadonlySet<string> = new Set(['digest', 'ntlm', 'negotiate']);

function basic({ username, password }: Login): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
}
