import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadConfig, parseConfig } from '../../src/config/load-config.js';
import { messageOf } from '../support/message-of.js';

const ENV = {
  GITLAB_TOKEN: 's3cret',
  WEBHOOK_SECRET: 'hook',
  EMPTY: '',
  LINES: 'a\n',
  GOPROXY: 'https://a.corp,direct',
};

/** The example of the manual. */
const FULL = `listen: 127.0.0.1:10000        # HOST:PORT, or unix:/path
public_url: http://goproxy.mycompany.com:10000/
vanity: ./vanity.yaml
workers: auto
cache:
  dir: ./data
  max_size: 50GiB
upstream: off
shutdown_timeout: 10s
private: ["*.lab.mycompany.com"]
public: [oss.mycompany.com]
admin: [10.0.0.7]
docs_url: http://docs.mycompany.com/{path}@{version}
trust_proxy: [127.0.0.1, "10.0.0.0/8", "fd00::/8"]
webhook: { secret: \${WEBHOOK_SECRET} }
refresh: 30s
vcs:
  timeout: 120s
  connect_timeout: 10s
  concurrency: 8
  max_pack_size: 1GiB
  hosts:
    GitLab.MyCompany.com:
      username: oauth2
      token: \${GITLAB_TOKEN}
      ca_file: ./corp-ca.pem
    10.10.30.30:29418:
      identity_file: ./id_ed25519
      known_hosts_file: /etc/known_hosts
      ssh_options: { KexAlgorithms: +diffie-hellman-group1-sha1, Compression: true, ConnectionAttempts: 2 }
    h:
      token_file: tokens/h
      insecure_tls: true
    plain:
`;

const DEFAULT_LIMITS = {
  headerTimeoutMs: 30_000,
  requestTimeoutMs: 60_000,
  idleTimeoutMs: 72_000,
  maxConnections: 10_000,
};

const NO_HOST_SETTINGS = {
  username: 'oauth2',
  token: undefined,
  tokenFile: undefined,
  caFile: undefined,
  insecureTls: false,
  identityFile: undefined,
  knownHostsFile: undefined,
  sshOptions: {},
  followRedirects: false,
};

describe('loadConfig', () => {
  it('takes every default, relative to the working directory, when there is no file', () => {
    expect(loadConfig(undefined, {})).toEqual({
      file: undefined,
      listen: { host: '127.0.0.1', port: 10000 },
      publicUrl: 'http://127.0.0.1:10000',
      publicUrlIsDefault: true,
      publicUrlIsGuess: false,
      publicHost: '127.0.0.1',
      vanityFile: resolve('vanity.yaml'),
      workers: 1,
      cacheDir: resolve('data'),
      cacheMaxSize: 50 * 2 ** 30,
      cacheMemory: 64 * 2 ** 20,
      upstream: [],
      directHosts: new Set(),
      privatePatterns: [],
      publicPatterns: [],
      shutdownTimeoutMs: 30_000,
      tls: undefined,
      limits: DEFAULT_LIMITS,
      clientQueue: 500,
      admin: ['127.0.0.1', '::1'],
      docsUrl: undefined,
      trustProxy: [],
      webhookSecret: undefined,
      webhookPrefetch: false,
      refreshMs: 30_000,
      vcsTimeoutMs: 120_000,
      vcsConnectTimeoutMs: 10_000,
      vcsConcurrency: 8,
      vcsMaxPackSize: 512 * 1024 ** 2,
      hosts: new Map(),
      warnings: [],
    });
  });

  it('reads a file and resolves paths against its folder', () => {
    const dir = mkdtempSync(join(tmpdir(), 'modhaven-config-'));
    const file = join(dir, 'modhaven.yaml');
    writeFileSync(file, 'cache: { dir: x }\n');
    expect(loadConfig(file, {})).toMatchObject({
      file,
      cacheDir: join(dir, 'x'),
      vanityFile: join(dir, 'vanity.yaml'),
    });
  });

  it('says which file cannot be read', () => {
    expect(messageOf(() => loadConfig('/nowhere/modhaven.yaml', {}))).toBe(
      '/nowhere/modhaven.yaml: the configuration file cannot be read',
    );
  });

  it('lets --listen win, also for the default of public_url', () => {
    expect(loadConfig(undefined, {}, { listen: '[::]:81' })).toMatchObject({
      listen: { host: '::', port: 81 },
      publicUrl: 'http://localhost:81',
      publicUrlIsGuess: true,
      publicHost: 'localhost',
    });
    expect(messageOf(() => loadConfig(undefined, {}, { listen: 'x' }))).toBe(
      '--listen "x" is not an address to listen at',
    );
  });
});

