/** `check` against hosts of all kinds: which rule, which login, what is wrong. */
import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { check } from '../../../src/cli/check.js';
import type { CheckRow } from '../../../src/cli/probe/check-row.js';
import { parseModulePath } from '../../../src/module/module-path.js';
import { createDiskStore } from '../../../src/store/disk/disk-store.js';
import { putBytes } from '../../../src/store/version-store.js';
import { gitHttpHost, type GitHttpHost } from '../../support/hosts/git-http-host.js';
import { repo } from '../../support/git/git-repo.js';
import { freePort, listenOnLoopback } from '../../support/loopback.js';
import { missing } from '../../support/requirements.js';
import { run } from '../../support/run.js';
import { CLI, modhaven } from '../../support/server.js';
import { sshdHost } from '../../support/hosts/sshd-host.js';
import { tempDir } from '../../support/tmp.js';
import { files } from '../support/files.js';
import { sealedAccount } from '../support/in-process.js';

const CANARY = 'canary-6f2e';

interface Report {
  ok: boolean;
  dryRun: boolean;
  vanity: string;
  rules: CheckRow[];
}

interface Setup {
  hosts?: Record<string, unknown>;
  vcs?: Record<string, unknown>;
  rules: Record<string, unknown>;
}

async function setUp({ hosts = {}, vcs = {}, rules }: Setup) {
  return files({
    config: stringify({ vcs: { hosts, ...vcs } }),
    vanity: stringify({ host: 'my.corp', paths: rules }),
  });
}

async function report(setup: Setup, modules: string[] = []): Promise<Report> {
  const { config } = await setUp(setup);
  return reportOf({ config, modules });
}

async function reportOf(options: { config: string; vanity?: string; modules: string[] }): Promise<Report> {
  return JSON.parse((await check({ ...options, json: true })).text) as Report;
}

