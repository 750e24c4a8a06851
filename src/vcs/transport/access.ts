/**
 * How one repository is reached: which entry of `vcs.hosts` applies, and what git must be told because of it.
 *
 * A token travels from us to git through a pipe (file descriptor 3) that a credential helper reads: it is in no
 * argument, no environment, no file and no URL. The helper is bound to the scheme, host and port of the repository,
 * so git asks nobody else's redirect target with it (an `http.extraHeader` would be sent there, too).
 */
import { readFile } from 'node:fs/promises';
import { ModhavenError, errorMessage } from '../../errors.js';
import { DEFAULT_PORTS, type RepoUrl } from '../../module/repo-url.js';
import { noteSecret } from '../../secrets.js';
import { options } from './git-environment.js';
import { netrcLogin, type Login } from './netrc.js';

/** One entry under `vcs.hosts` of modhaven.yaml. */
export interface HostEntry {
  username?: string | undefined;
  token?: string | undefined;
  tokenFile?: string | undefined;
  caFile?: string | undefined;
  insecureTls?: boolean | undefined;
  identityFile?: string | undefined;
  knownHostsFile?: string | undefined;
  sshOptions?: Readonly<Record<string, string>> | undefined;
}

export interface VcsSettings {
  timeoutMs: number;
  connectTimeoutMs: number;
  concurrency: number;
  /** By `HOST`, `HOST:PORT` or one of these and a path (`HOST/group`); the host in lower case. */
  hosts: ReadonlyMap<string, HostEntry>;
  /** Whether an http host may send git to another one. Default: true, as for git itself. */
  followRedirects?: boolean;
}

/** What a git command that talks to a repository's host needs. */
export interface Access {
  /** Key under `vcs.hosts` that applied, or that would have to be added. */
  hostKey: string;
  /** Where the credential came from, never the credential. */
  credential: string | undefined;
  /** Options before the git command. */
  options: string[];
  /** The credential. */
  login: Login | undefined;
  /** Whether it is shown before the host asks: then the host judges it even where it would let anybody in. */
  showLoginAtOnce: boolean;
  /** It again, as text for file descriptor 3. */
  secret: string | undefined;
  /** Which certificates are believed, where it is not git's own list. */
  trust: { caFile: string | undefined; insecureTls: boolean };
  sshCommand: string;
  /** For GIT_ALLOW_PROTOCOL. */
  protocols: string;
  /** Environment variables that would overrule the entry. */
  unset: string[];
}

/** Looks up and prepares the access to `repo`. A rotated token file is read anew each time. */
export async function accessTo(
  repo: RepoUrl,
  settings: VcsSettings,
  env: NodeJS.ProcessEnv,
): Promise<Access> {
  const { key, entry } = findEntry(repo, settings.hosts);
  const credential = (await findCredential(repo, key, entry)) ?? (await findNetrcCredential(repo, env));
  return prepared(repo, settings, env, credential, false);
}

/** The access of a caller's own login to `repo`. What the entry says of certificates applies, its login does not. */
export function accessWith(
  login: Login,
  repo: RepoUrl,
  settings: VcsSettings,
  env: NodeJS.ProcessEnv,
): Access {
  return prepared(repo, settings, env, { name: 'the login of the caller', ...login }, true);
}

function prepared(
  repo: RepoUrl,
  settings: VcsSettings,
  env: NodeJS.ProcessEnv,
  credential: Credential | undefined,
  showLoginAtOnce: boolean,
): Access {
  const { key, entry } = findEntry(repo, settings.hosts);
  noteSecret(credential?.password);
  return {
    hostKey: key,
    credential: credential?.name,
    options: [
      ...(showLoginAtOnce ? options({ 'http.proactiveAuth': 'basic' }) : []),
      ...credentialOptions(repo, credential !== undefined),
      ...tlsOptions(repo, entry),
      ...(settings.followRedirects === false ? options({ 'http.followRedirects': 'false' }) : []),
    ],
    login: credential,
    showLoginAtOnce,
    secret:
      credential === undefined
        ? undefined
        : `username=${credential.username}\npassword=${credential.password}\n`,
    trust: { caFile: entry.caFile, insecureTls: entry.insecureTls === true },
    sshCommand: sshCommand(entry, settings, env),
    // The scheme in vanity.yaml and, for redirects to TLS, its secure twin; file only where the rule says so.
    protocols: repo.scheme === 'http' ? 'http:https' : repo.scheme,
    unset:
      entry.caFile === undefined ? [] : ['GIT_SSL_CAINFO', 'GIT_SSL_CAPATH', 'SSL_CERT_FILE', 'SSL_CERT_DIR'],
  };
}

/**
 * The entry of `vcs.hosts` for `repo` (an empty one if there is none), and its key or the one it would have. The longest
 * path wins, then the key with a port. One entry applies as a whole; entries are not mixed.
 */
export function findEntry(
  repo: RepoUrl,
  hosts: VcsSettings['hosts'],
): { key: string; entry: HostEntry; found: boolean } {
  const port = repo.port ?? DEFAULT_PORTS[repo.scheme];
  const withPort = `${repo.host}:${port}`;
  for (const path of pathPrefixes(repo.path)) {
    for (const key of [withPort + path, repo.host + path]) {
      const entry = hosts.get(key);
      if (entry !== undefined) return { key, entry, found: true };
    }
  }
  return { key: repo.port === undefined ? repo.host : withPort, entry: {}, found: false };
}

