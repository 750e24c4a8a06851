/**
 * Repository addresses: every spelling `git clone` takes, read once and told apart for good.
 *
 * What is understood (git-clone(1), "GIT URLS"):
 *
 *   http://host[:port]/path         also with user:password@, which is taken out of every form we show or pass on
 *   ssh://[user@]host[:port]/path   also written git+ssh:// or ssh+git://
 *   git://host[:port]/path
 *   [user@]host:path                the scp form; no scheme, so no port either
 *   file:///path, /path, ./path     on this machine; a file named *.bundle is read as a git bundle. A path may hold spaces,
 *                                   or %20 for them; a % that is meant as it stands is written %25 before two hex digits
 *   ssh://[user@]host:path          the scp form glued onto ssh://, which git refuses; read as scp, with a warning
 *   ssh://[user@]host:port:path     likewise, read as ssh://user@host:port/path
 *
 * Everything else is refused here, because git hands parts of an address to other programs: `ext::` runs a command,
 * and a host or path that begins with a dash arrives at ssh or at the remote side as an option (CVE-2017-1000117).
 */
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import {
  decode,
  encodeUser,
  fail,
  quote,
  readHost,
  readLogin,
  readPath,
  readPort,
  redact,
  UNDERSTOOD,
  withoutSpaces,
} from './address/address-parts.js';

/** An address of a repository. No field but `credentials` holds a secret. */
export interface RepoUrl {
  /** For people, go-import pages and `Origin`: no secret, never the scp form; a local path is a `file:///` URL. */
  url: string;
  /** For git: no secret; the scp form stays as it is; a local path is absolute. */
  gitUrl: string;
  scheme: 'http' | 'https' | 'ssh' | 'git' | 'file';
  /** In lower case, an IPv6 address in brackets; empty for a local path. */
  host: string;
  /** Only if one is written. */
  port: number | undefined;
  /** As in `url`, beginning with `/`, but without the `/~` of a scp form; of a local path the absolute path. */
  path: string;
  /** The login name of an ssh address. */
  user: string | undefined;
  /**
   * What stood before the `@` of an http address. Without a colon there the password is empty: the address only names the
   * login, whose password is looked up where the account has its passwords.
   */
  credentials: { username: string; password: string } | undefined;
  /** On this machine: no client can use this address. */
  local: boolean;
  /** A local file in git's bundle format. */
  bundle: boolean;
  /** A sentence about a spelling that was understood but should be changed. */
  warning: string | undefined;
}

/**
 * Tells two repositories apart by what they are asked for with: the same address with another login is another one,
 * because its host may answer otherwise. Holds the login, so it is a key in memory and nothing else.
 */
export function repoKey({ gitUrl, credentials }: RepoUrl): string {
  return credentials === undefined ? gitUrl : JSON.stringify([gitUrl, credentials]);
}

/** Ports that need not be written; a local path has none. */
export const DEFAULT_PORTS: Record<RepoUrl['scheme'], number> = {
  http: 80,
  https: 443,
  ssh: 22,
  git: 9418,
  file: 0,
};

const SCHEMES = new Map<string, RepoUrl['scheme']>([
  ['http', 'http'],
  ['https', 'https'],
  ['ssh', 'ssh'],
  ['git+ssh', 'ssh'],
  ['ssh+git', 'ssh'],
  ['git', 'git'],
  ['file', 'file'],
]);

/**
 * Reads `text`; a relative local path is relative to `baseDir`.
 * Throws CONFIG, with the reason and what to write instead.
 */
export function parseRepoUrl(text: string, baseDir: string): RepoUrl {
  if (text === '') fail(text, 'it is empty', UNDERSTOOD);
  if (/^[\w+.-]+::/.test(text)) {
    fail(
      text,
      `git transport helpers such as ${quote(text.split('::', 1)[0] ?? '')} are not allowed`,
      UNDERSTOOD,
    );
  }
  const isPath = /^\.{0,2}\//.test(text) || text === '.' || text === '..';
  if (isPath ? /[\p{Cc}\p{Cf}]|^\s|\s$/u.test(text) : /[\s\p{Cc}\p{Cf}]/u.test(text)) {
    fail(text, 'it holds a space or a control character', withoutSpaces(text));
  }
  if (isPath) return localRepo(resolve(baseDir, decodePath(text)));

  const [, name, rest] = /^([A-Za-z][\w+.-]*):\/\/(.*)$/.exec(text) ?? [];
  if (/[?#]/.test(text)) {
    fail(text, 'a repository has no query (?) and no fragment (#)', 'remove what follows the path');
  }
  if (name === undefined || rest === undefined) return parseScpForm(text);
  const scheme = SCHEMES.get(name.toLowerCase());
  if (scheme === undefined) fail(text, `the scheme ${quote(name)} is unknown`, UNDERSTOOD);
  return scheme === 'file' ? parseFileUrl(text, rest) : parseNetworkUrl(text, scheme, rest);
}

function parseNetworkUrl(text: string, scheme: Exclude<RepoUrl['scheme'], 'file'>, rest: string): RepoUrl {
  const { login, rawHost, portText, rawPath } = splitNetworkUrl(text, rest);
  const host = readHost(text, rawHost);
  if (scheme === 'ssh' && !/^\d*$/.test(portText)) {
    return parseGluedForm(text, host, login?.user, portText + rawPath);
  }
  const port = readPort(text, portText);
  const path = readPath(text, rawPath);
  const takesLogin = scheme.startsWith('http');
  const credentials = takesLogin && login ? { username: login.user, password: login.password } : undefined;
  const user = scheme === 'ssh' ? login?.user : undefined;
  const userPart = user === undefined ? '' : `${encodeUser(user)}@`;
  const portPart = port === undefined ? '' : `:${port}`;
  const url = `${scheme}://${userPart}${host}${portPart}${path}`;
  const warning = passwordWarning(login?.password, scheme, takesLogin);
  return { ...REMOTE, url, gitUrl: url, scheme, host, port, path, user, credentials, warning };
}

/** `[user[:password]@]host[:port][/path]`, not judged yet. */
function splitNetworkUrl(
  text: string,
  rest: string,
): { login: ReturnType<typeof readLogin>; rawHost: string; portText: string; rawPath: string } {
  const slash = rest.indexOf('/');
  const authority = slash < 0 ? rest : rest.slice(0, slash);
  const at = authority.lastIndexOf('@');
  const login = readLogin(text, at < 0 ? undefined : authority.slice(0, at));
  const [, rawHost = '', portText = ''] =
    /^(\[[^\]]*\]|[^:]*)(?::(.*))?$/.exec(authority.slice(at + 1)) ?? [];
  return { login, rawHost, portText, rawPath: slash < 0 ? '' : rest.slice(slash) };
}