describe.skipIf(missing('git'))('check', () => {
  const account = sealedAccount();
  let root: string;
  let open: GitHttpHost;
  let locked: GitHttpHost;
  beforeAll(async () => {
    root = await tempDir('check-hosts');
    for (const name of ['foo.git', 'team/lib.git', 'team/sub/deep.git']) {
      const r = await repo(path.join(root, name));
      await r.write({ 'go.mod': `module my.corp/${name.slice(0, -4)}\n` }).commit('first');
      await r.tag('v1.0.0');
    }
    open = await gitHttpHost(root);
    locked = await gitHttpHost(root, { auth: { password: CANARY } });
  });
  afterAll(async () => Promise.all([open.stop(), locked.stop()]));

  describe('names the login that applied', () => {
    const lockedAt = (): string => `127.0.0.1:${locked.port}`;
    it('a token of vcs.hosts', async () => {
      const { ok, rules } = await report({
        hosts: { [lockedAt()]: { token: CANARY } },
        rules: { '/foo': `${locked.url}/foo.git` },
      });
      expect(ok).toBe(true);
      expect(rules).toMatchObject([
        { rule: '/foo', line: 3, hostEntry: lockedAt(), credential: `vcs.hosts.${lockedAt()}.token` },
      ]);
    });

    it('a token file, also where it cannot be read', async () => {
      const { ok, rules } = await report({
        hosts: { [lockedAt()]: { token_file: './nowhere' } },
        rules: { '/foo': `${locked.url}/foo.git` },
      });
      expect(ok).toBe(false);
      expect(rules).toMatchObject([
        {
          credential: `vcs.hosts.${lockedAt()}.token_file`,
          problem: expect.stringContaining('the server cannot read its token for the git host') as string,
        },
      ]);
    });

    it('~/.netrc, where it has the host', async () => {
      await writeFile(path.join(account.home, '.netrc'), `machine 127.0.0.1 login me password ${CANARY}\n`);
      const { ok, rules } = await report({ rules: { '/foo': `${locked.url}/foo.git` } });
      expect(ok).toBe(true);
      expect(rules).toMatchObject([{ credential: '~/.netrc', versions: 1 }]);
      expect(rules[0]).not.toHaveProperty('hostEntry');
    });

    it('none, where there is none', async () => {
      await writeFile(path.join(account.home, '.netrc'), `machine other.corp login me password ${CANARY}\n`);
      const { ok, rules } = await report({ rules: { '/foo': `${locked.url}/foo.git` } });
      expect(ok).toBe(false);
      expect(rules[0]).not.toHaveProperty('credential');
      expect(rules[0]?.problem).toContain('the git host wants a login and modhaven has none for it');
    });
  });

  it('never shows a token', async () => {
    const { config } = await setUp({
      hosts: { [`127.0.0.1:${locked.port}`]: { token: CANARY } },
      rules: { '/foo': `${locked.url}/foo.git`, '/bad': `${locked.url}/bad.git` },
    });
    const { text } = await check({ config, modules: [] });
    expect(text).toContain(`vcs.hosts.127.0.0.1:${locked.port}.token`);
    expect(text).not.toContain(CANARY);
  });

  it('tries a file that is not live yet, and leaves the live one alone', async () => {
    const { dir, config } = await setUp({ rules: { '/old': `${open.url}/nope.git` } });
    const vanity = path.join(dir, 'new.yaml');
    await writeFile(vanity, stringify({ host: 'my.corp', paths: { '/new': `${open.url}/foo.git` } }));
    expect(await reportOf({ config, vanity, modules: [] })).toMatchObject({
      ok: true,
      dryRun: true,
      vanity,
      rules: [{ rule: '/new', reached: true }],
    });
    expect((await check({ config, vanity, modules: [] })).text).toContain(`dry run: ${vanity} is tried`);
    expect(await reportOf({ config, modules: [] })).toMatchObject({ ok: false, dryRun: false });

    await writeFile(vanity, 'host: my.corp\npaths:\n  /x: gopher://h/x\n');
    const bad = await modhaven(['check', '--config', config, '--vanity', vanity]);
    expect(bad).toMatchObject({ code: 2, stdout: '' });
    expect(bad.stderr).toContain(`${vanity}:3:7: `);
  });

  describe('says which rule serves a path', () => {
    const rules = (): Record<string, string> => ({
      '/{name}': `${open.url}/{name}.git`,
      '/foo': `${open.url}/foo.git`,
      '/all/{path...}': `${open.url}/{path}.git`,
    });
    it.each([
      ['the literal one before the pattern', 'my.corp/foo/v2', '/foo', 'my.corp/foo'],
      ['the pattern for what has no rule of its own', 'my.corp/bar', '/{name}', 'my.corp/bar'],
      [
        'of {path...} the root that the host has',
        'my.corp/all/team/lib/x/y',
        '/all/{path...}',
        'my.corp/all/team/lib',
      ],
      ['of {path...} a subgroup', 'my.corp/all/team/sub/deep', '/all/{path...}', 'my.corp/all/team/sub/deep'],
    ])('%s', async (_name, module, rule, root) => {
      expect((await report({ rules: rules() }, [module])).rules).toMatchObject([{ module, rule, root }]);
    });

    it('shows the confirmed root to people', async () => {
      const { config } = await setUp({ rules: rules() });
      const { text, ok } = await check({ config, modules: ['my.corp/all/team/lib/x'] });
      expect(ok).toBe(true);
      expect(text).toContain('the git host has the repository at my.corp/all/team/lib\n');
    });

    it('and that there is no repository', async () => {
      const { ok, rules: rows } = await report({ rules: rules() }, ['my.corp/all/team/none']);
      expect(ok).toBe(false);
      expect(rows).toMatchObject([
        {
          rule: '/all/{path...}',
          repository: `${open.url}/team/none.git`,
          problem: expect.stringContaining('the git host has none at') as string,
        },
      ]);
    });
  });

  it('tries the cached modules of a pattern', async () => {
    const { dir, config } = await setUp({ rules: { '/{name}': `${open.url}/{name}.git` } });
    const store = createDiskStore(path.join(dir, 'data/download'));
    for (const module of ['my.corp/foo', 'my.corp/foo/v2', 'my.corp/lost', 'else.corp/x']) {
      await putBytes(
        store,
        { module: parseModulePath(module), version: 'v1.0.0', kind: 'info' },
        Buffer.from('{}'),
      );
    }
    const { ok, rules } = await reportOf({ config, modules: [] });
    expect(ok).toBe(false);
    expect(rules).toMatchObject([
      { module: 'my.corp/foo', rule: '/{name}', reached: true },
      { module: 'my.corp/lost', rule: '/{name}', reached: false },
    ]);
  });

  describe('with several repositories', () => {
    const foo = (): string => `${open.url}/foo.git`;
    const nope = (): string => `${open.url}/nope.git`;
    const rows: { name: string; repo: () => string[]; ok: boolean; reached: boolean[] }[] = [
      {
        name: 'one that is not there yet is in order',
        repo: () => [nope(), foo()],
        ok: true,
        reached: [false, true],
      },
      { name: 'none at all is not', repo: () => [nope(), nope()], ok: false, reached: [false, false] },
      {
        name: 'one that cannot be asked is not',
        repo: () => ['http://127.0.0.1:9/foo.git', foo()],
        ok: false,
        reached: [false, true],
      },
    ];
    it.each(rows)('$name', async ({ repo: list, ok, reached }) => {
      const found = await report({ rules: { '/foo': { repo: list() } } });
      expect(found.ok).toBe(ok);
      expect(found.rules.map((row) => [row.repository, row.reached])).toEqual(
        list().map((url, i) => [url, reached[i]]),
      );
    });
  });

  it.each(['http', 'https'])(
    'waits once for a silent host, not for each of its rules: %s',
    async (scheme) => {
      let connections = 0;
      await using silent = await listenOnLoopback(createServer(() => (connections += 1)));
      const rules = Object.fromEntries(
        Array.from({ length: 20 }, (_, i) => [`/m${i}`, `${scheme}://127.0.0.1:${silent.port}/m${i}.git`]),
      );
      // Were it waited for as long as vcs.timeout says, the test would not end.
      const found = await report({ vcs: { timeout: '1h', connect_timeout: '1s' }, rules });
      expect(found.rules.map((row) => row.problem)).toEqual(
        Array<unknown>(20).fill(expect.stringMatching(/did not answer/)),
      );
      expect(connections).toBeLessThanOrEqual(2);
    },
  );

  it('tells its progress', async () => {
    const { config } = await setUp({ rules: { '/a': `${open.url}/foo.git`, '/b': `${open.url}/nope.git` } });
    const steps: number[][] = [];
    await check({ config, modules: [], onProgress: (done, total) => void steps.push([done, total]) });
    expect(steps).toEqual([
      [0, 2],
      [1, 2],
      [2, 2],
    ]);
  });

  it.skipIf(missing('script'))('draws a bar on a terminal', async () => {
    const { config } = await setUp({ rules: { '/foo': `${open.url}/foo.git` } });
    const command = `${process.execPath} ${CLI} check --config ${config} >${config}.out`;
    const { stdout } = await run('script', ['-qec', command, '/dev/null'], { env: { TERM: 'xterm' } });
    expect(stdout).toContain('checking [');
    expect(stdout).toContain('/1');
  });
});

