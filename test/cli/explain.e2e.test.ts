/** `explain` beside a server with the same files: it tells what that would tell, and leaves everything as it is. */
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { explain } from '../../src/cli/explain.js';
import type { Explanation } from '../../src/cli/output/explanation.js';
import { gitHttpHost, type GitHttpHost } from '../support/hosts/git-http-host.js';
import { repo, type GitRepo } from '../support/git/git-repo.js';
import { missing } from '../support/requirements.js';
import { modhaven, startServer, type ModhavenServer } from '../support/server.js';
import { sshdHost } from '../support/hosts/sshd-host.js';
import { tempDir } from '../support/tmp.js';
import { fakeUpstream, send } from '../upstream/fake-upstream.js';
import { files } from './support/files.js';
import { sealedAccount } from './support/in-process.js';

const CANARY = 'canary-a1b7';

async function story(config: string, module: string): Promise<Explanation> {
  return JSON.parse((await explain({ config, module, json: true })).text) as Explanation;
}

describe.skipIf(missing('git'))('explain', () => {
  sealedAccount();
  let root: string;
  let git: GitHttpHost;
  let foo: GitRepo;
  let first: string;
  let server: ModhavenServer;

  beforeAll(async () => {
    root = await tempDir('explain');
    foo = await repo(path.join(root, 'foo.git'));
    first = await foo
      .at('2024-01-02T03:04:05Z')
      .write({ 'go.mod': 'module my.corp/foo\n', 'foo.go': 'package foo\n' })
      .commit('first');
    await foo.manyTags(['v1.0.0', 'v1.1.0', 'v1.2.0', 'v1.3.0']);
    const wrong = await repo(path.join(root, 'wrong.git'));
    await wrong.write({ 'go.mod': 'module my.corp/other/v3\n' }).commit('first');
    await wrong.tag('v1.0.0');
    const deep = await repo(path.join(root, 'team/lib.git'));
    await deep.write({ 'go.mod': 'module my.corp/all/team/lib\n' }).commit('first');
    await deep.tag('v1.0.0');
    git = await gitHttpHost(root, { auth: { password: CANARY } });
    server = await startServer({
      config: { refresh: '1ms', vcs: { hosts: { [`127.0.0.1:${git.port}`]: { token: CANARY } } } },
      vanity: {
        host: 'my.corp',
        paths: {
          '/foo': `${git.url}/foo.git`,
          '/nope': `${git.url}/nope.git`,
          '/wrong': `${git.url}/wrong.git`,
          '/down': 'http://127.0.0.1:9/down.git',
          '/two': { repo: [`${git.url}/nope.git`, `${git.url}/foo.git`] },
          '/all/{path...}': `${git.url}/{path}.git`,
        },
      },
    });
  });
  afterAll(async () => {
    await server.stop();
    await git.stop();
  });
  beforeEach(() => git.setFailure('/', undefined));

  async function ask(request: string): Promise<{ status: number; text: string }> {
    const response = await fetch(`${server.url}/${request}`);
    return { status: response.status, text: await response.text() };
  }
  async function fetchAll(version: string): Promise<void> {
    for (const kind of ['info', 'mod', 'zip']) await ask(`my.corp/foo/@v/${version}.${kind}`);
  }

  it('tells all about a version that is stored', async () => {
    await fetchAll('v1.0.0');
    const told = await story(server.configFile, 'my.corp/foo@v1.0.0');
    const info = Buffer.from((await ask('my.corp/foo/@v/v1.0.0.info')).text);
    expect(told).toMatchObject({
      ok: true,
      version: 'v1.0.0',
      rule: { key: '/foo', file: server.vanityFile, line: 3 },
      root: 'my.corp/foo',
      repositories: [
        {
          url: `${git.url}/foo.git`,
          hostEntry: `127.0.0.1:${git.port}`,
          credential: `vcs.hosts.127.0.0.1:${git.port}.token`,
          sshOptions: {},
          reached: true,
          defaultBranch: 'main',
          versions: 4,
          revision: { version: 'v1.0.0', commit: first, time: '2024-01-02T03:04:05.000Z' },
        },
      ],
      cache: {
        info: info.length,
        mod: 'module my.corp/foo\n'.length,
        h1: expect.stringMatching(/^h1:/) as string,
      },
      origin: {
        recorded: { URL: `${git.url}/foo.git`, Hash: first, Ref: 'refs/tags/v1.0.0' },
        now: { URL: `${git.url}/foo.git`, Hash: first, Ref: 'refs/tags/v1.0.0' },
      },
      tag: { name: 'v1.0.0', state: 'same' },
      go: ['info', 'mod', 'zip'].map((kind) => ({ request: `@v/v1.0.0.${kind}`, status: 200, cached: true })),
    });
    expect(told.cache.zip).toBe(
      Buffer.from(await (await fetch(`${server.url}/my.corp/foo/@v/v1.0.0.zip`)).arrayBuffer()).length,
    );
    expect(told.timings.map(({ step }) => step)).toContain(`ask ${git.url}/foo.git for its refs`);
  });

  it('stores nothing of what it asks', async () => {
    const told = await story(server.configFile, 'my.corp/foo@v1.1.0');
    expect(told.cache).toEqual({});
    expect(told.go).toMatchObject(
      ['info', 'mod', 'zip'].map((kind) => ({ request: `@v/v1.1.0.${kind}`, status: 200, cached: false })),
    );
    const stored = await readdir(path.join(server.cacheDir, 'download'), { recursive: true }).catch(() => []);
    expect(stored.filter((name) => name.includes('v1.1.0'))).toEqual([]);
  });

  it.each([
    ['a tag that was moved', 'v1.2.0', ['tag', '--force', 'v1.2.0', 'moved'], 'moved'],
    ['a tag that is gone', 'v1.3.0', ['tag', '--delete', 'v1.3.0'], 'gone'],
  ])('says so of %s, and that go gets the stored version', async (_name, version, change, state) => {
    await fetchAll(version);
    await foo
      .checkout('moved')
      .write({ 'new.go': 'package foo\n' })
      .commit('second', { parents: [first] });
    await foo.git(...change);
    const { text, ok } = await explain({ config: server.configFile, module: `my.corp/foo@${version}` });
    expect(ok).toBe(true);
    expect(text).toMatch(
      new RegExp(`^tag +${version.replaceAll('.', '\\.')} (?:was|is) ${state.toUpperCase()}`, 'm'),
    );
    expect(text).toContain(`recorded: ${git.url}/foo.git refs/tags/${version} ${first}\n`);
    expect(text).toContain(`@v/${version}.zip   200 from the cache`);
    expect(await story(server.configFile, `my.corp/foo@${version}`)).toMatchObject({
      tag: { state, recorded: first, ...(state === 'moved' ? { now: await foo.rev('moved') } : {}) },
    });
  });

  it('goes by what is stored where the host is down', async () => {
    await fetchAll('v1.0.0');
    git.setFailure('/', 503);
    const told = await story(server.configFile, 'my.corp/foo@v1.0.0');
    expect(told).toMatchObject({ ok: true, repositories: [{ reached: false }], tag: { state: 'unknown' } });
    expect(told.repositories[0]?.problem).toContain('503');
  });

  const failures: { name: string; module: string; request: string; failure?: number }[] = [
    { name: 'no repository', module: 'my.corp/nope@v1.0.0', request: 'my.corp/nope/@v/v1.0.0.info' },
    {
      name: 'no repository, and no version asked for',
      module: 'my.corp/nope',
      request: 'my.corp/nope/@v/list',
    },
    { name: 'no such version', module: 'my.corp/foo@v9.9.9', request: 'my.corp/foo/@v/v9.9.9.info' },
    {
      name: 'a go.mod of another module',
      module: 'my.corp/wrong@v1.0.0',
      request: 'my.corp/wrong/@v/v1.0.0.info',
    },
    {
      name: 'a host that refuses',
      module: 'my.corp/foo@v1.1.0',
      request: 'my.corp/foo/@v/v1.1.0.info',
      failure: 403,
    },
    { name: 'a host that is down', module: 'my.corp/down@v1.0.0', request: 'my.corp/down/@v/v1.0.0.info' },
    { name: 'no rule', module: 'other.corp/x@v1.0.0', request: 'other.corp/x/@v/v1.0.0.info' },
    {
      name: 'no repository at any level',
      module: 'my.corp/all/a/b@v1.0.0',
      request: 'my.corp/all/a/b/@v/v1.0.0.info',
    },
  ];
  it.each(failures)('tells what the server tells go: $name', async ({ module, request, failure }) => {
    git.setFailure('/', failure);
    const { go, ok } = await story(server.configFile, module);
    const { status, text } = await ask(request);
    const told = text.replace(/^request id: .*\n$/m, '').trimEnd();
    expect(ok).toBe(false);
    expect(go).toMatchObject([{ status, text: told, cached: false }]);
    expect(request.endsWith(go[0]?.request ?? 'none')).toBe(true);
    expect(status).not.toBe(200);
  });

  it('finds the newest version where none was asked for, as go does', async () => {
    const told = await story(server.configFile, 'my.corp/two');
    expect(told.repositories).toMatchObject([
      { url: `${git.url}/nope.git`, reached: false },
      { url: `${git.url}/foo.git`, reached: true },
    ]);
    const version = told.version ?? '';
    expect(['v1.2.0', 'v1.3.0']).toContain(version);
    expect(told.go.map(({ request, status }) => [request, status])).toEqual([
      ['@v/list', 200],
      ...['info', 'mod', 'zip'].map((kind) => [`@v/${version}.${kind}`, 200]),
    ]);
  });

  it('asks for the latest commit where there is no version at all', async () => {
    const plain = await repo(path.join(root, 'plain.git'));
    await plain.at('2024-01-02T03:04:05Z').write({ 'go.mod': 'module my.corp/plain\n' }).commit('first');
    const { config } = await files({
      vanity: stringify({ host: 'my.corp', paths: { '/plain': plain.dir } }),
    });
    const told = await story(config, 'my.corp/plain');
    expect(told.version).toMatch(/^v0\.0\.0-20240102030405-/);
    expect(told.go.slice(0, 2)).toMatchObject([{ request: '@v/list' }, { request: '@latest', status: 200 }]);
    expect(told.ok).toBe(true);
  });

  it.each(['main', 'HEAD', 'short hash'])('finds what a revision stands for: %s', async (revision) => {
    const query = revision === 'short hash' ? first.slice(0, 12) : revision;
    const told = await story(server.configFile, `my.corp/foo@${query}`);
    expect(told).toMatchObject({ ok: true, query, version: expect.stringMatching(/^v1\.\d\.0$/) as string });
  });

  it('shows the root that the git host confirmed', async () => {
    const { text, ok } = await explain({ config: server.configFile, module: 'my.corp/all/team/lib@v1.0.0' });
    expect(ok).toBe(true);
    expect(text).toMatch(/^root +my\.corp\/all\/team\/lib$/m);
    expect(text).toContain(`/all/{path...} (${server.vanityFile}:`);
  });

  it('asks the upstream for a public module, and says what go would be told', async () => {
    await using upstream = await fakeUpstream();
    const version = { Version: 'v1.0.0', Time: '2024-05-06T07:08:09Z' };
    upstream.answers['/example.com/x/@v/v1.0.0.info'] = send(Buffer.from(JSON.stringify(version)));
    upstream.answers['/example.com/x/@v/v1.0.0.mod'] = send(Buffer.from('module example.com/x\n'));
    const { config } = await files({
      config: `upstream: ${upstream.url}\n`,
      vanity: 'host: my.corp\npaths: {}\n',
    });
    const known = await explain({ config, module: 'example.com/x@v1.0.0' });
    expect(known.ok).toBe(true);
    expect(known.text).toContain(`none covers this module: it is asked for upstream, at ${upstream.url}`);
    expect(known.text).toMatch(/^go is told +@v\/v1.0.0.info +200 from the upstream$/m);
    const unknown = await explain({ config, module: 'example.com/x@v1.0.1' });
    expect(unknown.ok).toBe(false);
    expect(unknown.text).toContain('nobody knows');
    const { text, ok } = await explain({ config, module: 'my.corp/secret@v1.0.0' });
    expect(ok).toBe(false);
    expect(text).not.toContain('upstream, at');
    expect(upstream.asked.filter((path) => path.includes('my.corp'))).toEqual([]);
  });

  it('never shows a token', async () => {
    for (const module of ['my.corp/foo@v1.0.0', 'my.corp/nope']) {
      const text = await explain({ config: server.configFile, module });
      const json = await explain({ config: server.configFile, module, json: true });
      expect(text.text + json.text).not.toContain(CANARY);
    }
  });

  it('exits with 0, 1 and 2', async () => {
    const run = async (module: string) => modhaven(['explain', '--config', server.configFile, module]);
    expect(await run('my.corp/foo@v1.0.0')).toMatchObject({ code: 0, stderr: '' });
    expect(await run('my.corp/nope@v1.0.0')).toMatchObject({ code: 1, stderr: '' });
    expect(await run('-my.corp/@v1')).toMatchObject({ code: 2, stdout: '' });
    expect(await run('my.corp/foo@')).toMatchObject({ code: 2, stdout: '' });
  });
});

