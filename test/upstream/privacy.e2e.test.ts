/**
 * Whatever fails, no private name leaves: a server whose upstream notes every name it is asked for, while the git host
 * is down, the rules are broken, and everybody asks for everything in every way.
 */
import { rm } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ask, until } from '../support/ask.js';
import { SECRET, DELIVERIES } from '../webhook/deliveries.js';
import { goClient } from '../support/go.js';
import { freePort } from '../support/loopback.js';
import { missing } from '../support/requirements.js';
import { modhaven, startServer, type ModhavenServer } from '../support/server.js';
import { fakeUpstream, status, type FakeUpstream } from './fake-upstream.js';

/** Under rules, under a vanity host without a rule, on the git hosts behind rules, on a host with a login. */
const PRIVATE = [
  'my.corp/go/foo',
  'my.corp/go/foo/sub/pkg',
  'my.corp/go/!secret',
  'my.corp/never/heard/of',
  'my.corp',
  'other.corp/lib/v2',
  'git.my.corp/go/foo.git',
  'login.corp/team/x',
  'github.com/mycorp/fork',
];
const FILES = ['@v/list', '@latest', '@v/v1.0.0.info', '@v/v1.0.0.mod', '@v/v1.0.0.zip', '@v/main.info'];
const PUBLIC = 'ex.test/public';

