/** What ssh says when no session comes about, in words: the cause and what to change. */
import type { RepoUrl } from '../../module/repo-url.js';
import type { GitFailure } from '../transport/git-exec.js';
import { describeHostKey, type HostKey } from '../ssh/known-hosts.js';
import { IN_REPO, entry, hostOf, portSuffix, type FailureRow, type FailureContext } from './failure-row.js';

const CHANGED_HOST_KEY = /REMOTE HOST IDENTIFICATION HAS CHANGED/;
const UNKNOWN_HOST_KEY =
  /Host key verification failed|host key is known for .* and you have requested strict checking/;

/** Tried in this order. */
export const SSH_FAILURES: readonly FailureRow[] = [
  {
    pattern: /no matching key exchange method found\. Their offer: (\S+)/,
    code: 'HOST_REFUSED',
    reason: (m) => `the ssh server offers only old key exchange methods (${shortOffer(m[1])})`,
    // A server this old has an old host key, too, but says so only once the key exchange is settled.
    remedy: (c, m) =>
      `in modhaven.yaml set ${entry(c)}.ssh_options: { KexAlgorithms: +${pick(m[1], KEX_PREFERENCE)}, HostKeyAlgorithms: +ssh-rsa }`,
  },
  {
    pattern: /no matching host key type found\. Their offer: (\S+)/,
    code: 'HOST_REFUSED',
    reason: (m) => `the ssh server has only host keys of an old type (${shortOffer(m[1])})`,
    remedy: (c, m) => addSshOption(c, `HostKeyAlgorithms: +${pick(m[1], ['ssh-rsa'])}`),
  },
  {
    pattern: /no matching cipher found\. Their offer: (\S+)/,
    code: 'HOST_REFUSED',
    reason: (m) => `the ssh server offers only old ciphers (${shortOffer(m[1])})`,
    remedy: (c, m) => addSshOption(c, `Ciphers: +${pick(m[1], ['aes256-cbc', 'aes128-cbc'])}`),
  },
  {
    pattern: /no matching MAC found\. Their offer: (\S+)/,
    code: 'HOST_REFUSED',
    reason: (m) => `the ssh server offers only old message authentication codes (${shortOffer(m[1])})`,
    remedy: (c, m) => addSshOption(c, `MACs: +${pick(m[1], ['hmac-sha1'])}`),
  },
  {
    pattern: /no mutual signature (?:supported|algorithm)/,
    code: 'HOST_REFUSED',
    reason:
      'the ssh server takes RSA keys only with old SHA-1 signatures, which ssh no longer makes by itself',
    remedy: (c) => `${addSshOption(c, 'PubkeyAcceptedAlgorithms: +ssh-rsa')}, or use an ed25519 key`,
  },
  {
    pattern: CHANGED_HOST_KEY,
    code: 'HOST_REFUSED',
    reason: (m) =>
      `the ssh host key${shownKey(m.input)} is not the recorded one: a new server, or somebody in between`,
    remedy: (c, m) =>
      `compare the fingerprint with the owner of ${c.repo.host}; if it is right: ssh-keygen -R "${knownHostsName(c.repo)}"${offendingFile(m.input)}, then ${trustHost(c)}`,
  },
  {
    pattern: UNKNOWN_HOST_KEY,
    code: 'HOST_REFUSED',
    reason: (_, c) => `the ssh host key is unknown to the modhaven server${shownKeys(c.hostKeys)}`,
    remedy: (c) =>
      `on the server, as the account modhaven runs under: ${trustHost(c)}; it shows the fingerprint to compare and records the key`,
  },
  {
    pattern: /[Nn]o user exists for uid (\d+)|You don't exist, go away/,
    code: 'HOST_REFUSED',
    reason: 'ssh does not run under a user id without an account',
    remedy: (_, m) =>
      `give user id ${m[1] ?? ''} of the modhaven service a line in /etc/passwd (containers: by the image or nss_wrapper), or use an http address with a token`,
  },
  {
    pattern: /Permissions \d+ for '([^']+)' are too open|Load key "([^"]+)": bad permissions/,
    code: 'HOST_REFUSED',
    reason: 'ssh ignores the private key because other users can read it',
    remedy: (c, m) =>
      `on the server: chmod 600 ${m[1] ?? m[2] ?? ''} (identity_file of ${entry(c)}); it must belong to the account modhaven runs under`,
  },
  {
    pattern: /(?:Identity file|no such identity:) (\S+?):? (?:not accessible|No such file)/,
    code: 'HOST_REFUSED',
    reason: 'the private key of the server does not exist or cannot be read',
    remedy: (c, m) => `correct ${entry(c)}.identity_file in modhaven.yaml: ${m[1] ?? ''} cannot be read`,
  },
  {
    pattern: /Load key "([^"]+)": (?!bad permissions)/,
    code: 'HOST_REFUSED',
    reason: 'ssh cannot use the private key of the server',
    remedy: (c, m) =>
      `put an OpenSSH private key without passphrase into ${m[1] ?? ''}, or correct ${entry(c)}.identity_file in modhaven.yaml`,
  },
  {
    pattern: /Too many authentication failures/,
    code: 'HOST_REFUSED',
    reason: 'the ssh server gave up: it was offered too many keys before the right one',
    remedy: (c) => `name the right private key in modhaven.yaml: ${entry(c)}.identity_file`,
  },
  {
    pattern: /Permission denied \(([^)]*)\)/,
    code: 'HOST_REFUSED',
    reason: (_, c) => `the ssh server refused the user ${c.repo.user ?? '(none in repo:)'} or the key`,
    remedy: (c) =>
      `add the server's public key to ${c.repo.host}, or set ${entry(c)}.identity_file (a key without passphrase); check the user in repo: (on GitLab git@)`,
  },
  {
    // git itself has bad revisions and bad objects.
    pattern:
      /(Bad (?!revision|object)(?:SSH2 )?(?:KexAlgorithms|key types|cipher spec|MAC spec|\w+) '[^']*'|Bad configuration option: \S+|unsupported option "[^"]*")/i,
    code: 'HOST_REFUSED',
    reason: (m) => `ssh on the modhaven server does not know an option or its value: ${m[1] ?? ''}`,
    remedy: (c) =>
      `correct ${entry(c)}.ssh_options in modhaven.yaml (or ~/.ssh/config); ssh -Q kex and ssh -Q HostKeyAlgorithms list what exists`,
  },
  {
    pattern: /Connection timed out during banner exchange/,
    code: 'HOST_TIMEOUT',
    reason: (_, c) =>
      `${hostOf(c)} accepts connections but says nothing: no ssh server is there, or it hangs`,
    remedy: `correct the port ${IN_REPO} (ssh is 22, Gerrit 29418), or have the ssh server looked at`,
  },
  {
    pattern:
      /kex_exchange_identification|banner exchange: Connection .* invalid format|Connection closed by remote host/,
    code: 'HOST_UNREACHABLE',
    reason: (_, c) =>
      `${hostOf(c)} closed the connection before ssh could begin: probably no ssh server is there, or it has too many connections that are not logged in (MaxStartups of sshd)`,
    remedy: (c) =>
      `try again; correct the port ${IN_REPO} (ssh is 22, Gerrit 29418), or if it is the http port: repo: http://${hostOf(c)}/${c.repo.path.replace(/^\/+/, '')}`,
  },
  {
    pattern: /bad line length character/,
    code: 'HOST_UNREACHABLE',
    reason: 'the ssh server answers with other text than git',
    remedy: (c) =>
      `check the user in repo: (on GitLab git@); "ssh ${c.repo.user ?? 'git'}@${c.repo.host} true" must print nothing`,
  },
  {
    pattern: /git-upload-pack: (?:command )?not found/,
    code: 'HOST_UNREACHABLE',
    reason: (_, c) => `git is not installed on ${c.repo.host}, or not in the PATH of its ssh sessions`,
    remedy: 'install git there, or correct the host in repo: of the rule in vanity.yaml',
  },
  {
    pattern: /Received HTTP\/0\.9 when not allowed/,
    code: 'HOST_UNREACHABLE',
    reason: (_, c) => `something other than a web server answers at ${hostOf(c)}, probably ssh`,
    remedy: `use the http port of the git host ${IN_REPO}, or an ssh:// URL`,
  },
];

