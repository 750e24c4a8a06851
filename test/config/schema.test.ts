/** What each key takes and refuses; positions and the wording around it are those of `load-config.test.ts`. */
import { describe, expect, it } from 'vitest';
import { ConfigFile, sumdbNameProblem } from '../../src/config/schema.js';

function problems(file: unknown): string[] {
  const { error } = ConfigFile.safeParse(file);
  return (error?.issues ?? []).map(({ path, message }) => `${path.join('.')}: ${message}`);
}

describe('ConfigFile', () => {
  it('has a default for everything that is needed', () => {
    expect(ConfigFile.parse({})).toMatchObject({
      listen: { host: '127.0.0.1', port: 10_000 },
      vanity: './vanity.yaml',
      workers: 1,
      cache: { dir: './data', max_size: 50 * 2 ** 30, memory: 64 * 2 ** 20 },
      refresh: 30_000,
      direct_hosts: [],
      admin: ['127.0.0.1', '::1'],
      webhook: { prefetch: false },
      vcs: { timeout: 120_000, connect_timeout: 10_000, concurrency: 8, hosts: {} },
    });
  });

  it('takes a section without keys for one that is absent', () => {
    const empty = ['cache', 'webhook', 'vcs', 'private', 'public', 'direct_hosts', 'trust_proxy', 'admin'];
    expect(ConfigFile.parse(Object.fromEntries(empty.map((key) => [key, null])))).toEqual(
      ConfigFile.parse({}),
    );
    expect(ConfigFile.parse({ vcs: { hosts: { h: null } } }).vcs.hosts.h).toEqual(
      ConfigFile.parse({ vcs: { hosts: { h: {} } } }).vcs.hosts.h,
    );
  });

  it('lets an empty list of admins shut everyone out', () => {
    expect(ConfigFile.parse({ admin: [] }).admin).toEqual([]);
  });

  it.each([0, 257, 1.5, 'many', true])('refuses %j workers', (workers) => {
    expect(problems({ workers })).toHaveLength(1);
  });

  it.each(['10.0.0.1', '10.0.0.0/8', '10.0.0.0/32', '10.0.0.0/0', '::1', 'fd00::/8', '::/128'])(
    'trusts the proxy %s',
    (proxy) => {
      expect(ConfigFile.parse({ trust_proxy: [proxy] }).trust_proxy).toEqual([proxy]);
    },
  );

  it.each(['10.0.0.0/33', '::/129', '10.0.0', 'localhost', '10.0.0.0/', '10.0.0.0/8/8', '10.0.0.0/-1', ''])(
    'refuses the proxy %j',
    (proxy) => {
      expect(problems({ trust_proxy: [proxy] })).toEqual([
        'trust_proxy.0: must be an IP address or a network such as 10.0.0.0/8',
      ]);
    },
  );

  it('reads direct hosts in lower case, with or without a port, and nothing else', () => {
    expect(ConfigFile.parse({ direct_hosts: ['GitHub.com', 'h:8443'] }).direct_hosts).toEqual([
      'github.com',
      'h:8443',
    ]);
    for (const host of ['https://h', 'h/x', '.h', 'h:', 'a b', 'u@h', '']) {
      expect(problems({ direct_hosts: [host] }), host).toHaveLength(1);
    }
  });

  it.each([
    ['https://h/{path}', true],
    ['http://h/{path}@{version}', true],
    ['https://h/', false],
    ['ftp://h/{path}', false],
    ['https://{path}', true],
    ['https:// h/{path}', false],
  ])('docs_url %j is right: %j', (docs_url, isRight) => {
    expect(problems({ docs_url }).length === 0).toBe(isRight);
  });

  it.each(['ftp://h', 'http://u:p@h', 'http://u@h', 'http://h/?q', 'http://h/#f', 'h', ''])(
    'refuses the public_url %j',
    (public_url) => {
      expect(problems({ public_url })).toEqual([
        'public_url: must be an http or https URL such as http://goproxy.mycompany.com:10000',
      ]);
    },
  );

  it.each(['a.corp,b.corp', '[', ''])('refuses the pattern %j of private modules', (pattern) => {
    expect(problems({ private: [pattern] }).length).toBeGreaterThan(0);
  });

  it.each([0, 257, 1.5])('refuses %j git operations at once', (concurrency) => {
    expect(problems({ vcs: { concurrency } })).toHaveLength(1);
  });
});

describe('sumdbNameProblem', () => {
  it.each(['sum.mycompany.com', 's', '1.2', 'a-b.c'])('finds nothing wrong with %s', (name) => {
    expect(sumdbNameProblem(name)).toBeUndefined();
  });

  it.each(['', 'Sum.corp', '-a', 'a.', 'a/b', 'a b', 'a+b', 'a:1'])(
    'wants a host name, unlike %j',
    (name) => {
      expect(sumdbNameProblem(name)).toBe('must be a host name such as sum.mycompany.com');
    },
  );

  it.each(['sum.golang.org', 'sum.golang.google.cn'])(
    'refuses the name of the public database, %s',
    (name) => {
      expect(sumdbNameProblem(name)).toBe('is the public database; choose a name of your own');
    },
  );
});