function passwordWarning(password: string | undefined, scheme: string, isUsed: boolean): string | undefined {
  if (password === undefined || password === '') return undefined;
  return isUsed
    ? 'the address holds a password; move it to vcs.hosts in modhaven.yaml (username and token or token_file)'
    : `the password in the address is not used; remove it (${scheme} takes none from there)`;
}

/** `rest` is what follows `ssh://user@host:` where a port should be: a path, or a port, a colon and a path. */
function parseGluedForm(text: string, host: string, user: string | undefined, rest: string): RepoUrl {
  const login = user === undefined ? '' : `${user}@`;
  const [, portText, pathAfterPort] = /^(\d+):(.*)$/.exec(rest) ?? [];
  if (portText !== undefined && pathAfterPort !== undefined) {
    const right = `ssh://${login}${host}:${portText}/${pathAfterPort.replace(/^\/+/, '')}`;
    return {
      ...parseRepoUrl(right, '/'),
      warning: `${quote(redact(text))} has two colons; it is read as, and should be written, ${quote(right)}`,
    };
  }
  const scp = `${login}${host}:${rest}`;
  const repo = parseScpForm(scp);
  const warning =
    `${quote(redact(text))} mixes two spellings (git says "invalid port"); it is read as ${quote(scp)}: ` +
    `write that, or ${quote(repo.url)}`;
  return { ...repo, warning };
}

/**
 * `[user@]host:path`. A path without a slash in front begins in the home of the login, which a URL says as `/~/path`.
 * Forges, whose login is always called `git`, know repositories by name: there a slash in front changes nothing, and
 * `~` would.
 */
function parseScpForm(text: string): RepoUrl {
  if (text.startsWith('-')) fail(text, 'it begins with a dash, which git takes for an option', UNDERSTOOD);
  const [, rawUser, rawHost, rawPath] = /^(?:([^:/]*)@)?(\[[^\]]*\]|[^:/@]*):(.*)$/.exec(text) ?? [];
  if (rawHost === undefined || rawPath === undefined) {
    fail(text, 'it is neither a URL nor a path', UNDERSTOOD);
  }
  if (rawUser === undefined && SCHEMES.has(rawHost.toLowerCase())) {
    fail(text, `two slashes are missing after ${quote(`${rawHost}:`)}`, `write ${quote(`${rawHost}://…`)}`);
  }
  const user = readLogin(text, rawUser)?.user;
  const host = readHost(text, rawHost);
  if (rawPath.startsWith('-')) {
    fail(text, 'its path begins with a dash, which git takes for an option', `write ./ before the path`);
  }
  const path = readPath(text, `/${rawPath.replace(/^\/+/, '')}`);
  const shownPath = user === 'git' || /^[/~]/.test(rawPath) ? path : `/~${path}`;
  const login = user === undefined ? '' : `${encodeUser(user)}@`;
  const [number] = /^\d+(?=\/)/.exec(rawPath) ?? [];
  const warning =
    number === undefined
      ? undefined
      : `in ${quote(text)} the ${number} is a folder; if it is meant as a port, write ${quote(`ssh://${login}${host}:${path.slice(1)}`)}`;
  return {
    ...REMOTE,
    url: `ssh://${login}${host}${shownPath}`,
    gitUrl: text,
    scheme: 'ssh',
    host,
    path,
    user,
    warning,
  };
}

function parseFileUrl(text: string, rest: string): RepoUrl {
  const [, encoded] = /^(?:localhost)?(\/.+)$/i.exec(rest) ?? [];
  if (encoded === undefined) {
    fail(text, 'a file URL has three slashes and an absolute path', 'write file:///srv/git/foo.git');
  }
  return localRepo(resolve(decode(text, encoded)));
}

function localRepo(path: string): RepoUrl {
  const bundle = path.endsWith('.bundle');
  return {
    ...REMOTE,
    url: pathToFileURL(path).href,
    gitUrl: path,
    scheme: 'file',
    host: '',
    path,
    local: true,
    bundle,
  };
}

/** `%20` and the like in a local path, as in every other address; where another `%` stands, the path means what it says. */
function decodePath(text: string): string {
  return /%(?![0-9A-Fa-f]{2})/.test(text) ? text : decode(text, text);
}

/** The fields most forms share. */
const REMOTE = {
  port: undefined,
  user: undefined,
  credentials: undefined,
  local: false,
  bundle: false,
  warning: undefined,
};
