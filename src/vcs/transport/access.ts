/**
 * How one repository is reached: which entry of `vcs.hosts` applies, and what git must be told because of it.
 *
 * A token travels from us to git through a pipe (file descriptor 3) that a credential helper reads: it is in no
 * argument, no environment, no file and no URL. The helper is bound to the scheme, host and port of the repository,
 * so git shows it to no other host that a redirect names (an `http.extraHeader` would be sent there, too).
 */
import { ModhavenError, errorMessage } from '../../errors.js';
import { readRegularText } from '../../fs/regular-file.js';
import { DEFAULT_PORTS, parseRepoUrl, type RepoUrl } from '../../module/repo-url.js';
import { noteSecret } from '../../secrets.js';
import { config, type GitWord } from '../names/git-words.js';
import { addressOf, type RepoAddress } from '../names/repo-address.js';
import { NO_CONFIG, rewriteAddress, type AccountConfig } from './account-config.js';
import { netrcLogin, type PasswordLogin } from './netrc.js';
import { sshCommand } from './ssh-command.js';

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
  /** Whether an http host may send git to another origin. Default: no. */
  followRedirects?: boolean | undefined;
}

export interface VcsSettings {
  timeoutMs: number;
  connectTimeoutMs: number;
  concurrency: number;
  /** By `HOST`, `HOST:PORT` or one of these and a path (`HOST/group`); the host in lower case. */
  hosts: ReadonlyMap<string, HostEntry>;
  /** Whether redirects of http hosts are followed where no entry says so. Default: within the host. */
  followRedirects?: boolean;
  /** Bytes that a host may send for one commit. Default: `PACK_LIMIT`. */
  packLimit?: number;
}

/** All, as git does by itself; those that stay with the host; none. */
export type RedirectPolicy = 'all' | 'same-host' | 'none';

/** What a git command that talks to a repository's host needs. */
export interface HostAccess {
  /** What git is given. */
  address: RepoAddress;
  /** What git connects to: another repository than the one of the rule where the account's `insteadOf` says so. */
  target: RepoUrl;
  /** Key under `vcs.hosts` that applied, or that would have to be added. */
  hostKey: string;
  /** Where the credential came from, never the credential. */
  credential: string | undefined;
  /** Options before the git command. */
  options: readonly GitWord[];
  /** The credential. */
  login: PasswordLogin | undefined;
  /** Whether it is shown before the host asks: then the host judges it even where it would let anybody in. */
  showLoginAtOnce: boolean;
  /** It again, as text for file descriptor 3. */
  secret: string | undefined;
  /** Which certificates are believed, where it is not git's own list. */
  trust: { caFile: string | undefined; insecureTls: boolean };
  /** For GIT_SSH_COMMAND; undefined where the account's own settings hold. */
  sshCommand: string | undefined;
  /** The same as words, for ssh without a shell; undefined where it takes one. */
  sshWords: readonly string[] | undefined;
  /** For GIT_ALLOW_PROTOCOL; undefined for what the account's git allows. */
  protocols: string | undefined;
  /** Which redirects of an http host are followed. */
  redirects: RedirectPolicy;
  /** Whether the account's programs may be asked for a password: not beside a login of ours. */
  askPass: boolean;
  /** Environment variables that would overrule the entry. */
  unset: string[];
}

/**
 * Looks up and prepares the access to `repo` for the account with this environment and configuration of git. A rotated
 * token file is read anew each time.
 */
export async function hostAccess(
  repo: RepoUrl,
  settings: VcsSettings,
  env: NodeJS.ProcessEnv,
  account: AccountConfig = NO_CONFIG,
): Promise<HostAccess> {
  const reached = reachedBy(repo, account);
  const { key, entry } = findEntry(reached.target, settings.hosts);
  const credential =
    (await findCredential(reached.target, key, entry)) ?? (await findNetrcCredential(reached.target, env));
  return prepared(reached, settings, env, account, credential);
}

/** The access of a caller's own login to `repo`. What the entry says of certificates applies, its login does not. */
export async function accessWith(
  login: PasswordLogin,
  repo: RepoUrl,
  settings: VcsSettings,
  env: NodeJS.ProcessEnv,
): Promise<HostAccess> {
  const caller = { name: 'the login of the caller', ...login };
  const access = await prepared(reachedBy(repo, NO_CONFIG), settings, env, NO_CONFIG, caller);
  const atOnce = config({ 'http.proactiveAuth': 'basic' });
  return { ...access, options: [...atOnce, ...access.options], showLoginAtOnce: true };
}

type Reached = Pick<HostAccess, 'address' | 'target' | 'protocols'>;

async function prepared(
  { address, target, protocols }: Reached,
  settings: VcsSettings,
  env: NodeJS.ProcessEnv,
  account: AccountConfig,
  credential: Credential | undefined,
): Promise<HostAccess> {
  const { key, entry } = findEntry(target, settings.hosts);
  noteSecret(credential?.password);
  const redirects = redirectsFor(entry, settings);
  const ssh = await sshCommand(entry, settings.connectTimeoutMs, env, account);
  return {
    address,
    target,
    hostKey: key,
    credential: credential?.name,
    options: [
      ...credentialOptions(target, credential !== undefined),
      ...tlsOptions(target, entry),
      ...redirectOptions(target, redirects),
    ],
    login: credential,
    showLoginAtOnce: false,
    secret:
      credential === undefined
        ? undefined
        : `username=${credential.username}\npassword=${credential.password}\n`,
    trust: { caFile: entry.caFile, insecureTls: entry.insecureTls === true },
    sshCommand: ssh.line,
    sshWords: ssh.words,
    protocols,
    redirects,
    askPass: credential === undefined,
    unset: entry.caFile === undefined ? [] : TLS_VARIABLES,
  };
}

