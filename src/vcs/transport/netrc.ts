/**
 * Logins in `~/.netrc`.
 *
 * git leaves that file to libcurl, which reads it as ftp(1) describes it: words separated by white space, `machine
 * HOST` or `default` before each login, a `#` before a comment, a macro up to the next empty line. Ports are no part of
 * that format, so what stands behind `machine HOST:PORT` is read here, for that server alone.
 */
import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { DEFAULT_PORTS, type RepoUrl } from '../../module/repo-url.js';

/** Whether the account's netrc has a login for the host of `repo`, with its port or without. */
export async function hasNetrcLogin(repo: RepoUrl, env: NodeJS.ProcessEnv): Promise<boolean> {
  const machines = [undefined, repo.host.replace(/^\[|\]$/g, ''), hostWithPort(repo)];
  return parseNetrc(await readNetrc(env)).some(({ machine }) => machines.includes(machine));
}

/** The login that the account's netrc has for exactly the host and port of `repo` (`machine HOST:PORT`). */
export async function netrcLogin(repo: RepoUrl, env: NodeJS.ProcessEnv): Promise<Login | undefined> {
  const found = parseNetrc(await readNetrc(env)).find(({ machine }) => machine === hostWithPort(repo));
  return found && { username: found.username, password: found.password };
}

/** The login that libcurl would show the host of `repo`, whatever its port; none where the address has one. */
export async function curlLogin(repo: RepoUrl, env: NodeJS.ProcessEnv): Promise<Login | undefined> {
  if (repo.credentials !== undefined) return undefined;
  const host = repo.host.replace(/^\[|\]$/g, '');
  const logins = parseNetrc(await readNetrc(env));
  return logins.find(({ machine }) => machine === host || machine === undefined);
}

export interface Login {
  username: string;
  password: string;
}

/** One login of a netrc. */
export interface NetrcLogin extends Login {
  /** In lower case; undefined stands for any (`default`). */
  machine: string | undefined;
}

/** The logins in the text of a netrc, in their order. */
export function parseNetrc(text: string): NetrcLogin[] {
  const lines = text.replace(/\r\n?/g, '\n').replace(/(^|\s)macdef\s[\s\S]*?(?:\n\n|$)/g, '$1');
  const words = lines
    .split('\n')
    .filter((line) => !line.trimStart().startsWith('#'))
    .flatMap((line) => line.match(/"(?:[^"\\]|\\.)*"|\S+/g) ?? []);
  const logins: NetrcLogin[] = [];
  for (let i = 0; i < words.length; i += 1) {
    const word = words[i] ?? '';
    if (word === 'default') logins.push({ machine: undefined, username: '', password: '' });
    if (!TAKES_VALUE.has(word)) continue;
    i += 1; // a password may be spelled "machine"
    const value = unquote(words[i] ?? '');
    const login = logins.at(-1);
    if (word === 'machine') logins.push({ machine: value.toLowerCase(), username: '', password: '' });
    else if (word === 'login' && login !== undefined) login.username = value;
    else if (word === 'password' && login !== undefined) login.password = value;
  }
  return logins;
}

function hostWithPort({ host, port, scheme }: RepoUrl): string {
  return `${host}:${port ?? DEFAULT_PORTS[scheme]}`;
}

async function readNetrc(env: NodeJS.ProcessEnv): Promise<string> {
  return readFile(join(env.HOME ?? homedir(), '.netrc'), 'utf8').catch(() => '');
}

const TAKES_VALUE: ReadonlySet<string> = new Set(['machine', 'login', 'password', 'account']);

function unquote(word: string): string {
  return word.startsWith('"') ? word.slice(1, -1).replace(/\\(.)/g, '$1') : word;
}
