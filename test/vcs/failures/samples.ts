/**
 * What git and ssh really print when a host cannot be read: recorded with git 2.39, OpenSSH 9.2 and GnuTLS against real
 * hosts (sshd, Gerrit, Gitea, nginx, a bare listener), with LC_ALL=C and prompts turned off. Lines marked "worded" are
 * those of other builds (OpenSSL, other ssh versions), taken from their sources.
 */
import type { ErrorCode } from '../../../src/errors.js';

export interface Sample {
  name: string;
  /** The address in vanity.yaml. */
  repo: string;
  /** The credential that was used, by name. */
  credential?: string;
  stderr: string;
  code: ErrorCode;
  /** Words that the text must hold: the cause, and what to write where. */
  says: readonly string[];
}

const SSH = 'ssh://git@127.0.0.1:29418/go/common.git';
const HTTP = 'http://127.0.0.1:18081/go/foo.git';
const HTTPS = 'https://127.0.0.1:18443/go/foo.git';
const SSH_KEY = 'vcs.hosts."127.0.0.1:29418"';
const HTTP_KEY = 'vcs.hosts."127.0.0.1:18081"';
const TOKEN = 'vcs.hosts."127.0.0.1:18081".token';
const FRAME = '@'.repeat(59);

/** How every ssh failure ends. */
const GIVING_UP = [
  'fatal: Could not read from remote repository.',
  '',
  'Please make sure you have the correct access rights',
  'and the repository exists.',
];

type Rest = Pick<Sample, 'code' | 'says'> & Partial<Sample>;

function ssh(name: string, lines: readonly string[], rest: Rest): Sample {
  return { name: `ssh: ${name}`, repo: SSH, stderr: [...lines, ...GIVING_UP, ''].join('\n'), ...rest };
}

function http(name: string, lines: readonly string[], rest: Rest): Sample {
  return { name: `http: ${name}`, repo: HTTP, stderr: [...lines, ''].join('\n'), ...rest };
}

function unable(reason: string, url = HTTP): string {
  return `fatal: unable to access '${url}/': ${reason}`;
}

const DENIED = 'git@127.0.0.1: Permission denied (publickey).';