/** What the account says of certificates that are believed. */
const TLS_VARIABLES = [
  'GIT_SSL_CAINFO',
  'GIT_SSL_CAPATH',
  'GIT_SSL_NO_VERIFY',
  'SSL_CERT_FILE',
  'SSL_CERT_DIR',
];

/** What git reaches at `repo`; where that is an address that only git can read, the rule's own stands for it. */
function reachedBy(repo: RepoUrl, account: AccountConfig): Reached {
  const address = addressOf(repo);
  const rewritten = rewriteAddress(address, account);
  // The scheme of the rule and, for redirects to TLS, its secure twin; file only where the rule says so.
  if (rewritten === address) return { address, target: repo, protocols: schemesFor(repo) };
  let target: RepoUrl;
  try {
    target = parseRepoUrl(rewritten, '/');
  } catch {
    return { address, target: repo, protocols: undefined };
  }
  return { address, target, protocols: target.scheme.startsWith('http') ? schemesFor(target) : undefined };
}

function schemesFor({ scheme }: RepoUrl): string {
  return scheme === 'http' ? 'http:https' : scheme;
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

interface Credential extends PasswordLogin {
  name: string;
}

/** What the login for an http repository is called; undefined where neither the entry nor the address has one. */
export function credentialName(repo: RepoUrl, key: string, entry: HostEntry): string | undefined {
  if (repo.scheme !== 'http' && repo.scheme !== 'https') return undefined;
  if (hasPassword(repo)) return 'the login in repo:';
  if (entry.token !== undefined) return `vcs.hosts.${key}.token`;
  return entry.tokenFile === undefined ? undefined : `vcs.hosts.${key}.token_file`;
}

function hasPassword({ credentials }: RepoUrl): boolean {
  return credentials !== undefined && credentials.password !== '';
}

async function findCredential(repo: RepoUrl, key: string, entry: HostEntry): Promise<Credential | undefined> {
  const name = credentialName(repo, key, entry);
  if (name === undefined) return undefined;
  const inUrl = repo.credentials;
  if (inUrl !== undefined && hasPassword(repo)) return { name, ...inUrl };
  const username = inUrl?.username ?? entry.username ?? 'oauth2';
  if (entry.token !== undefined) return { name, username, password: entry.token };
  if (entry.tokenFile === undefined) return undefined;
  return { name, username, password: await readToken(entry.tokenFile, repo) };
}

/**
 * libcurl knows no ports in a netrc, so two servers on one host would share a login: `machine HOST:PORT` is ours to read.
 * A login for the host that the address names by its user is git's to find, as any other for the host is.
 */
async function findNetrcCredential(repo: RepoUrl, env: NodeJS.ProcessEnv): Promise<Credential | undefined> {
  if (repo.scheme !== 'http' && repo.scheme !== 'https') return undefined;
  const login = await netrcLogin(repo, env);
  return login && { name: '~/.netrc', ...login };
}

async function readToken(file: string, repo: RepoUrl): Promise<string> {
  try {
    return (await readRegularText(file)).trim();
  } catch (error) {
    throw new ModhavenError('HOST_REFUSED', `cannot read ${repo.url}`, {
      reason: `the server cannot read its token for the git host`,
      remedy: `correct token_file under vcs.hosts in modhaven.yaml, or the rights on the file: ${errorMessage(error)}`,
      remedyBy: 'admin',
      cause: error,
    });
  }
}

function credentialOptions(repo: RepoUrl, ours: boolean): readonly GitWord[] {
  if (!ours) return [];
  const port = repo.port === undefined ? '' : `:${repo.port}`;
  const scopes = [`${repo.scheme}://${repo.host}${port}`];
  // Many a host sends http on to https: the same host, and a safer way to it.
  if (repo.scheme === 'http' && repo.port === undefined) scopes.push(`https://${repo.host}`);
  const helper = '!f() { test "$1" = get && cat <&3; }; f';
  return config({
    'credential.helper': '', // forget the helpers of the account: the entry decides
    ...Object.fromEntries(scopes.map((scope) => [`credential.${scope}.helper`, helper])),
  });
}

function redirectsFor(entry: HostEntry, settings: VcsSettings): RedirectPolicy {
  if (settings.followRedirects === false) return 'none';
  return entry.followRedirects === true ? 'all' : 'same-host';
}

/** What is followed although git follows nothing by itself is for `remote/redirects.ts`. */
function redirectOptions({ scheme }: RepoUrl, redirects: RedirectPolicy): readonly GitWord[] {
  if (scheme !== 'http' && scheme !== 'https') return [];
  return config({ 'http.followRedirects': redirects === 'all' ? 'initial' : 'false' });
}

function tlsOptions(repo: RepoUrl, entry: HostEntry): readonly GitWord[] {
  if (repo.scheme !== 'https' && repo.scheme !== 'http') return [];
  const port = repo.port === undefined ? '' : `:${repo.port}`;
  const scope = `http.https://${repo.host}${port}`;
  return config({
    ...(entry.caFile === undefined
      ? {}
      : { [`${scope}.sslCAInfo`]: entry.caFile, [`${scope}.sslVerify`]: 'true' }),
    ...(entry.insecureTls === true ? { [`${scope}.sslVerify`]: 'false' } : {}),
  });
}
