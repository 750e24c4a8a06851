/**
 * What a failure of git means, in words: the cause and what to change.
 *
 * One table, tried from top to bottom against what git and ssh wrote to standard error (run with LC_ALL=C, so the
 * words hold). A row answers for whoever reads the text: a developer after `go get`, the admin in the log.
 */
import { ModhavenError, type ErrorCode } from '../errors.js';
import type { RepoUrl } from '../module/repo-url.js';
import { redactLine } from '../redact.js';
import type { GitFailure } from './git-exec.js';
import { describeHostKey, type HostKey } from './known-hosts.js';

export interface FailureContext {
  repo: RepoUrl;
  /** Key of the entry under `vcs.hosts` that applied, or the one that would. */
  hostKey: string;
  /** The name (never the value) of the credential that was used, if one was. */
  credential: string | undefined;
  timeoutMs: number;
  /** The ssh host keys that the host shows, where they were looked at; see `isUnknownHostKey`. */
  hostKeys?: readonly HostKey[];
}

/** One way to fail. Remedies are short: with a long module path in front, some 200 bytes of them are seen. */
export interface FailureRow {
  pattern: RegExp;
  code: ErrorCode;
  reason: string | ((match: RegExpExecArray, context: FailureContext) => string);
  remedy: string | ((context: FailureContext, match: RegExpExecArray) => string);
}

/** Turns a failed git command on `context.repo` into the error everybody sees. */
export function explainGitFailure(failure: GitFailure, context: FailureContext): ModhavenError {
  const message = `cannot read ${context.repo.url}`;
  if (failure.timedOut) {
    const seconds = Math.ceil(context.timeoutMs / 1000);
    return new ModhavenError('HOST_TIMEOUT', message, {
      reason: `the git host did not answer within ${seconds} s`,
      remedy: `check that ${hostOf(context)} is up and reachable from the modhaven server (firewall, VPN), or raise vcs.timeout`,
      cause: failure,
    });
  }
  for (const row of FAILURE_ROWS) {
    const match = row.pattern.exec(failure.stderr);
    if (match === null) continue;
    return new ModhavenError(row.code, message, {
      reason: typeof row.reason === 'string' ? row.reason : row.reason(match, context),
      remedy: typeof row.remedy === 'string' ? row.remedy : row.remedy(context, match),
      cause: failure,
    });
  }
  return new ModhavenError('HOST_UNREACHABLE', message, {
    reason: `git said: ${lastWords(failure.stderr)}`,
    remedy: 'run "modhaven check" on the server; it tries every repository the way the server does',
    cause: failure,
  });
}

/** Whether ssh refused a host because nothing is recorded of its keys. */
export function isUnknownHostKey({ stderr }: GitFailure): boolean {
  return UNKNOWN_HOST_KEY.test(stderr) && !stderr.includes('IDENTIFICATION HAS CHANGED');
}

const CHANGED_HOST_KEY = /REMOTE HOST IDENTIFICATION HAS CHANGED/;
const UNKNOWN_HOST_KEY =
  /Host key verification failed|host key is known for .* and you have requested strict checking/;

/** Where the address of a repository is written. */
const IN_REPO = 'in repo: of the rule in vanity.yaml';