export const SSH_SAMPLES: readonly Sample[] = [
  ssh('a user id without an account', ['No user exists for uid 54321'], {
    code: 'HOST_REFUSED',
    says: ['a user id without an account', '/etc/passwd'],
  }),
  ssh(
    'key exchange mismatch (Gerrit)',
    [
      'Unable to negotiate with 127.0.0.1 port 29418: no matching key exchange method found. Their offer: diffie-hellman-group1-sha1,diffie-hellman-group14-sha1,ext-info-s',
    ],
    {
      code: 'HOST_REFUSED',
      says: [
        'old key exchange',
        `${SSH_KEY}.ssh_options: { KexAlgorithms: +diffie-hellman-group14-sha1, HostKeyAlgorithms: +ssh-rsa }`,
      ],
    },
  ),
  ssh(
    'key exchange mismatch (group1 only)',
    [
      'Unable to negotiate with 127.0.0.1 port 29418: no matching key exchange method found. Their offer: diffie-hellman-group1-sha1,kex-strict-s-v00@openssh.com',
    ],
    {
      code: 'HOST_REFUSED',
      says: ['{ KexAlgorithms: +diffie-hellman-group1-sha1, HostKeyAlgorithms: +ssh-rsa }'],
    },
  ),
  ssh(
    'host key type mismatch',
    ['Unable to negotiate with 127.0.0.1 port 29418: no matching host key type found. Their offer: ssh-rsa'],
    {
      code: 'HOST_REFUSED',
      says: ['host keys of an old type', `add HostKeyAlgorithms: +ssh-rsa to ${SSH_KEY}.ssh_options`],
    },
  ),
  ssh(
    'cipher mismatch (worded)',
    [
      'Unable to negotiate with 127.0.0.1 port 29418: no matching cipher found. Their offer: 3des-cbc,aes128-cbc,blowfish-cbc',
    ],
    { code: 'HOST_REFUSED', says: ['old ciphers', 'add Ciphers: +aes128-cbc to'] },
  ),
  ssh(
    'MAC mismatch (worded)',
    ['Unable to negotiate with 127.0.0.1 port 29418: no matching MAC found. Their offer: hmac-md5,hmac-sha1'],
    { code: 'HOST_REFUSED', says: ['message authentication', 'add MACs: +hmac-sha1 to'] },
  ),
  ssh('old server, RSA user key (worded)', ['sign_and_send_pubkey: no mutual signature supported', DENIED], {
    code: 'HOST_REFUSED',
    says: ['SHA-1 signatures', 'add PubkeyAcceptedAlgorithms: +ssh-rsa to'],
  }),
  ssh(
    'unknown host key, StrictHostKeyChecking=yes',
    [
      'No ED25519 host key is known for [127.0.0.1]:29418 and you have requested strict checking.',
      'Host key verification failed.',
    ],
    { code: 'HOST_REFUSED', says: ['unknown', 'modhaven trust-host 127.0.0.1:29418'] },
  ),
  ssh('unknown host key, default', ['Host key verification failed.'], {
    repo: 'git@127.0.0.1:go/common.git',
    code: 'HOST_REFUSED',
    says: ['unknown', 'modhaven trust-host 127.0.0.1'],
  }),
  ssh(
    'changed host key',
    [
      FRAME,
      '@    WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED!     @',
      FRAME,
      'IT IS POSSIBLE THAT SOMEONE IS DOING SOMETHING NASTY!',
      'Someone could be eavesdropping on you right now (man-in-the-middle attack)!',
      'It is also possible that a host key has just been changed.',
      'Offending ED25519 key in /home/modhaven/.ssh/known_hosts:1',
      'Host key for [127.0.0.1]:29418 has changed and you have requested strict checking.',
      'Host key verification failed.',
    ],
    {
      code: 'HOST_REFUSED',
      says: [
        'not the recorded one',
        'ssh-keygen -R "[127.0.0.1]:29418", then modhaven trust-host 127.0.0.1:29418',
      ],
    },
  ),
  ssh('wrong key, unknown user, or passphrase', [DENIED], {
    code: 'HOST_REFUSED',
    says: ['refused the user git', `${SSH_KEY}.identity_file`, 'without passphrase'],
  }),
  ssh(
    'key file missing',
    ['Warning: Identity file /etc/modhaven/id not accessible: No such file or directory.', DENIED],
    { code: 'HOST_REFUSED', says: ['/etc/modhaven/id cannot be read', `${SSH_KEY}.identity_file`] },
  ),
  ssh(
    'key file of ~/.ssh/config missing (worded)',
    ['no such identity: /home/modhaven/.ssh/id: No such file or directory', DENIED],
    { code: 'HOST_REFUSED', says: ['/home/modhaven/.ssh/id cannot be read', `${SSH_KEY}.identity_file`] },
  ),
  ssh(
    'key file too open',
    [
      FRAME,
      '@         WARNING: UNPROTECTED PRIVATE KEY FILE!          @',
      FRAME,
      "Permissions 0644 for '/etc/modhaven/id' are too open.",
      'It is required that your private key files are NOT accessible by others.',
      'This private key will be ignored.',
      'Load key "/etc/modhaven/id": bad permissions',
      DENIED,
    ],
    {
      code: 'HOST_REFUSED',
      says: ['other users can read it', 'chmod 600 /etc/modhaven/id', 'identity_file'],
    },
  ),
  ssh('key file does not hold a key', ['Load key "/etc/modhaven/id": error in libcrypto', DENIED], {
    code: 'HOST_REFUSED',
    says: ['into /etc/modhaven/id', `${SSH_KEY}.identity_file`],
  }),
  ssh(
    'too many keys (worded)',
    ['Received disconnect from 127.0.0.1 port 29418:2: Too many authentication failures'],
    { code: 'HOST_REFUSED', says: ['too many keys', `${SSH_KEY}.identity_file`] },
  ),
  ssh(
    'an http port',
    [
      'kex_exchange_identification: Connection closed by remote host',
      'Connection closed by 127.0.0.1 port 29418',
    ],
    {
      code: 'HOST_UNREACHABLE',
      says: ['no ssh server', 'repo: http://127.0.0.1:29418/go/common.git', '29418'],
    },
  ),
  ssh(
    'a port that resets',
    [
      'kex_exchange_identification: read: Connection reset by peer',
      'Connection reset by 127.0.0.1 port 29418',
    ],
    { code: 'HOST_UNREACHABLE', says: ['no ssh server', 'ssh is 22'] },
  ),
  ssh(
    'a port that says nothing',
    ['Connection timed out during banner exchange', 'Connection to 127.0.0.1 port 29418 timed out'],
    { code: 'HOST_TIMEOUT', says: ['says nothing', 'port in repo: of the rule in vanity.yaml'] },
  ),
  ssh(
    'the scp form after ssh://',
    ['ssh: Could not resolve hostname 127.0.0.1:go: Name or service not known'],
    {
      code: 'HOST_UNREACHABLE',
      says: ['the host name 127.0.0.1:go is not known', 'repo: of the rule in vanity.yaml'],
    },
  ),
  ssh(
    'port and scp form after ssh://',
    ['ssh: Could not resolve hostname 127.0.0.1:2222:go: Name or service not known'],
    { code: 'HOST_UNREACHABLE', says: ['the host name 127.0.0.1:2222:go is not known'] },
  ),
  ssh('refused', ['ssh: connect to host 127.0.0.1 port 2: Connection refused'], {
    code: 'HOST_UNREACHABLE',
    says: ['nothing listens at 127.0.0.1:2', 'repo: of the rule in vanity.yaml'],
  }),
  ssh('DNS', ['ssh: Could not resolve hostname nohost.example.invalid: Name or service not known'], {
    code: 'HOST_UNREACHABLE',
    says: ['the host name nohost.example.invalid is not known', 'DNS'],
  }),
  ssh('packets vanish', ['ssh: connect to host 192.168.1.123 port 29418: Connection timed out'], {
    repo: 'ssh://git@192.168.1.123:29418/go/common.git',
    code: 'HOST_TIMEOUT',
    says: ['192.168.1.123:29418 did not answer', 'firewall', 'vcs.connect_timeout'],
  }),
  ssh('absent from its LAN', ['ssh: connect to host 192.168.1.200 port 29418: No route to host'], {
    code: 'HOST_UNREACHABLE',
    says: ['no way', 'VPN', 'AllowedIPs'],
  }),
  ssh('no route', ['ssh: connect to host 203.0.113.9 port 29418: Network is unreachable'], {
    code: 'HOST_UNREACHABLE',
    says: ['no way', 'VPN', 'AllowedIPs'],
  }),
  ssh('missing repository', ["fatal: '/go/nope.git' does not appear to be a git repository"], {
    code: 'REPO_NOT_FOUND',
    says: ['no such repository', 'repo: of the rule in vanity.yaml', `${SSH_KEY}.identity_file`],
  }),
  ssh(
    'misspelt algorithm',
    ['Unsupported KEX algorithm "nosuch"', "command-line line 0: Bad SSH2 KexAlgorithms '+nosuch'."],
    { code: 'HOST_REFUSED', says: ["Bad SSH2 KexAlgorithms '+nosuch'", `${SSH_KEY}.ssh_options`, 'ssh -Q'] },
  ),
  ssh('misspelt option (worded)', ['command-line: line 0: Bad configuration option: kexalgorithm'], {
    code: 'HOST_REFUSED',
    says: ['Bad configuration option: kexalgorithm', `${SSH_KEY}.ssh_options`],
  }),
  ssh('a command that is not allowed', ['this host only serves git push'], {
    code: 'HOST_UNREACHABLE',
    says: ['git said: this host only serves git push', 'modhaven check'],
  }),
  ssh('ssh missing', ['error: cannot run /opt/ssh: No such file or directory', 'fatal: unable to fork'], {
    code: 'HOST_UNREACHABLE',
    says: ['cannot start /opt/ssh', 'openssh-client'],
  }),
  ssh('a greeting on standard output (worded)', ['fatal: protocol error: bad line length character: Welc'], {
    code: 'HOST_UNREACHABLE',
    says: ['other text than git', 'ssh git@127.0.0.1 true'],
  }),
  ssh('git missing at the host (worded)', ['bash: line 1: git-upload-pack: command not found'], {
    code: 'HOST_UNREACHABLE',
    says: ['git is not installed on 127.0.0.1'],
  }),
  ssh('Gerrit: missing or invisible project', ['fatal: project go/nope not found'], {
    code: 'REPO_NOT_FOUND',
    says: ['no such repository', 'repo: of the rule in vanity.yaml'],
  }),
  ssh('Gerrit: unknown user or key', ['nobody@127.0.0.1: Permission denied (publickey).'], {
    repo: 'ssh://nobody@127.0.0.1:29418/go/common',
    code: 'HOST_REFUSED',
    says: ['refused the user nobody', 'identity_file'],
  }),
  ssh('Gitea: missing repository', ['error: ', 'error: Cannot find repository: go/nope', 'error: '], {
    code: 'REPO_NOT_FOUND',
    says: ['no such repository', 'repo: of the rule in vanity.yaml'],
  }),
  ssh(
    'GitLab: missing project (worded)',
    [
      'remote: ',
      "remote: ERROR: The project you were looking for could not be found or you don't have permission to view it.",
      'remote: ',
    ],
    { code: 'REPO_NOT_FOUND', says: ['no such repository', 'identity_file'] },
  ),
];