describe.skipIf(missing('git', 'ssh', 'sshd'))('explain over ssh', () => {
  sealedAccount();
  it('shows the ssh options in use', async () => {
    const root = await tempDir('explain-ssh');
    const r = await repo(path.join(root, 'foo.git'));
    await r.write({ 'go.mod': 'module my.corp/foo\n' }).commit('first');
    await r.tag('v1.0.0');
    await using host = await sshdHost(root, { mode: 'legacy' });
    const at = `127.0.0.1:${host.port}`;
    const entry = {
      identity_file: host.identityFile,
      known_hosts_file: host.knownHostsFile,
      ssh_options: { KexAlgorithms: '+diffie-hellman-group14-sha1', HostKeyAlgorithms: '+ssh-rsa' },
    };
    const { config } = await files({
      config: stringify({ vcs: { hosts: { [at]: entry } } }),
      vanity: stringify({ host: 'my.corp', paths: { '/foo': host.url('foo.git') } }),
    });
    const { text, ok } = await explain({ config, module: 'my.corp/foo@v1.0.0' });
    expect(ok).toBe(true);
    expect(text).toContain(
      'ssh options: KexAlgorithms=+diffie-hellman-group14-sha1, HostKeyAlgorithms=+ssh-rsa',
    );
    expect(text).toContain(`login: vcs.hosts.${at}.identity_file`);
    expect(text).not.toContain(host.identityFile);
  });
});