describe.skipIf(missing('git', 'ssh', 'sshd'))('check over ssh', () => {
  sealedAccount();
  let root: string;
  beforeAll(async () => {
    root = await tempDir('check-ssh');
    const r = await repo(path.join(root, 'foo.git'));
    await r.write({ 'go.mod': 'module my.corp/foo\n' }).commit('first');
    await r.tag('v1.0.0');
  });

  it('reads with the key and the options of the entry', async () => {
    await using host = await sshdHost(root, { mode: 'legacy' });
    const at = `127.0.0.1:${host.port}`;
    const keys = { identity_file: host.identityFile, known_hosts_file: host.knownHostsFile };
    const options = { KexAlgorithms: '+diffie-hellman-group14-sha1', HostKeyAlgorithms: '+ssh-rsa' };
    const rules = { '/foo': host.url('foo.git') };
    const good = await report({ hosts: { [at]: { ...keys, ssh_options: options } }, rules });
    expect(good.rules).toMatchObject([
      { reached: true, hostEntry: at, credential: `vcs.hosts.${at}.identity_file`, versions: 1 },
    ]);
    const bad = await report({ hosts: { [at]: keys }, rules });
    expect(bad.rules[0]?.remedy).toContain('KexAlgorithms: +diffie-hellman-group14-sha1');
    expect(bad.rules[0]?.remedy).toContain('HostKeyAlgorithms: +ssh-rsa');
  });

  it('says the fingerprint of an unknown host key, and the command that pins it', async () => {
    await using host = await sshdHost(root);
    const at = `127.0.0.1:${host.port}`;
    const { rules } = await report({
      hosts: { [at]: { identity_file: host.identityFile, known_hosts_file: './none' } },
      rules: { '/foo': host.url('foo.git') },
    });
    expect(rules[0]?.problem).toContain('the ssh host key is unknown');
    expect(rules[0]?.problem).toContain(`ED25519 ${await fingerprint(host.knownHostsFile)}`);
    expect(rules[0]?.remedy).toContain(`modhaven trust-host ${at}`);
  });

  it('says old and new of a changed host key', async () => {
    await using host = await sshdHost(root);
    await using other = await sshdHost(root, { port: await freePort() });
    const at = `127.0.0.1:${host.port}`;
    const { dir, config } = await setUp({
      hosts: { [at]: { identity_file: host.identityFile, known_hosts_file: './known_hosts' } },
      rules: { '/foo': host.url('foo.git') },
    });
    const wrong = path.join(dir, 'known_hosts');
    const { stdout } = await run('cat', [other.knownHostsFile]);
    await writeFile(wrong, stdout.replace(String(other.port), String(host.port)));
    const { rules } = await reportOf({ config, modules: [] });
    expect(rules[0]?.problem).toContain(`(now ED25519 ${await fingerprint(host.knownHostsFile)})`);
    expect(rules[0]?.remedy).toContain(`ssh-keygen -R "[127.0.0.1]:${host.port}" -f ${wrong}`);
    expect(rules[0]?.remedy).toContain(`modhaven trust-host ${at}`);
  });

  it('gives up a host that says nothing', async () => {
    await using silent = await listenOnLoopback(createServer());
    const { rules } = await report({
      vcs: { timeout: '1h', connect_timeout: '1s' },
      rules: { '/foo': `ssh://git@127.0.0.1:${silent.port}/foo.git` },
    });
    expect(rules[0]?.problem).toContain('accepts connections but says nothing');
  });
});

/** In ssh-keygen's own words. */
async function fingerprint(knownHosts: string): Promise<string> {
  const { stdout } = await run('ssh-keygen', ['-l', '-f', knownHosts]);
  return /SHA256:\S+/.exec(stdout)?.[0] ?? 'no fingerprint';
}
