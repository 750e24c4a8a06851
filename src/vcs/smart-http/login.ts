/** Shows a host the login it asks for, as git does: not before it asks, and only to the host that the login is for. */
import type { IncomingMessage } from 'node:http';
import type { RepoUrl } from '../../module/repo-url.js';
import { GitFailure } from '../git-exec.js';
import { curlLogin, type Login } from '../netrc.js';
import type { Access } from '../remote.js';
import { AskGit } from './ask-git.js';

/** Asks with the value of an `Authorization` header, or without. */
export type Question = (authorization: string | undefined) => Promise<IncomingMessage>;

/** Remembers of the host of `remote` whether it wants a login. */
export function createLogin(
  remote: RepoUrl,
  env: NodeJS.ProcessEnv,
): (reach: Access, question: Question) => Promise<IncomingMessage> {
  let isWanted = false;

  /** Throws `GitFailure` in git's words where the host refuses the login, and `AskGit` where it wants one of another kind. */
  return async (reach, question) => {
    if (!isWanted) {
      const answer = await question(undefined);
      if (answer.statusCode !== UNAUTHORIZED) return answer;
      const { 'www-authenticate': schemes = '' } = answer.headers;
      answer.resume();
      if (!/\bbasic\b/i.test(schemes)) throw new AskGit('a login that is not Basic', { always: true });
    }
    const login = reach.login ?? (await curlLogin(remote, env));
    // Perhaps a helper of the account knows one.
    if (login === undefined || login.password === '') throw new AskGit('a login', { always: true });
    const answer = await question(basic(login));
    isWanted = answer.statusCode !== UNAUTHORIZED;
    if (isWanted) return answer;
    answer.destroy();
    if (reach.login === undefined) throw new AskGit('another login', { always: true });
    throw new GitFailure('login', 128, `fatal: Authentication failed for '${remote.gitUrl}/'`);
  };
}

const UNAUTHORIZED = 401;

function basic({ username, password }: Login): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
}
