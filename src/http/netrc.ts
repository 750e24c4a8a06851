/**
 * Logins in `~/.netrc`.
 *
 * git leaves that file to libcurl, which reads it as ftp(1) describes it: words separated by white space, `machine
 * HOST` or `default` before each login, a `#` before a comment, a macro up to the next empty line. Ports are not part of
 * that format, so what stands behind `machine HOST:PORT` is read here, for that server alone.
 */
import { statSync, type Stats } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { readRegularText } from '../fs/regular-file.js';
import { noteSecret } from '../secrets.js';

export interface PasswordLogin {
  username: string;
  password: string;
}

/** One login of a netrc. */
export interface NetrcLogin extends PasswordLogin {
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

/** The logins of the account, none where it has no such file. git and curl read `~/.netrc` whatever `NETRC` says. */
export async function readNetrc(env: NodeJS.ProcessEnv): Promise<NetrcLogin[]> {
  return readLogins(homeFile(env));
}

function isSet(value: string | undefined): value is string {
  return value !== undefined && value !== '';
}

/** `~/.netrc`; undefined for an account without a home: containers run under user ids that have no passwd entry. */
function homeFile(env: NodeJS.ProcessEnv): string | undefined {
  try {
    return join(isSet(env.HOME) ? env.HOME : homedir(), '.netrc');
  } catch {
    return undefined;
  }
}

/** What was read of each file last. */
const read = new Map<string, { stamp: string; logins: NetrcLogin[] }>();

/**
 * The logins in a file, none where it cannot be read. Their passwords are secrets, whichever part shows them to a host. It is
 * asked for with each question to a host, so one that is as it was is not read again.
 */
async function readLogins(file: string | undefined): Promise<NetrcLogin[]> {
  const stats = file === undefined ? undefined : statsOf(file);
  if (file === undefined || stats === undefined) return [];
  const stamp = `${stats.ino} ${stats.size} ${stats.mtimeMs} ${stats.ctimeMs}`;
  const known = read.get(file);
  if (known?.stamp === stamp) return known.logins;
  const logins = parseNetrc(await readRegularText(file).catch(() => ''));
  for (const { password } of logins) noteSecret(password);
  // What was changed a moment ago may be changed again within the same tick of the file system's clock.
  if (Date.now() - stats.mtimeMs > SETTLED_MS) read.set(file, { stamp, logins });
  return logins;
}

const SETTLED_MS = 2_000;

function statsOf(file: string): Stats | undefined {
  try {
    return statSync(file, { throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}

/**
 * The login for `url`, as the go command finds it: in `$NETRC` or `~/.netrc`, for the host with its port, else for the host,
 * and sent over https alone.
 */
export async function netrcLoginFor(url: URL, env: NodeJS.ProcessEnv): Promise<PasswordLogin | undefined> {
  if (url.protocol !== 'https:') return undefined;
  const logins = await readLogins(isSet(env.NETRC) ? env.NETRC : homeFile(env));
  const withPort = `${url.hostname}:${url.port === '' ? '443' : url.port}`;
  const found = [withPort, url.hostname].map((name) => logins.find(({ machine }) => machine === name));
  return found.find((login) => login !== undefined);
}

const TAKES_VALUE: ReadonlySet<string> = new Set(['machine', 'login', 'password', 'account']);

function unquote(word: string): string {
  return word.startsWith('"') ? word.slice(1, -1).replace(/\\(.)/g, '$1') : word;
}