export const HTTP_SAMPLES: readonly Sample[] = [
  http(
    'shown, but not asked',
    [
      'error: RPC failed; HTTP 404 curl 22 The requested URL returned error: 404',
      'fatal: expected flush after ref listing',
    ],
    {
      code: 'HOST_UNREACHABLE',
      says: ["answered 404 to git's question", 'git-upload-pack'],
    },
  ),
  http(
    '401 to a token',
    [
      'remote: HTTP Basic: Access denied',
      "fatal: Authentication failed for 'http://127.0.0.1:18081/go/foo.git/'",
    ],
    {
      credential: TOKEN,
      code: 'HOST_REFUSED',
      says: [`refused the credentials (${TOKEN})`, 'valid token', `${HTTP_KEY}.token`],
    },
  ),
  http(
    '401 without credentials',
    ["fatal: could not read Username for 'http://127.0.0.1:18081': terminal prompts disabled"],
    {
      code: 'HOST_REFUSED',
      says: ['wants a login', `set ${HTTP_KEY}.token`, 'machine 127.0.0.1 login oauth2 password TOKEN'],
    },
  ),
  http(
    '401, user only',
    ["fatal: could not read Password for 'http://ci@127.0.0.1:18081': terminal prompts disabled"],
    {
      credential: TOKEN,
      code: 'HOST_REFUSED',
      says: [`refused the credentials (${TOKEN})`, `set ${HTTP_KEY}.token`],
    },
  ),
  http(
    '401 without a terminal',
    ["fatal: could not read Username for 'http://127.0.0.1:18081': No such device or address"],
    { code: 'HOST_REFUSED', says: ['wants a login', `set ${HTTP_KEY}.token`] },
  ),
  http('401 in the middle (worded)', [unable('The requested URL returned error: 401')], {
    code: 'HOST_REFUSED',
    says: ['answered 401', `${HTTP_KEY}.token`],
  }),
  http('403', [unable('The requested URL returned error: 403')], {
    code: 'HOST_REFUSED',
    says: ['answered 403', 'read_repository', `${HTTP_KEY}.token`],
  }),
  http('410', [unable('The requested URL returned error: 410')], {
    code: 'REPO_NOT_FOUND',
    says: ['no such repository', 'repo: of the rule in vanity.yaml'],
  }),
  http('429', [unable('The requested URL returned error: 429')], {
    code: 'HOST_UNREACHABLE',
    says: ['too many requests', 'vcs.concurrency'],
  }),
  ...['500', '502', '503'].map((status) =>
    http(status, [unable(`The requested URL returned error: ${status}`)], {
      code: 'HOST_UNREACHABLE',
      says: [`answered ${status}`, 'log of the git host'],
    }),
  ),
  http('404', ["fatal: repository 'http://127.0.0.1:18081/go/nope.git/' not found"], {
    credential: TOKEN,
    code: 'REPO_NOT_FOUND',
    says: [`hides it from this login (${TOKEN})`, 'repo: of the rule in vanity.yaml'],
  }),
  http('a login page', [`fatal: ${HTTP}/info/refs not valid: is this a git repository?`], {
    code: 'HOST_REFUSED',
    says: ['web page', 'ends in .git', `${HTTP_KEY}.token`],
  }),
  http('a redirect that is not followed', [unable('The requested URL returned error: 302')], {
    code: 'HOST_UNREACHABLE',
    says: ['redirect (302)', 'repo: of the rule in vanity.yaml'],
  }),
  http(
    'a redirect to a host that wants a login',
    [
      'warning: redirecting to http://127.0.0.1:18082/go/foo.git/',
      "fatal: Authentication failed for 'http://127.0.0.1:18081/go/foo.git/'",
    ],
    { code: 'HOST_REFUSED', says: ['refused the credentials (from ~/.netrc)', `${HTTP_KEY}.token`] },
  ),
  http(
    'self-signed certificate',
    [unable('server certificate verification failed. CAfile: none CRLfile: none', HTTPS)],
    {
      repo: HTTPS,
      code: 'HOST_REFUSED',
      says: ['not signed by an authority', 'vcs.hosts."127.0.0.1:18443".ca_file', 'insecure_tls: true'],
    },
  ),
  http(
    'expired certificate (OpenSSL, worded)',
    [unable('SSL certificate problem: certificate has expired', HTTPS)],
    {
      repo: HTTPS,
      code: 'HOST_REFUSED',
      says: ['has expired', 'renewed'],
    },
  ),
  http(
    'certificate that is not valid yet',
    [unable('SSL certificate problem: certificate is not yet valid', HTTPS)],
    {
      repo: HTTPS,
      code: 'HOST_REFUSED',
      says: ['not valid yet', 'clock'],
    },
  ),
  http(
    'certificate of another name',
    [
      unable(
        "SSL: certificate subject name (other.example.test) does not match target host name '127.0.0.1'",
        HTTPS,
      ),
    ],
    { repo: HTTPS, code: 'HOST_REFUSED', says: ['another name than 127.0.0.1', 'repo: of the rule'] },
  ),
  http('CA file missing', [unable('Problem with the SSL CA cert (path? access rights?)', HTTPS)], {
    repo: HTTPS,
    code: 'HOST_REFUSED',
    says: ['CA certificate cannot be read', 'vcs.hosts."127.0.0.1:18443".ca_file'],
  }),
  http(
    'https to an http port',
    [unable('gnutls_handshake() failed: An unexpected TLS packet was received.', HTTPS)],
    { repo: HTTPS, code: 'HOST_UNREACHABLE', says: ['does not speak TLS', 'http:// in place of https://'] },
  ),
  http('http to an https port', [unable('Empty reply from server')], {
    code: 'HOST_UNREACHABLE',
    says: ['closed the connection', 'https:// in place of http://'],
  }),
  http('http to an ssh port', [unable('Received HTTP/0.9 when not allowed')], {
    code: 'HOST_UNREACHABLE',
    says: ['probably ssh', 'ssh:// URL'],
  }),
  http('refused', [unable("Failed to connect to 127.0.0.1 port 3 after 0 ms: Couldn't connect to server")], {
    code: 'HOST_UNREACHABLE',
    says: ['nothing listens at 127.0.0.1:3', 'repo: of the rule in vanity.yaml'],
  }),
  http(
    'a dead web proxy',
    [unable("Failed to connect to 10.0.0.8 port 3128 after 0 ms: Couldn't connect to server")],
    {
      code: 'HOST_UNREACHABLE',
      says: ['nothing listens at 10.0.0.8:3128 (a web proxy'],
    },
  ),
  http('DNS', [unable('Could not resolve host: nohost.example.invalid')], {
    code: 'HOST_UNREACHABLE',
    says: ['the host name nohost.example.invalid is not known', 'DNS'],
  }),
  http('DNS of the web proxy (worded)', [unable('Could not resolve proxy: proxy.example.invalid')], {
    code: 'HOST_UNREACHABLE',
    says: ['web proxy proxy.example.invalid', 'https_proxy', 'no_proxy'],
  }),
  http(
    'a web proxy that wants a login (worded)',
    [unable('Received HTTP code 407 from proxy after CONNECT')],
    {
      code: 'HOST_UNREACHABLE',
      says: ['answered 407', 'no_proxy'],
    },
  ),
  http(
    'connected, no answer',
    [unable('Operation too slow. Less than 1000 bytes/sec transferred the last 2 seconds')],
    { code: 'HOST_TIMEOUT', says: ['did not answer', 'firewall', 'vcs.connect_timeout'] },
  ),
  http(
    'packets vanish',
    [unable("Failed to connect to 192.168.1.123 port 3000 after 135158 ms: Couldn't connect to server")],
    { code: 'HOST_TIMEOUT', says: ['did not answer', 'firewall', 'VPN'] },
  ),
  http(
    'absent from its LAN',
    [unable("Failed to connect to 192.168.1.200 port 3000 after 3052 ms: Couldn't connect to server")],
    { code: 'HOST_TIMEOUT', says: ['did not answer', 'VPN'] },
  ),
  http('cut off (worded)', [unable('Recv failure: Connection reset by peer')], {
    code: 'HOST_UNREACHABLE',
    says: ['broke off the connection'],
  }),
  http('protocol not allowed', ["fatal: transport 'http' not allowed"], {
    code: 'HOST_REFUSED',
    says: ['transport http', 'use http, https or ssh'],
  }),
  http(
    'unknown scheme, or git without http',
    ["git: 'remote-gopher' is not a git command. See 'git --help'."],
    { code: 'HOST_UNREACHABLE', says: ['cannot speak gopher', 'git package'] },
  ),
  http('missing branch or tag', ['fatal: Remote branch v9.9.9 not found in upstream origin'], {
    code: 'VERSION_NOT_FOUND',
    says: ['no longer has the tag', 'push it'],
  }),
  http('missing tag at a fetch', ["fatal: couldn't find remote ref refs/tags/v9.9.9"], {
    code: 'VERSION_NOT_FOUND',
    says: ['no longer has the tag'],
  }),
  http('Gerrit: wrong password', ['remote: Unauthorized', `fatal: Authentication failed for '${HTTP}/'`], {
    credential: TOKEN,
    code: 'HOST_REFUSED',
    says: ['refused the credentials', `${HTTP_KEY}.token`],
  }),
  http(
    'Gitea: wrong token',
    ['remote: Failed to authenticate user', `fatal: Authentication failed for '${HTTP}/'`],
    {
      credential: TOKEN,
      code: 'HOST_REFUSED',
      says: ['refused the credentials', `${HTTP_KEY}.token`],
    },
  ),
  http(
    'Gitea: missing repository',
    ['remote: Repository not found', `fatal: repository '${HTTP}/' not found`],
    {
      code: 'REPO_NOT_FOUND',
      says: ['readers without a login', 'repo: of the rule in vanity.yaml'],
    },
  ),
  http('Gitea: missing owner', ['remote: Not found.', `fatal: repository '${HTTP}/' not found`], {
    code: 'REPO_NOT_FOUND',
    says: ['no such repository'],
  }),
  http(
    'Gitea: token without the scope',
    ['remote: Forbidden', unable('The requested URL returned error: 403')],
    {
      credential: TOKEN,
      code: 'HOST_REFUSED',
      says: ['answered 403', 'read_repository'],
    },
  ),
  http(
    'a local repository of another account',
    ["fatal: detected dubious ownership in repository at '/srv/git/x.git'"],
    {
      repo: '/srv/git/x.git',
      code: 'HOST_REFUSED',
      says: ['belongs to another user', "safe.directory '/srv/git/x.git'"],
    },
  ),
  http(
    'a local repository that is not there',
    ["fatal: '/srv/git/x.git' does not appear to be a git repository"],
    {
      repo: '/srv/git/x.git',
      code: 'REPO_NOT_FOUND',
      says: ['no git repository at this path', 'correct repo:'],
    },
  ),
  http('a redirect to another server', ['fatal: redirect to another origin: https://git.corp.test'], {
    code: 'HOST_REFUSED',
    says: ['another server, https://git.corp.test', `${HTTP_KEY}.follow_redirects: true`],
  }),
  http('a sign-in page', ['fatal: redirect to a page: http://127.0.0.1:18081/users/sign_in'], {
    code: 'HOST_REFUSED',
    says: ['a page (http://127.0.0.1:18081/users/sign_in)', 'have to sign in', `${HTTP_KEY}.token`],
  }),
  http(
    'a damaged repository',
    ['remote: aborting due to possible repository corruption on the remote side.', 'fatal: early EOF'],
    { code: 'HOST_UNREACHABLE', says: ['on the git host is damaged', 'git fsck'] },
  ),
  http(
    'a bundle without its beginning',
    ['error: Repository lacks these prerequisite commits:', `error: ${'1'.repeat(40)} one`],
    { repo: '/srv/git/x.bundle', code: 'HOST_REFUSED', says: ['the bundle', 'git bundle create FILE --all'] },
  ),
  http('a bundle that is none', ["error: '/srv/git/x.bundle' does not look like a v2 or v3 bundle file"], {
    repo: '/srv/git/x.bundle',
    code: 'HOST_REFUSED',
    says: ['not a git bundle', 'make it anew'],
  }),
  http('git missing', ['cannot start git: spawn git ENOENT'], {
    code: 'HOST_UNREACHABLE',
    says: ['cannot start git (spawn git ENOENT)', 'install git'],
  }),
];
