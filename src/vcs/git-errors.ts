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

export interface FailureContext {
  repo: RepoUrl;
  /** Key of the entry under `vcs.hosts` that applied, or the one that would. */
  hostKey: string;
  /** The name (never the value) of the credential that was used, if one was. */
  credential: string | undefined;
  timeoutMs: number;
}

interface Row {
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
  for (const row of ROWS) {
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

const ROWS: readonly Row[] = [
  // ---- ssh: before a session exists
  {
    pattern: /no matching key exchange method found\. Their offer: (\S+)/,
    code: 'HOST_REFUSED',
    reason: (m) => `the ssh server offers only old key exchange methods (${shortOffer(m[1])})`,
    remedy: (c, m) =>
      sshOptions(c, { KexAlgorithms: `+${pick(m[1], KEX_PREFERENCE)}` }, 'HostKeyAlgorithms: +ssh-rsa'),
  },
  {
    pattern: /no matching host key type found\. Their offer: (\S+)/,
    code: 'HOST_REFUSED',
    reason: (m) => `the ssh server has only host keys of an old type (${shortOffer(m[1])})`,
    remedy: (c, m) => sshOptions(c, { HostKeyAlgorithms: `+${pick(m[1], ['ssh-rsa'])}` }),
  },
  {
    pattern: /no matching cipher found\. Their offer: (\S+)/,
    code: 'HOST_REFUSED',
    reason: (m) => `the ssh server offers only old ciphers (${shortOffer(m[1])})`,
    remedy: (c, m) => sshOptions(c, { Ciphers: `+${pick(m[1], [])}` }),
  },
  {
    pattern: /no matching MAC found\. Their offer: (\S+)/,
    code: 'HOST_REFUSED',
    reason: (m) => `the ssh server offers only old message authentication codes (${shortOffer(m[1])})`,
    remedy: (c, m) => sshOptions(c, { MACs: `+${pick(m[1], [])}` }),
  },
  {
    pattern: /REMOTE HOST IDENTIFICATION HAS CHANGED/,
    code: 'HOST_REFUSED',
    reason:
      'the ssh host key is not the one that was recorded: the server was reinstalled, or somebody is in between',
    remedy: (c) =>
      `ask the owner of ${c.repo.host} for the fingerprint; only if it is right, replace the line in the known_hosts file (ssh-keygen -R "${knownHostsName(c.repo)}", then ssh-keyscan)`,
  },
  {
    pattern: /Host key verification failed|host key is known for .* and you have requested strict checking/,
    code: 'HOST_REFUSED',
    reason: 'the ssh host key is unknown to the modhaven server',
    remedy: (c) =>
      `compare its fingerprint, then add it on the server: ssh-keyscan ${c.repo.port === undefined ? '' : `-p ${c.repo.port} `}${c.repo.host} >> the file in vcs.hosts.${c.hostKey}.known_hosts_file (default ~/.ssh/known_hosts)`,
  },
  {
    pattern: /UNPROTECTED PRIVATE KEY FILE|bad permissions/,
    code: 'HOST_REFUSED',
    reason: 'ssh ignores the private key because other users can read it',
    remedy:
      'on the server: chmod 600 on the key file (vcs.hosts, identity_file), owned by the account modhaven runs under',
  },
  {
    pattern: /Identity file (\S+) not accessible/,
    code: 'HOST_REFUSED',
    reason: (m) => `the private key file ${m[1] ?? ''} does not exist or cannot be read`,
    remedy: (c) => `correct identity_file under vcs.hosts.${c.hostKey}`,
  },
  {
    pattern: /Load key "([^"]+)": (?!bad permissions)/,
    code: 'HOST_REFUSED',
    reason: (m) => `the file ${m[1] ?? ''} is no private key that ssh can use`,
    remedy: (c) =>
      `put an unencrypted OpenSSH private key there (identity_file under vcs.hosts.${c.hostKey})`,
  },
  {
    pattern: /Permission denied \(([^)]*)\)/,
    code: 'HOST_REFUSED',
    reason: (_, c) => `the ssh server refused the user ${c.repo.user ?? '(none given)'} and the key`,
    remedy: (c) =>
      `add the public key of the modhaven server to ${c.repo.host} with read access and check the user name in the URL (usually git@), or set identity_file under vcs.hosts.${c.hostKey}; a key with a passphrase cannot be used`,
  },
  {
    pattern: /Unsupported KEX algorithm|Bad SSH2|Bad configuration option|Bad key types|Bad SSH2 cipher/,
    code: 'HOST_REFUSED',
    reason: 'an ssh option has a value this ssh does not know',
    remedy: (c) =>
      `correct ssh_options under vcs.hosts.${c.hostKey} (ssh -Q kex, ssh -Q key list what exists) or ~/.ssh/config`,
  },
  {
    pattern: /Received HTTP\/0\.9 when not allowed/,
    code: 'HOST_UNREACHABLE',
    reason: (_, c) => `something other than a web server answers at ${hostOf(c)}, probably ssh`,
    remedy: 'use the http port of the git host in repo: of the rule in vanity.yaml, or an ssh:// URL',
  },
  {
    pattern:
      /kex_exchange_identification|banner exchange: Connection .* invalid format|Connection closed by remote host/,
    code: 'HOST_UNREACHABLE',
    reason: (_, c) =>
      `${hostOf(c)} closed the connection before ssh could begin: probably no ssh server is on this port`,
    remedy: (c) =>
      `if it is the http port, write repo: http://${c.repo.host}${portSuffix(c.repo)}/${c.repo.path.replace(/^\/+/, '')}; else correct the port (ssh is 22, Gerrit 29418)`,
  },
  {
    pattern: /Connection timed out during banner exchange/,
    code: 'HOST_TIMEOUT',
    reason: (_, c) =>
      `${hostOf(c)} accepts connections but says nothing: no ssh server is on this port, or it hangs`,
    remedy:
      'correct the port in repo: of the rule in vanity.yaml (ssh is 22, Gerrit 29418) or have the ssh server looked at',
  },
  // ---- names and addresses
  {
    pattern: /Could not resolve host(?:name)?:? ([^\s:]+)/i,
    code: 'HOST_UNREACHABLE',
    reason: (m) => `the host name ${m[1] ?? ''} is not known to the modhaven server`,
    remedy:
      'correct the host in repo: of the rule in vanity.yaml, or the DNS settings or /etc/hosts of the server',
  },
  {
    pattern: /Could not resolve proxy/i,
    code: 'HOST_UNREACHABLE',
    reason: 'the web proxy that the server is told to use is not known',
    remedy: 'correct http_proxy/https_proxy of the modhaven service, or add the git host to no_proxy',
  },
  {
    pattern: /No route to host|Network is unreachable/,
    code: 'HOST_UNREACHABLE',
    reason: (_, c) => `there is no way from the modhaven server to ${hostOf(c)}`,
    remedy: 'check routes and VPN of the server (WireGuard: the address must be in AllowedIPs of a peer)',
  },
  {
    pattern: /Connection timed out|Operation timed out|Operation too slow/,
    code: 'HOST_TIMEOUT',
    reason: (_, c) => `${hostOf(c)} did not answer`,
    remedy:
      'check that the host is up and that no firewall drops the packets; vcs.connect_timeout is how long modhaven waits',
  },
  {
    pattern: /Connection refused|Failed to connect to|Couldn't connect to server/,
    code: 'HOST_UNREACHABLE',
    reason: (_, c) => `nothing listens at ${hostOf(c)}`,
    remedy: 'correct host and port in repo: of the rule in vanity.yaml, or start the git server',
  },
  // ---- TLS
  {
    pattern:
      /server certificate verification failed|certificate verify failed|self[- ]signed certificate|unable to get local issuer/i,
    code: 'HOST_REFUSED',
    reason: 'the TLS certificate of the git host is not signed by an authority the server knows',
    remedy: (c) =>
      `set ca_file under vcs.hosts.${c.hostKey} to your company's CA certificate (insecure_tls: true turns the check off)`,
  },
  {
    pattern: /does not match target host name|no alternative certificate subject name matches/i,
    code: 'HOST_REFUSED',
    reason: (_, c) => `the TLS certificate was made for another name than ${c.repo.host}`,
    remedy:
      'use the name in the certificate in repo: of the rule in vanity.yaml, or have a certificate made for this one',
  },
  {
    pattern: /Problem with the SSL CA cert|error setting certificate (?:verify locations|file)/i,
    code: 'HOST_REFUSED',
    reason: 'the file with the CA certificate cannot be read',
    remedy: (c) => `correct ca_file under vcs.hosts.${c.hostKey}`,
  },
  {
    pattern:
      /unexpected TLS packet|wrong version number|packet length too long|SSL routines.*(?:unknown protocol|record layer)/i,
    code: 'HOST_UNREACHABLE',
    reason: (_, c) => `${hostOf(c)} does not speak TLS`,
    remedy: 'write http:// in place of https:// in repo: of the rule in vanity.yaml, or use the https port',
  },
  {
    pattern: /Empty reply from server/,
    code: 'HOST_UNREACHABLE',
    reason: (_, c) =>
      `${hostOf(c)} closed the connection without an answer, as an https port does when spoken to in http`,
    remedy: 'write https:// in place of http:// in repo: of the rule in vanity.yaml, or use the http port',
  },
  // ---- http answers
  {
    pattern: /Authentication failed for/,
    code: 'HOST_REFUSED',
    reason: (_, c) => `the git host refused the credentials (${c.credential ?? 'from the URL or ~/.netrc'})`,
    remedy: (c) =>
      `put a valid token with read access to the repository under vcs.hosts.${c.hostKey} (token or token_file) or in ~/.netrc`,
  },
  {
    pattern: /could not read (?:Username|Password)/,
    code: 'HOST_REFUSED',
    reason: (_, c) =>
      c.credential === undefined
        ? 'the git host wants a login and modhaven has none for it, or the one in ~/.netrc was refused'
        : `the git host refused the credentials (${c.credential})`,
    remedy: (c) =>
      `set token or token_file under vcs.hosts.${c.hostKey} (a personal access token with read_repository), or add "machine ${c.repo.host} login oauth2 password TOKEN" to ~/.netrc of the account modhaven runs under`,
  },
  {
    pattern: /The requested URL returned error: 401/,
    code: 'HOST_REFUSED',
    reason: (_, c) =>
      `the git host answered 401: it refused the credentials (${c.credential ?? 'none configured'})`,
    remedy: (c) => `put a valid token under vcs.hosts.${c.hostKey} (token or token_file) or in ~/.netrc`,
  },
  {
    pattern: /The requested URL returned error: 403/,
    code: 'HOST_REFUSED',
    reason: 'the git host answered 403: the login is known but may not read this repository',
    remedy: (c) =>
      `give the token under vcs.hosts.${c.hostKey} the scope read_repository and its user access to the repository`,
  },
  {
    pattern: /The requested URL returned error: (404|410)|repository '[^']*' not found/,
    code: 'REPO_NOT_FOUND',
    reason: (_, c) =>
      `the git host knows no such repository, or hides it from ${c.credential === undefined ? 'anonymous readers' : `this login (${c.credential})`}`,
    remedy: (c) =>
      `check the path in repo: of the rule in vanity.yaml, and that the token under vcs.hosts.${c.hostKey} may read it`,
  },
  {
    pattern: /The requested URL returned error: 429/,
    code: 'HOST_UNREACHABLE',
    reason: 'the git host answered 429: too many requests',
    remedy: 'try again later, or lower vcs.concurrency',
  },
  {
    pattern: /The requested URL returned error: (3\d\d)/,
    code: 'HOST_UNREACHABLE',
    reason: (m) => `the git host answered with a redirect (${m[1] ?? ''}) that is not followed`,
    remedy: 'write the address it redirects to in repo: of the rule in vanity.yaml',
  },
  {
    pattern: /The requested URL returned error: (5\d\d)/,
    code: 'HOST_UNREACHABLE',
    reason: (m) => `the git host answered ${m[1] ?? ''}: it has a problem of its own`,
    remedy: 'try again later; if it stays so, look at the log of the git host',
  },
  {
    pattern: /not valid: is this a git repository\?|info\/refs not valid/,
    code: 'HOST_REFUSED',
    reason: 'the address answers with a web page, not with git (often a login page)',
    remedy: (c) =>
      `correct the path in repo: (usually it ends in .git), or set a token under vcs.hosts.${c.hostKey}`,
  },
  // ---- the repository itself
  {
    pattern: /detected dubious ownership in repository at/,
    code: 'HOST_REFUSED',
    reason: 'the local repository belongs to another user, so git refuses to read it',
    remedy: 'as the account modhaven runs under: git config --global --add safe.directory PATH',
  },
  {
    pattern:
      /does not appear to be a git repository|fatal: project .* not found|Cannot find repository|[Rr]epository not found|does not exist|could not open '.*' for reading|The project you were looking for could not be found/,
    code: 'REPO_NOT_FOUND',
    reason: (_, c) =>
      c.repo.local
        ? 'there is no git repository at this path'
        : 'the git host knows no such repository, or hides it from this key',
    remedy: (c) =>
      c.repo.local
        ? 'correct repo: of the rule in vanity.yaml'
        : 'check the path in repo: of the rule in vanity.yaml, and that the key of the server may read it',
  },
  {
    pattern: /transport '([^']+)' not allowed/,
    code: 'HOST_REFUSED',
    reason: (m) => `the transport ${m[1] ?? ''} is not allowed`,
    remedy: 'use http, https or ssh in repo: of the rule in vanity.yaml',
  },
  {
    pattern: /cannot run |cannot start git|unable to fork/,
    code: 'HOST_UNREACHABLE',
    reason: (_, c) => `the server cannot start ${c.repo.scheme === 'ssh' ? 'git or ssh' : 'git'}`,
    remedy: 'install git (and openssh-client for ssh URLs) on the modhaven server',
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

function sshOptions(context: FailureContext, values: Record<string, string>, also?: string): string {
  const list = Object.entries(values).map(([key, value]) => `${key}: ${value}`);
  const more = also === undefined ? '' : ` (such a server often needs ${also} too)`;
  return `in modhaven.yaml set vcs.hosts."${context.hostKey}".ssh_options: { ${list.join(', ')} }${more}`;
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
