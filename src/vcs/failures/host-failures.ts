/** What git says when a host cannot be reached, refuses or answers something else, in words: cause and remedy. */
import { redactLine } from '../../redact.js';
import { NO_REPOSITORY } from './no-repository.js';
import { noRoute } from '../transport/reachability.js';
import { IN_REPO, entry, hostOf, type FailureRow, type FailureContext } from './failure-row.js';
import {
  NOT_YET,
  OTHER_NAME,
  UNVERIFIED,
  certificateReason,
  certificateRemedy,
  renew,
} from './certificate-words.js';

/** Tried in this order. */
export const HOST_FAILURES: readonly FailureRow[] = [
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
    remedy: renew,
  },
  {
    pattern: /certificate is not yet valid/i,
    code: 'HOST_REFUSED',
    reason: (_, c) => `the TLS certificate of ${c.repo.host} is not valid yet`,
    remedy: NOT_YET,
  },
  {
    pattern: UNVERIFIED,
    code: 'HOST_REFUSED',
    reason: (_, c) => certificateReason(c),
    remedy: certificateRemedy,
  },
  {
    pattern: /does not match target host name|no alternative certificate subject name matches/i,
    code: 'HOST_REFUSED',
    reason: (_, c) => `the TLS certificate was made for another name than ${c.repo.host}`,
    remedy: OTHER_NAME,
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
  // ---- a damaged repository
  {
    // Before what git says here of a pack that breaks off: it is the host whose copy is broken.
    pattern:
      /remote: (?:fatal: |error: )?.*(?:possible repository corruption|is corrupt|bad object|missing (?:blob|tree|commit|object)|unable to read (?:tree )?[0-9a-f]{40}|loose object .* is corrupt|packfile .* (?:is corrupt|cannot be accessed))|remote error: .*(?:corrupt|bad object|upload-pack: not our ref .* missing)|(?:fatal|error): bad object .*(?=[\s\S]*Could not read from remote)/i,
    code: 'HOST_UNREACHABLE',
    reason: (m) => `the repository on the git host is damaged: the host said "${hostWords(m[0])}"`,
    remedy:
      'run git fsck on the git host and restore what it names; nothing on the modhaven server is at fault',
  },
  // ---- redirects, see remote/redirects.ts
  {
    pattern: /redirect to another origin: (\S+)/,
    code: 'HOST_REFUSED',
    reason: (m) => `the git host sends git on to another server, ${m[1] ?? ''}, which no rule names`,
    remedy: (c) => `write the new address ${IN_REPO}, or set ${entry(c)}.follow_redirects: true`,
  },
  {
    pattern: /redirect to a page: (\S+)|unable to update url base from redirection:[\s\S]*?redirect: (\S+)/,
    code: 'HOST_REFUSED',
    reason: (m) =>
      `the git host sends git on to a page (${(m[1] ?? m[2] ?? '').split(/[?#]/, 1)[0] ?? ''}), as it does with readers who have to sign in`,
    remedy: (c) =>
      `set ${entry(c)}.token in modhaven.yaml (scope read_repository), or correct the path in repo:`,
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
    // It has said that the repository is there before it is asked for something of it.
    pattern: /RPC failed; HTTP (404|410)/,
    code: 'HOST_UNREACHABLE',
    reason: (m) =>
      `the git host, or a proxy before it, shows the repository but answered ${m[1] ?? ''} to git's question`,
    remedy: 'let POST requests to …/git-upload-pack through proxies and firewalls before the git host',
  },
  {
    // A host says it in words even where the status only says "forbidden".
    pattern: NO_REPOSITORY,
    code: 'REPO_NOT_FOUND',
    reason: (_, c) =>
      c.repo.local
        ? 'there is no git repository at this path'
        : `the git host knows no such repository, or hides it from ${readerOf(c)}`,
    remedy: (c) => {
      if (c.repo.local) return 'correct repo: of the rule in vanity.yaml';
      const may =
        c.repo.scheme === 'ssh' ? `the server's key (${entry(c)}.identity_file)` : `${entry(c)}.token`;
      return `check the path ${IN_REPO}, and that ${may} may read it`;
    },
  },
  {
    pattern: /The requested URL returned error: 403/,
    code: 'HOST_REFUSED',
    reason: 'the git host answered 403: this login may not read the repository (Gerrit: or there is none)',
    remedy: (c) =>
      `give the token in ${entry(c)}.token the scope read_repository and its user access; check the path in repo:`,
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
    pattern: /Repository lacks these prerequisite commits/,
    code: 'HOST_REFUSED',
    reason:
      'the bundle holds only what is new since commits that are not in it, and nothing can be read without them',
    remedy: 'make it with all of the history: git bundle create FILE --all',
  },
  {
    pattern: /does not look like a v\d(?: or v\d)? bundle|unrecognized (?:header|bundle)/,
    code: 'HOST_REFUSED',
    reason: 'the file is not a git bundle, or it is cut off',
    remedy: 'make it anew: git bundle create FILE --all',
  },
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
    remedyBy: 'caller',
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

/** The reader from whom a host may hide a repository. */
function readerOf({ repo, credential }: FailureContext): string {
  if (repo.scheme === 'ssh') return 'this key';
  return credential === undefined ? 'readers without a login' : `this login (${credential})`;
}

/** What a host said, without the prefixes of git. */
function hostWords(line: string): string {
  return redactLine(line.replace(/^remote(?: error)?: (?:(?:fatal|error): )?/i, '')).slice(0, 120);
}

/** Where nothing listens: with a web proxy it may be the proxy and not the git host that refuses. */
function refusedAt(context: FailureContext, host: string | undefined, port: string | undefined): string {
  const place = host === undefined || port === undefined ? hostOf(context) : `${host}:${port}`;
  const other = host !== undefined && host !== context.repo.host;
  return `nothing listens at ${place}${other ? ' (a web proxy, or an address of the git host)' : ''}`;
}