describe('parseConfig', () => {
  it('reads every key', () => {
    const config = parseConfig(FULL, '/etc/modhaven/modhaven.yaml', ENV);
    expect(config).toEqual({
      file: '/etc/modhaven/modhaven.yaml',
      listen: { host: '127.0.0.1', port: 10000 },
      publicUrl: 'http://goproxy.mycompany.com:10000',
      publicUrlIsDefault: false,
      publicUrlIsGuess: false,
      publicHost: 'goproxy.mycompany.com',
      vanityFile: '/etc/modhaven/vanity.yaml',
      workers: 'auto',
      cacheDir: '/etc/modhaven/data',
      cacheMaxSize: 50 * 2 ** 30,
      cacheMemory: 64 * 2 ** 20,
      upstream: [],
      directHosts: new Set(),
      privatePatterns: ['*.lab.mycompany.com'],
      publicPatterns: ['oss.mycompany.com'],
      shutdownTimeoutMs: 10_000,
      tls: undefined,
      limits: DEFAULT_LIMITS,
      clientQueue: 500,
      admin: ['10.0.0.7'],
      docsUrl: 'http://docs.mycompany.com/{path}@{version}',
      trustProxy: ['127.0.0.1', '10.0.0.0/8', 'fd00::/8'],
      webhookSecret: 'hook',
      webhookPrefetch: false,
      refreshMs: 30_000,
      vcsTimeoutMs: 120_000,
      vcsConnectTimeoutMs: 10_000,
      vcsConcurrency: 8,
      vcsMaxPackSize: 1024 ** 3,
      hosts: new Map([
        [
          'gitlab.mycompany.com',
          {
            ...NO_HOST_SETTINGS,
            key: 'gitlab.mycompany.com',
            token: 's3cret',
            caFile: '/etc/modhaven/corp-ca.pem',
          },
        ],
        [
          '10.10.30.30:29418',
          {
            ...NO_HOST_SETTINGS,
            key: '10.10.30.30:29418',
            identityFile: '/etc/modhaven/id_ed25519',
            knownHostsFile: '/etc/known_hosts',
            sshOptions: {
              KexAlgorithms: '+diffie-hellman-group1-sha1',
              Compression: 'yes',
              ConnectionAttempts: '2',
            },
          },
        ],
        ['h', { ...NO_HOST_SETTINGS, key: 'h', tokenFile: '/etc/modhaven/tokens/h', insecureTls: true }],
        ['plain', { ...NO_HOST_SETTINGS, key: 'plain' }],
      ]),
      warnings: [],
    });
  });

  it.each(['', '# nothing\n', 'cache:\nwebhook:\ntrust_proxy:\nvcs:\n', 'vcs:\n  hosts:\n'])(
    'reads %j as all defaults',
    (text) => {
      expect(parseConfig(text, '/a/b.yaml', {})).toEqual(parseConfig('{}', '/a/b.yaml', {}));
    },
  );

  it('leaves other dollar signs alone', () => {
    const { hosts } = parseConfig('vcs: { hosts: { h: { token: "a$b$$c$1" } } }', 'm.yaml', {});
    expect(hosts.get('h')?.token).toBe('a$b$$c$1');
  });

  it('does not expand what a variable holds', () => {
    const { hosts } = parseConfig('vcs: { hosts: { h: { token: "${A}" } } }', 'm.yaml', { A: '${B}$&' });
    expect(hosts.get('h')?.token).toBe('${B}$&');
  });

  it('takes a variable for a number, a switch and a list, and leaves a text one that looks like them', () => {
    const text = [
      'workers: ${N}',
      'private: ${LIST}',
      'cache: { max_size: ${N} }',
      'vcs: { concurrency: ${N}, hosts: { h: { token: ${N}, insecure_tls: ${YES} } } }',
      'auth: { git_host: ${LIST} }',
    ].join('\n');
    const config = parseConfig(text, 'm.yaml', { N: '3', YES: 'true', LIST: 'a.corp, b.corp' });
    expect(config).toMatchObject({
      workers: 3,
      cacheMaxSize: 3,
      vcsConcurrency: 3,
      privatePatterns: ['a.corp', 'b.corp'],
      auth: { gitHost: ['a.corp', 'b.corp'] },
    });
    expect(config.hosts.get('h')).toMatchObject({ token: '3', insecureTls: true });
    expect(messageOf(() => parseConfig('workers: ${N}', 'm.yaml', { N: 'many' }))).toBe(
      'm.yaml:1:10: "workers" must be a whole number from 1 to 256, or auto',
    );
  });

  it('takes the usual GOPROXY, with a warning about "direct"', () => {
    const { upstream, warnings } = parseConfig('upstream: ${GOPROXY}\n', 'm.yaml', ENV);
    expect(upstream).toEqual([{ url: 'https://a.corp', credentials: undefined, fallbackOn: 'not-found' }]);
    expect(warnings).toEqual([
      'm.yaml:1:11: "upstream": "direct" is left out: direct_hosts names no host that may be asked',
    ]);
  });

  it('takes the hosts of direct_hosts, if the list ends with "direct"', () => {
    const hosts = 'direct_hosts: [GitHub.com, "git.partner.example:8443"]\n';
    const asked = parseConfig(`upstream: direct\n${hosts}`, 'm.yaml', {});
    expect(asked).toMatchObject({ upstream: [], warnings: [] });
    expect([...asked.directHosts]).toEqual(['github.com', 'git.partner.example:8443']);
    const unused = parseConfig(hosts, 'm.yaml', {});
    expect(unused.directHosts.size).toBe(0);
    expect(unused.warnings).toEqual([
      'm.yaml:1:15: "direct_hosts": "upstream" does not end with "direct", so no host is asked',
    ]);
  });

  it.each([
    { text: 'lisen: :80\n', message: 'm.yaml:1:1: unknown key "lisen"; did you mean "listen"?' },
    {
      text: 'vcs:\n  hosts:\n    h:\n      tokn: x\n',
      message: 'm.yaml:4:7: unknown key "tokn"; did you mean "token"?',
    },
    {
      text: 'vcs:\n  hosts:\n    h: { insecure-tls: true }\n',
      message: 'm.yaml:3:10: unknown key "insecure-tls"; did you mean "insecure_tls"?',
    },
    {
      text: 'auth:\n  rules:\n    - { modules: a.b, allow: [], alow: [] }\n',
      message: 'm.yaml:3:34: unknown key "alow"; did you mean "allow"?',
    },
    {
      text: 'auth:\n  oidc:\n    - { issuer: https://a.b, audience: x, key: y }\n',
      message: 'm.yaml:3:43: unknown key "key"; the keys here are issuer, audience, groups',
    },
    {
      text: 'cache:\n  directory: x\n',
      message: 'm.yaml:2:3: unknown key "directory"; the keys here are dir, max_size',
    },
    {
      text: 'listen: 10000\n',
      message: 'm.yaml:1:9: "listen" must be HOST:PORT, [::1]:PORT, :PORT or unix:/path',
    },
    {
      text: 'listen: []\n',
      message: 'm.yaml:1:9: "listen" must be HOST:PORT, [::1]:PORT, :PORT or unix:/path',
    },
    { text: 'public_url: goproxy.corp\n', message: 'm.yaml:1:13: "public_url" must be an http or https URL' },
    {
      text: 'public_url: http://me:x@h\n',
      message: 'm.yaml:1:13: "public_url" must be an http or https URL',
    },
    { text: 'vanity: 5\n', message: 'm.yaml:1:9: "vanity" must be text, not a number (put it in quotes)' },
    { text: 'vanity: ""\n', message: 'm.yaml:1:9: "vanity" must not be empty' },
    { text: 'vanity:\n', message: 'm.yaml:1:1: "vanity" must be text, but nothing is given' },
    { text: 'workers: 0\n', message: 'm.yaml:1:10: "workers" must be at least 1' },
    {
      text: 'workers: many\n',
      message: 'm.yaml:1:10: "workers" must be a whole number from 1 to 256, or auto',
    },
    { text: 'cache: ./data\n', message: 'm.yaml:1:8: "cache" must be a map of keys, not text' },
    {
      text: 'cache:\n  max_size: big\n',
      message: 'm.yaml:2:13: "cache.max_size" must be a size such as 50GiB',
    },
    {
      text: 'refresh: 30\n',
      message: 'm.yaml:1:10: "refresh" must be a duration such as 500ms, 30s, 2m or 1h30m',
    },
    { text: 'vcs: { timeout: 0 }\n', message: 'm.yaml:1:17: "vcs.timeout" must be longer than 0' },
    { text: 'vcs: { concurrency: 1.5 }\n', message: 'm.yaml:1:21: "vcs.concurrency" must be a whole number' },
    { text: 'vcs: { concurrency: 0 }\n', message: 'm.yaml:1:21: "vcs.concurrency" must be at least 1' },
    {
      text: 'trust_proxy:\n  - 10.0.0.0/8\n  - proxy.corp\n',
      message: 'm.yaml:3:5: "trust_proxy.1" must be an IP address or a network such as 10.0.0.0/8',
    },
    { text: 'trust_proxy: ["10.0.0.0/33"]\n', message: 'm.yaml:1:15: "trust_proxy.0" must be an IP address' },
    { text: 'trust_proxy: 10.0.0.1\n', message: 'm.yaml:1:14: "trust_proxy" must be a list, not text' },
    {
      text: 'upstream: direct\n',
      message: 'm.yaml:1:11: "upstream" is "direct" alone, and direct_hosts names no host',
    },
    {
      text: 'direct_hosts: ["https://h.corp"]\n',
      message: 'm.yaml:1:16: "direct_hosts.0" must be HOST or HOST:PORT',
    },
    { text: 'upstream: ftp://h\n', message: 'm.yaml:1:11: "upstream" holds a URL that begins with ftp:' },
    {
      text: 'public_url: https://h.corp/\nupstream: https://h.corp\n',
      message: 'm.yaml:2:11: "upstream" names this server itself (public_url)',
    },
    {
      text: 'vcs:\n  hosts:\n    https://h/x: { token: y }\n',
      message: 'm.yaml:3:5: "https://h/x" must be HOST, HOST:PORT or one of these with a /path',
    },
    {
      text: 'vcs:\n  hosts:\n    H: {}\n    h: {}\n',
      message: 'm.yaml:4:5: "h" is the same host as a key above; keep one of the two',
    },
    {
      text: 'vcs:\n  hosts:\n    h:\n      token: x\n      token_file: y\n',
      message: 'm.yaml:5:19: "vcs.hosts.h.token_file" stands beside token; keep one of the two',
    },
    {
      text: 'vcs:\n  hosts:\n    h:\n      insecure_tls: true\n      ca_file: y\n',
      message: 'm.yaml:4:21: "vcs.hosts.h.insecure_tls" stands beside ca_file; keep one of the two',
    },
    {
      text: 'vcs: { hosts: { h: { ssh_options: { proxyCommand: nc } } } }\n',
      message:
        'm.yaml:1:37: "proxyCommand" makes ssh run a command and is refused here; set it in ~/.ssh/config',
    },
    {
      text: 'vcs: { hosts: { h: { ssh_options: { "-o x": nc } } } }\n',
      message: 'm.yaml:1:37: "-o x" is not the name of an ssh option',
    },
    {
      text: 'vcs: { hosts: { h: { ssh_options: { User: "a\\nb" } } } }\n',
      message: 'm.yaml:1:43: "vcs.hosts.h.ssh_options.User" must be one line of text',
    },
    {
      text: 'webhook:\n  secret: x${NOT_SET}\n',
      message: 'm.yaml:2:11: the environment variable NOT_SET is not set',
    },
    {
      text: 'webhook:\n  secret: ${A:-b}\n',
      message: 'm.yaml:2:11: "${A:-b}" is not a variable: write ${NAME}',
    },
    { text: 'webhook:\n  secret: ${EMPTY}\n', message: 'm.yaml:2:11: "webhook.secret" must not be empty' },
    {
      text: 'vcs: { hosts: { h: { token: "${LINES}" } } }\n',
      message: 'm.yaml:1:29: "vcs.hosts.h.token" must be one line of text',
    },
    { text: '- a\n', message: 'm.yaml:1:1: the file must be a map of keys, not a list' },
    { text: 'hello\n', message: 'm.yaml:1:1: the file must be a map of keys, not text' },
  ])('refuses $text', ({ text, message }) => {
    const [first] = messageOf(() => parseConfig(text, 'm.yaml', ENV)).split('\n');
    expect(first?.slice(0, message.length)).toBe(message);
  });

  it('reports every problem, in the order of the file', () => {
    const text = 'refresh: x\nbogus: 1\nvcs:\n  timeout: y\n';
    expect(
      messageOf(() => parseConfig(text, 'm.yaml', {}))
        .split('\n')
        .map((line) => line.slice(0, 10)),
    ).toEqual(['m.yaml:1:1', 'm.yaml:2:1', 'm.yaml:4:1']);
  });

  it('never repeats a value that may be secret', () => {
    const text =
      'webhook:\n  secret: [s3cret]\nvcs: { hosts: { h: { token: { s3cret: x } } } }\nupstream: https://a:s3cret@';
    expect(messageOf(() => parseConfig(text, 'm.yaml', {}))).not.toContain('s3cret');
  });
});