/** Tried in this order. */
export const FAILURE_ROWS: readonly FailureRow[] = [
  // ---- ssh: before a session exists
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
    pattern: /Permissions \d+ for '([^']+)' are too open|Load key "([^"]+)": bad permissions/,
    code: 'HOST_REFUSED',
    reason: 'ssh ignores the private key because other users can read it',
    remedy: (c, m) =>
      `on the server: chmod 600 ${m[1] ?? m[2] ?? ''} (identity_file of ${entry(c)}); it must belong to the account modhaven runs under`,
  },
  {
    pattern: /(?:Identity file|no such identity:) (\S+?):? (?:not accessible|No such file)/,
    code: 'HOST_REFUSED',
    reason: (m) => `the private key file ${m[1] ?? ''} does not exist or cannot be read`,
    remedy: (c) => `correct ${entry(c)}.identity_file in modhaven.yaml`,
  },
  {
    pattern: /Load key "([^"]+)": (?!bad permissions)/,
    code: 'HOST_REFUSED',
    reason: (m) => `the file ${m[1] ?? ''} is no private key that ssh can use`,
    remedy: (c) =>
      `put an OpenSSH private key without passphrase there, or correct ${entry(c)}.identity_file in modhaven.yaml`,
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
      `${hostOf(c)} closed the connection before ssh could begin: probably no ssh server is there`,
    remedy: (c) =>
      `correct the port ${IN_REPO} (ssh is 22, Gerrit 29418), or if it is the http port: repo: http://${hostOf(c)}/${c.repo.path.replace(/^\/+/, '')}`,
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
  // ---- names and addresses
  {
    pattern: /Could not resolve proxy:? ?(\S*)/i,
    code: 'HOST_UNREACHABLE',
    reason: (m) => `the web proxy ${m[1] ?? ''} that the server is told to use is not known`,
    remedy: (c) =>
      `correct http_proxy/https_proxy of the modhaven service, or add ${c.repo.host} to its no_proxy`,
  },
  {
    pattern: /Received HTTP code (\d+) from proxy|Proxy CONNECT aborted/,
    code: 'HOST_UNREACHABLE',
    reason: (m) => `the web proxy does not lead to the git host (it answered ${m[1] ?? 'nothing'})`,
    remedy: (c) =>
      `add ${c.repo.host} to no_proxy of the modhaven service, or allow the host (or log in) at the proxy`,
  },
  {
    pattern: /Could not resolve host(?:name)?:? (\S+?):?(?:\s|$)/i,
    code: 'HOST_UNREACHABLE',
    reason: (m) => `the host name ${m[1] ?? ''} is not known to the modhaven server`,
    remedy: `correct the host ${IN_REPO}, or the DNS settings or /etc/hosts of the server`,
  },
  {
    pattern: /No route to host|Network is unreachable/,
    code: 'HOST_UNREACHABLE',
    reason: (_, c) => noRoute(hostOf(c)).reason,
    remedy: (c) => noRoute(hostOf(c)).remedy,
  },
  {
    pattern:
      /Connection timed out|Operation timed out|Operation too slow|Failed to connect to \S+ port \d+ after \d{4,} ms/,
    code: 'HOST_TIMEOUT',
    reason: (_, c) => `${hostOf(c)} did not answer`,
    remedy:
      'check that the host is up, that no firewall drops the packets and that the VPN leads there (vcs.connect_timeout)',
  },
  {
    pattern:
      /Failed to connect to (\S+) port (\d+)|connect to host (\S+) port (\d+): Connection refused|Connection refused/,
    code: 'HOST_UNREACHABLE',
    reason: (m, c) => refusedAt(c, m[1] ?? m[3], m[2] ?? m[4]),
    remedy: `correct host and port ${IN_REPO}, or start the git server there`,
  },
  // ---- TLS
  {
    pattern: /certificate has expired/i,
    code: 'HOST_REFUSED',
    reason: (_, c) => `the TLS certificate of ${c.repo.host} has expired`,
    remedy: (c) => `have it renewed (until then, ${entry(c)}.insecure_tls: true turns the check off)`,
  },
  {
    pattern:
      /server certificate verification failed|certificate verify failed|self[- ]signed certificate|unable to get local issuer/i,
    code: 'HOST_REFUSED',
    reason: 'the TLS certificate of the git host is expired or not signed by an authority the server knows',
    remedy: (c) =>
      `set ${entry(c)}.ca_file to your company's CA certificate in modhaven.yaml (insecure_tls: true turns the check off)`,
  },
  {
    pattern: /does not match target host name|no alternative certificate subject name matches/i,
    code: 'HOST_REFUSED',
    reason: (_, c) => `the TLS certificate was made for another name than ${c.repo.host}`,
    remedy: `use the name in the certificate ${IN_REPO}, or have one made for this name`,
  },
  {
    pattern: /Problem with the SSL CA cert|error setting certificate (?:verify locations|file)/i,
    code: 'HOST_REFUSED',
    reason: 'the file with the CA certificate cannot be read',
    remedy: (c) => `correct ${entry(c)}.ca_file in modhaven.yaml: it must exist and hold PEM text`,
  },
  {
    pattern:
      /unexpected TLS packet|wrong version number|packet length too long|SSL routines.*(?:unknown protocol|record layer)/i,
    code: 'HOST_UNREACHABLE',
    reason: (_, c) => `${hostOf(c)} does not speak TLS`,
    remedy: `write http:// in place of https:// ${IN_REPO}, or use the https port`,
  },
  {
    pattern: /Empty reply from server/,
    code: 'HOST_UNREACHABLE',
    reason: (_, c) =>
      `${hostOf(c)} closed the connection without an answer, as an https port does when spoken to in http`,
    remedy: `write https:// in place of http:// ${IN_REPO}, or use the http port`,
  },
  // ---- http answers
  {
    pattern: /Authentication failed for/,
    code: 'HOST_REFUSED',
    reason: (_, c) => `the git host refused the credentials (${c.credential ?? 'from ~/.netrc'})`,
    remedy: (c) =>
      `put a valid token with read access to the repository into ${entry(c)}.token (or token_file) in modhaven.yaml, or into ~/.netrc`,
  },
  {
    pattern: /could not read (?:Username|Password)/,
    code: 'HOST_REFUSED',
    reason: (_, c) =>
      c.credential === undefined
        ? 'the git host wants a login and modhaven has none for it, or the one in ~/.netrc was refused'
        : `the git host refused the credentials (${c.credential})`,
    remedy: (c) =>
      `set ${entry(c)}.token in modhaven.yaml (scope read_repository), or add to ~/.netrc: machine ${c.repo.host} login oauth2 password TOKEN`,
  },
  {
    pattern: /The requested URL returned error: 401/,
    code: 'HOST_REFUSED',
    reason: (_, c) =>
      `the git host answered 401: it refused the credentials (${c.credential ?? 'none configured'})`,
    remedy: (c) =>
      `put a valid token into ${entry(c)}.token (or token_file) in modhaven.yaml, or into ~/.netrc`,
  },
  {
    pattern: /The requested URL returned error: 403/,
    code: 'HOST_REFUSED',
    reason: 'the git host answered 403: this login may not read the repository (Gerrit: or there is none)',
    remedy: (c) =>
      `give the token in ${entry(c)}.token the scope read_repository and its user access; check the path in repo:`,
  },
  {
    pattern: /The requested URL returned error: (404|410)|repository '[^']*' not found/,
    code: 'REPO_NOT_FOUND',
    reason: (_, c) =>
      `the git host knows no such repository, or hides it from ${c.credential === undefined ? 'readers without a login' : `this login (${c.credential})`}`,
    remedy: (c) => `check the path ${IN_REPO}, and that ${entry(c)}.token may read it`,
  },
  {
    pattern: /The requested URL returned error: 429/,
    code: 'HOST_UNREACHABLE',
    reason: 'the git host answered 429: too many requests',
    remedy: 'try again later, or lower vcs.concurrency in modhaven.yaml',
  },
  {
    pattern: /The requested URL returned error: (3\d\d)/,
    code: 'HOST_UNREACHABLE',
    reason: (m) => `the git host answered with a redirect (${m[1] ?? ''}) that is not followed`,
    remedy: `write the address it redirects to ${IN_REPO}`,
  },
  {
    pattern: /The requested URL returned error: (5\d\d)/,
    code: 'HOST_UNREACHABLE',
    reason: (m) => `the git host answered ${m[1] ?? ''}: it has a problem of its own`,
    remedy: 'try again later; if it stays so, look at the log of the git host',
  },
  {
    pattern: /info\/refs not valid/,
    code: 'HOST_REFUSED',
    reason: 'the address answers with a web page, not with git (often a login page)',
    remedy: (c) =>
      `correct the path in repo: (usually it ends in .git), or set ${entry(c)}.token in modhaven.yaml`,
  },
  {
    pattern: /Recv failure: Connection (?:was )?reset|unexpected disconnect|early EOF|RPC failed/,
    code: 'HOST_UNREACHABLE',
    reason: (_, c) => `${hostOf(c)} broke off the connection`,
    remedy:
      'try again; if it stays so, look at the log of the git host and of proxies and firewalls before it',
  },
  // ---- the repository itself
  {
    pattern: /detected dubious ownership in repository at '([^']*)'/,
    code: 'HOST_REFUSED',
    reason: 'the local repository belongs to another user, so git refuses to read it',
    remedy: (_, m) =>
      `as the account modhaven runs under: git config --global --add safe.directory '${m[1] ?? ''}'`,
  },
  {
    pattern:
      /couldn't find remote ref|Remote branch \S+ not found|not our ref|unadvertised object|want \S+ not valid/,
    code: 'VERSION_NOT_FOUND',
    reason: 'the git host no longer has the tag, branch or commit that was asked for',
    remedy: 'ask again; if the tag is missing, push it',
  },
  {
    pattern:
      /does not appear to be a git repository|fatal: project .* not found|Cannot find repository|[Rr]epository not found|repository '[^']*' does not exist|could not open '.*' for reading|The project you were looking for could not be found/,
    code: 'REPO_NOT_FOUND',
    reason: (_, c) =>
      c.repo.local
        ? 'there is no git repository at this path'
        : 'the git host knows no such repository, or hides it from this key',
    remedy: (c) =>
      c.repo.local
        ? 'correct repo: of the rule in vanity.yaml'
        : `check the path ${IN_REPO}, and that the server's key (${entry(c)}.identity_file) may read it`,
  },
  {
    pattern: /transport '([^']+)' not allowed/,
    code: 'HOST_REFUSED',
    reason: (m) => `the transport ${m[1] ?? ''} is not allowed (perhaps by a redirect or url.insteadOf)`,
    remedy: `use http, https or ssh ${IN_REPO}`,
  },
  {
    pattern: /'remote-(\w+)' is not a git command|unable to find remote helper for '(\w+)'/,
    code: 'HOST_UNREACHABLE',
    reason: (m) => `git on the modhaven server cannot speak ${m[1] ?? m[2] ?? ''}`,
    remedy: `install the whole git package there, or use http, https or ssh ${IN_REPO}`,
  },
  {
    pattern: /cannot run (\S+):|cannot start git: (.*)|unable to fork/,
    code: 'HOST_UNREACHABLE',
    reason: (m) =>
      `the modhaven server cannot start ${m[1] ?? `git${m[2] === undefined ? ' or ssh' : ` (${m[2]})`}`}`,
    remedy:
      'install git (and openssh-client for ssh URLs) there; check PATH and GIT_SSH_COMMAND of the service',
  },
];

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