describe('private names', () => {
  let upstream: FakeUpstream;
  let server: ModhavenServer;
  let rules: string;
  let config: Record<string, unknown>;

  beforeAll(async () => {
    upstream = await fakeUpstream();
    upstream.otherwise = status(500, 'everything fails');
    const nobody = await freePort();
    rules = [
      'host: my.corp',
      'paths:',
      `  /go/{name}: http://127.0.0.1:${nobody}/go/{name}.git`,
      '  other.corp/lib: http://git.my.corp/lib.git',
      `  github.com/mycorp/fork: http://127.0.0.1:${nobody}/fork.git`,
      '',
    ].join('\n');
    config = {
      upstream: `${upstream.url}/first|${upstream.url}/second|direct`,
      direct_hosts: ['my.corp', 'git.my.corp', 'github.com'],
      refresh: 0,
      webhook: { secret: SECRET, prefetch: true },
      vcs: { timeout: '5s', connect_timeout: '2s', hosts: { 'login.corp:8443': { token: 't' } } },
    };
    server = await startServer({ config, vanity: rules });
  });
  afterAll(async () => {
    await server.stop();
    await upstream.stop();
  });

  /** Asks for everything, and for a public module last, so that a server that asks no upstream at all is found out. */
  async function askForEverything(): Promise<void> {
    upstream.asked.length = 0;
    const paths = PRIVATE.flatMap((module) => [
      ...FILES.map((file) => `/${module}/${file}`),
      `/${module}/@v/v0.0.0-20240102030405-0123456789ab.zip`,
      `/sumdb/sum.golang.org/lookup/${module}@v1.0.0`,
      `/sumdb/sum.golang.org/lookup/${module}@v1.0.0-pre+incompatible`,
      `/${module}?go-get=1`,
    ]);
    const tricks = [
      '/%6dy.corp/go/foo/@v/list',
      '/MY.corp/go/foo/@v/list',
      '/!m!y.corp/go/foo/@v/list',
      '/my.corp./go/foo/@v/list',
      '/my.corp:443/go/foo/@v/list',
      '//my.corp/go/foo/@v/list',
      '/x/../my.corp/go/foo/@v/list',
      '/ex.test/%2e%2e/my.corp/go/foo/@v/list',
      '/ex.test%2f..%2fmy.corp/@v/list',
      '/sumdb/sum.golang.org/lookup/!my.corp/go/foo@v1.0.0',
      '/sumdb/sum.golang.org/lookup/%6dy.corp/go/foo@v1.0.0',
      '/sumdb/sum.golang.org/lookup/my.corp/go/foo%40v1.0.0',
      '/sumdb/sum.golang.org/lookup/ex.test@v1.0.0/../my.corp/go/foo@v1.0.0',
      '/sumdb/sum.golang.org/lookup/my.corp/go/foo',
      '/sumdb/sum.golang.org/lookup//my.corp/go/foo@v1.0.0',
      '/sumdb/sum.golang.org/tile/8/my.corp/000',
      '/sumdb/sum.golang.org/my.corp/go/foo',
      '/sumdb/my.corp/lookup/my.corp/go/foo@v1.0.0',
    ];
    for (const path of [...paths, ...tricks]) {
      const answer = await ask(server.url, path);
      expect([path, answer.status]).toEqual([path, expect.any(Number)]);
      if (!path.includes('go-get')) expect(answer.status, path).toBeGreaterThanOrEqual(400);
    }
    await ask(server.url, `/${PUBLIC}/@v/list`);
  }

  function expectNothingPrivate(): void {
    expect(upstream.asked).toEqual([`/first/${PUBLIC}/@v/list`, `/second/${PUBLIC}/@v/list`]);
  }

  it('stay here while their git hosts are down', async () => {
    await askForEverything();
    expectNothingPrivate();
  });

  it('stay here when the rules are broken, gone and back while the server runs', async () => {
    for (const broken of ['paths: [', 'paths:\n  my.corp/go/foo: ext::sh\n', '']) {
      const before = server.logs().length;
      await server.writeVanity(broken === '' ? rules : broken);
      const told = broken === '' ? 'vanity.yaml read again' : 'the last good rules stay in use';
      const seen = () => server.logs().slice(before).includes(told);
      expect(await until(seen, (isSeen) => isSeen, 20_000)).toBe(true);
      await askForEverything();
      expectNothingPrivate();
    }
    await rm(server.vanityFile);
    server.signal('SIGHUP');
    await askForEverything();
    expectNothingPrivate();
    await server.writeVanity(rules);
    const mark = server.logs().length;
    await server.writeConfig({ ...config, vanity: './nowhere.yaml' });
    await until(
      () => server.logs().slice(mark),
      (text) => text.includes('the old one stays in use'),
    );
    await askForEverything();
    expectNothingPrivate();
    await server.writeConfig(config);
  });

  it('stay here when a push is announced', async () => {
    upstream.asked.length = 0;
    for (const deliver of Object.values(DELIVERIES)) {
      const { query, headers, body } = deliver({
        ref: 'refs/tags/v1.0.0',
        after: '1'.repeat(40),
        project: 'go/foo',
        httpUrl: 'http://git.my.corp/lib.git',
        sshUrl: 'ssh://git@git.my.corp/lib.git',
      });
      await fetch(`${server.url}/-/webhook${query}`, { method: 'POST', headers, body });
    }
    await ask(server.url, `/${PUBLIC}/@v/list`);
    expectNothingPrivate();
  });

  it('stay here when a command explains and checks them', async () => {
    upstream.asked.length = 0;
    const options = { env: { HOME: server.dir }, cwd: server.dir };
    for (const module of [
      'my.corp/go/foo',
      'my.corp/never/heard',
      'login.corp/team/x',
      'github.com/mycorp/fork',
    ]) {
      await modhaven(['explain', '--config', server.configFile, module], options);
    }
    await modhaven(['check', '--config', server.configFile, 'my.corp/go/foo'], options);
    expect(upstream.asked).toEqual([]);
  });

  it.skipIf(missing('go'))('stay here when a real go looks for packages below them', async () => {
    upstream.asked.length = 0;
    await using client = await goClient({ GOPROXY: server.url, GOSUMDB: 'sum.golang.org' });
    for (const path of ['my.corp/go/foo/sub/pkg', 'my.corp/never/heard/of', 'other.corp/lib/v2/x@v2.0.0']) {
      expect((await client.run('get', path)).code).not.toBe(0);
    }
    expect(upstream.asked).toEqual([]);
  });
});