describe('durations', () => {
  const timeouts = ['shutdown_timeout', 'vcs.timeout', 'vcs.connect_timeout'].concat(
    ['header_timeout', 'request_timeout', 'idle_timeout'].map((name) => `limits.${name}`),
  );
  const ages = ['refresh', 'auth.git_host_ttl'];
  const written = (key: string, value: string) =>
    key.split('.').reduceRight((inner, name) => `{ ${name}: ${inner} }`, value);
  const problemOf = (key: string, value: string): string => {
    try {
      parseConfig(written(key, value), 'm.yaml', {});
      return 'none';
    } catch (error) {
      return (error as Error).message.replace(/^[^"]*/, '');
    }
  };

  it.each([
    ...timeouts.map((key) => [key, '24d', '30d', 'must be at most 24d']),
    ...ages.map((key) => [key, '30d', '100001d', 'must be at most 100000d']),
  ])('%s may be %s; of %s it is said that it %s', (key = '', most = '', more = '', problem) => {
    expect(problemOf(key, most)).toBe('none');
    expect(problemOf(key, more)).toBe(`"${key}" ${problem}`);
    expect(problemOf(key, 'soon')).toBe(`"${key}" must be a duration such as 500ms, 30s, 2m or 1h30m`);
  });
});

describe('vcs.hosts', () => {
  it('takes hosts, ports and paths, and lowers the case of the host only', () => {
    const text =
      'vcs: { hosts: { H.corp: {}, "h.corp:22": {}, "[::1]:22": {}, "H.corp/Team": {}, "h.corp:80/a/b": {} } }';
    const keys = ['h.corp', 'h.corp:22', '[::1]:22', 'h.corp/Team', 'h.corp:80/a/b'];
    expect([...parseConfig(text, 'm.yaml', {}).hosts.keys()]).toEqual(keys);
  });

  it.each(['http://h', 'h/', 'h//a', 'h:x', 'h/a b'])('refuses the key %j', (key) => {
    const text = JSON.stringify({ vcs: { hosts: { [key]: {} } } });
    expect(messageOf(() => parseConfig(text, 'm.yaml', {}))).toContain('must be HOST, HOST:PORT');
  });
});