/** The entry to change, as `modhaven.yaml` spells its place. */
function entry(context: FailureContext): string {
  return `vcs.hosts."${context.hostKey}"`;
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

/** Who refuses is not always the git host: with a web proxy it may be that one. */
function refusedAt(context: FailureContext, host: string | undefined, port: string | undefined): string {
  const place = host === undefined || port === undefined ? hostOf(context) : `${host}:${port}`;
  const other = host !== undefined && host !== context.repo.host;
  return `nothing listens at ${place}${other ? ' (a web proxy, or an address of the git host)' : ''}`;
}

/** The words for an address that no way leads to; git over http does not tell it from a closed port, so `dial` does. */
export function noRoute(address: string): { reason: string; remedy: string } {
  return {
    reason: `there is no way from the modhaven server to ${address}`,
    remedy: 'check routes and VPN of the server (WireGuard: the address must be in AllowedIPs of a peer)',
  };
}

function hostOf(context: FailureContext): string {
  return `${context.repo.host}${portSuffix(context.repo)}`;
}

function portSuffix(repo: RepoUrl): string {
  return repo.port === undefined ? '' : `:${repo.port}`;
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

/** The last line that says something, without git's general advice after it. */
function lastWords(stderr: string): string {
  const lines = stderr
    .split('\n')
    .map((line) => line.trim())
    .filter(
      (line) =>
        line !== '' &&
        !/^(?:Please make sure you have|and the repository exists|fatal: Could not read from remote)/.test(
          line,
        ),
    );
  return redactLine(lines.at(-1) ?? 'nothing');
}