/** `/a/b.git` → `/a/b.git`, `/a/b`, `/a`, ``. */
function pathPrefixes(path: string): string[] {
  const whole = path.replace(/\/+$/, '');
  const elements = whole.replace(/\.git$/, '').split('/');
  return [whole, ...elements.map((_, i) => elements.slice(0, elements.length - i).join('/'))];
}

interface Credential extends Login {
  name: string;
}

/** What the login for an http repository is called; undefined where neither the entry nor the address has one. */
export function credentialName(repo: RepoUrl, key: string, entry: HostEntry): string | undefined {
  if (repo.scheme !== 'http' && repo.scheme !== 'https') return undefined;
  const hasPassword = repo.credentials !== undefined && repo.credentials.password !== '';
  if (!hasPassword && entry.token !== undefined) return `vcs.hosts.${key}.token`;
  if (!hasPassword && entry.tokenFile !== undefined) return `vcs.hosts.${key}.token_file`;
  return repo.credentials === undefined ? undefined : 'the login in repo:';
}

async function findCredential(repo: RepoUrl, key: string, entry: HostEntry): Promise<Credential | undefined> {
  const name = credentialName(repo, key, entry);
  if (name === undefined) return undefined;
  const inUrl = repo.credentials;
  if (inUrl !== undefined && inUrl.password !== '') return { name, ...inUrl };
  const username = inUrl?.username ?? entry.username ?? 'oauth2';
  if (entry.token !== undefined) return { name, username, password: entry.token };
  if (entry.tokenFile === undefined) return { name, username, password: '' };
  return { name, username, password: await readToken(entry.tokenFile, repo) };
}

/** libcurl knows no ports in a netrc, so two servers on one host would share a login: `machine HOST:PORT` is ours to read. */
async function findNetrcCredential(repo: RepoUrl, env: NodeJS.ProcessEnv): Promise<Credential | undefined> {
  if (repo.scheme !== 'http' && repo.scheme !== 'https') return undefined;
  const login = await netrcLogin(repo, env);
  return repo.credentials === undefined && login !== undefined ? { name: '~/.netrc', ...login } : undefined;
}

async function readToken(file: string, repo: RepoUrl): Promise<string> {
  try {
    return (await readFile(file, 'utf8')).trim();
  } catch (error) {
    throw new ModhavenError('HOST_REFUSED', `cannot read ${repo.url}`, {
      reason: `the server cannot read its token for the git host`,
      remedy: `correct token_file under vcs.hosts in modhaven.yaml, or the rights on the file: ${errorMessage(error)}`,
      remedyBy: 'admin',
      cause: error,
    });
  }
}

function credentialOptions(repo: RepoUrl, ours: boolean): string[] {
  if (!ours) return [];
  const port = repo.port === undefined ? '' : `:${repo.port}`;
  const scopes = [`${repo.scheme}://${repo.host}${port}`];
  // Many a host sends http on to https: the same host, and a safer way to it.
  if (repo.scheme === 'http' && repo.port === undefined) scopes.push(`https://${repo.host}`);
  const helper = '!f() { test "$1" = get && cat <&3; }; f';
  return options({
    'credential.helper': '', // forget the helpers of the account: the entry decides
    ...Object.fromEntries(scopes.map((scope) => [`credential.${scope}.helper`, helper])),
  });
}

function tlsOptions(repo: RepoUrl, entry: HostEntry): string[] {
  if (repo.scheme !== 'https' && repo.scheme !== 'http') return [];
  const port = repo.port === undefined ? '' : `:${repo.port}`;
  const scope = `http.https://${repo.host}${port}`;
  return options({
    ...(entry.caFile === undefined ? {} : { [`${scope}.sslCAInfo`]: entry.caFile }),
    ...(entry.insecureTls === true ? { [`${scope}.sslVerify`]: 'false' } : {}),
  });
}

/**
 * The ssh command line. ssh takes the first value it meets for an option, so what must hold (no prompt, no shared
 * connection that outlives us) stands before the admin's options, and what is only a default after them.
 */
function sshCommand(entry: HostEntry, settings: VcsSettings, env: NodeJS.ProcessEnv): string {
  const base = env.GIT_SSH_COMMAND ?? 'ssh';
  return [base, ...sshArguments(entry, settings.connectTimeoutMs).map(shellQuote)].join(' ');
}

/** What ssh is told about a host, see `sshCommand`. */
export function sshArguments(entry: HostEntry, connectTimeoutMs: number): string[] {
  const args = ['-o', 'BatchMode=yes', '-o', 'ControlMaster=no'];
  for (const [name, value] of Object.entries(entry.sshOptions ?? {})) args.push('-o', `${name}=${value}`);
  if (entry.identityFile !== undefined) args.push('-i', entry.identityFile, '-o', 'IdentitiesOnly=yes');
  if (entry.knownHostsFile !== undefined) {
    args.push('-o', `UserKnownHostsFile=${sshQuote(entry.knownHostsFile)}`);
  }
  args.push('-o', `ConnectTimeout=${Math.max(1, Math.ceil(connectTimeoutMs / 1000))}`);
  return args;
}

/** ssh splits file lists at spaces unless quoted. */
function sshQuote(file: string): string {
  return /\s/.test(file) ? `"${file}"` : file;
}

/** git hands GIT_SSH_COMMAND to the shell. */
function shellQuote(text: string): string {
  return /^[A-Za-z0-9_@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