/** Whether ssh refused a host because nothing is recorded of its keys. */
export function isUnknownHostKey({ stderr }: GitFailure): boolean {
  return UNKNOWN_HOST_KEY.test(stderr) && !stderr.includes('IDENTIFICATION HAS CHANGED');
}

const KEX_PREFERENCE = [
  'diffie-hellman-group14-sha1',
  'diffie-hellman-group-exchange-sha1',
  'diffie-hellman-group1-sha1',
];

/** The value to allow: the best known one of the host's offer, else its first. */
function pick(offer: string | undefined, preference: readonly string[]): string {
  const offered = (offer ?? '').split(',');
  return preference.find((name) => offered.includes(name)) ?? offered[0] ?? '';
}

/** An offer without pseudo-algorithms (`kex-strict-…`, `ext-info-…`), cut to what fits a message. */
function shortOffer(offer: string | undefined): string {
  const names = (offer ?? '').split(',').filter((name) => !/^(?:kex-strict|ext-info)-/.test(name));
  return names.length <= 2 ? names.join(', ') : `${names.slice(0, 2).join(', ')}, ...`;
}

function addSshOption(context: FailureContext, option: string): string {
  return `in modhaven.yaml add ${option} to ${entry(context)}.ssh_options`;
}

function trustHost({ repo }: FailureContext): string {
  return `modhaven trust-host ${repo.host}${portSuffix(repo)}`;
}

/** The fingerprint to compare, where the host was asked for it; ed25519 first, one is enough. */
function shownKeys(keys: readonly HostKey[] = []): string {
  const key = keys.find(({ type }) => type === 'ssh-ed25519') ?? keys[0];
  return key === undefined ? '' : `; it shows ${describeHostKey(key)}`;
}

function knownHostsName(repo: RepoUrl): string {
  return repo.port === undefined || repo.port === 22 ? repo.host : `[${repo.host}]:${repo.port}`;
}

/** The key that a changed host shows, in ssh's words. */
function shownKey(stderr: string): string {
  const [, type, fingerprint] =
    /fingerprint for the (\w+) key sent by the remote host is\s+(SHA256:[\w+/]+)/.exec(stderr) ?? [];
  return type === undefined || fingerprint === undefined ? '' : ` (now ${type} ${fingerprint})`;
}

/** The file with the recorded key, as an argument, unless it is the one that ssh-keygen takes anyway. */
function offendingFile(stderr: string): string {
  const file = /Offending .*key in (\S+):\d+/.exec(stderr)?.[1];
  return file === undefined || file.endsWith('/.ssh/known_hosts') ? '' : ` -f ${file}`;
}
