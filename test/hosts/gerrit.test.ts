/**
 * modhaven in front of a real Gerrit: what is different there from a host that only serves git (projects without
 * `.git`, `/a/` for logins, refs that are not branches, old key exchange), and the way off it.
 */
import path from 'node:path';
import { writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { gerritHost, type GerritHost } from '../support/hosts/gerrit-host.js';
import { gitHttpHost } from '../support/hosts/git-http-host.js';
import { repo, type GitRepo } from '../support/git/git-repo.js';
import { goClient } from '../support/go.js';
import { missing } from '../support/requirements.js';
import { mustRun } from '../support/run.js';
import { modhaven, startServer } from '../support/server.js';
import { logged } from '../support/ask.js';
import { tempDir } from '../support/tmp.js';

const MODULE = 'mycompany.com/go/common';
/** What `go` computes for the two versions, wherever they come from. */
const SUMS = {
  'v1.0.0': 'h1:w4p5hyA8hML1gs7OyB+4XQ00vI4GcXSl7G+Zjbdvjqs=',
  'v1.1.0': 'h1:qH0BAle8w+QJXd56phypRAA/27O3RFRo7ZQKesJq4ag=',
};

describe.skipIf(missing('git', 'go', 'ssh', 'java', 'javac', 'mvn'))('Gerrit', () => {
  /** Where the repositories lie that are pushed to Gerrit, and that the next host serves after a move. */
  let root: string;
  let common: GitRepo;
  let change: string;
  let gerrit: GerritHost;
  let legacy: GerritHost;
  const started: GerritHost[] = [];

  // The first time on a machine this fetches 84 MiB of jars.
  beforeAll(async () => {
    root = await tempDir('gerrit-root');
    common = await repo(path.join(root, 'go/common.git'));
    await common
      .write({ 'go.mod': `module ${MODULE}\n\ngo 1.21\n`, 'x.go': 'package common\n' })
      .commit('first');
    await common.tag('v1.0.0');
    await common
      .at('2024-02-01T00:00:00Z')
      .write({ 'x.go': 'package common\n\nconst X = 1\n' })
      .commit('second');
    await common.tag('v1.1.0', { annotated: true, message: 'release' });
    await common.branch('review');
    change = await common
      .checkout('review')
      .at('2024-03-01T00:00:00Z')
      .write({ 'x.go': 'package common\n\nconst X = 2\n' })
      .commit(`third\n\nChange-Id: I${'c'.repeat(40)}\n`);
    started.push((gerrit = await gerritHost()));
    started.push((legacy = await gerritHost({ legacy: true })));
    for (const host of started) {
      await host.createProject('go/common');
      await host.push(common.dir, 'go/common', ['main', 'v1.0.0', 'v1.1.0', 'review:refs/for/main']);
    }
    await common.git('update-ref', '-d', 'refs/heads/review');
  }, 900_000);

  afterAll(async () => {
    await Promise.all(started.map(async (host) => host.stop()));
  });

  /** modhaven.yaml that logs in to `host` over ssh, as the guide says. */
  function sshConfig(host: GerritHost, entry: Record<string, unknown> = {}): Record<string, unknown> {
    const { identityFile, knownHostsFile } = host;
    return {
      refresh: '0s',
      vcs: {
        hosts: {
          [`127.0.0.1:${host.sshPort}`]: {
            identity_file: identityFile,
            known_hosts_file: knownHostsFile,
            ...entry,
          },
        },
      },
    };
  }

  function rules(target: string): Record<string, unknown> {
    return { host: 'mycompany.com', paths: { '/go/{name}': target } };
  }

  async function ask(server: { url: string }, resource: string): Promise<{ status: number; text: string }> {
    const answer = await fetch(`${server.url}/${resource}`);
    return { status: answer.status, text: await answer.text() };
  }

  async function checkOne(dir: string, module = MODULE): Promise<{ code: number; stdout: string }> {
    return modhaven(['check', '--config', path.join(dir, 'modhaven.yaml'), module], { env: { HOME: dir } });
  }

  const ways: { name: string; server: () => Parameters<typeof startServer>[0] }[] = [
    {
      name: 'ssh',
      server: () => ({ config: sshConfig(gerrit), vanity: rules(gerrit.sshUrl('go/{name}')) }),
    },
    {
      name: 'ssh with the SHA-1 key exchange allowed',
      server: () => ({
        config: sshConfig(legacy, { ssh_options: { KexAlgorithms: '+diffie-hellman-group1-sha1' } }),
        vanity: rules(legacy.sshUrl('go/{name}')),
      }),
    },
    { name: 'http without a login', server: () => ({ vanity: rules(gerrit.httpUrl('go/{name}')) }) },
    {
      name: 'http with a login',
      server: () => ({
        config: {
          vcs: { hosts: { [`127.0.0.1:${gerrit.httpPort}`]: { username: 'admin', token: gerrit.password } } },
        },
        vanity: rules(gerrit.httpUrl('go/{name}', { authenticated: true })),
      }),
    },
  ];
  it.each(ways)('serves go over $name', async ({ server: options }) => {
    await using server = await startServer(options());
    await using go = await goClient({ GOPROXY: server.url });
    expect(await go.versions(MODULE)).toEqual(['v1.0.0', 'v1.1.0']);
    expect(await go.downloadJson(`${MODULE}@latest`)).toMatchObject({ Version: 'v1.1.0' });
    expect(await go.downloadJson(`${MODULE}@v1.1.0`)).toMatchObject({
      Sum: SUMS['v1.1.0'],
      Origin: { VCS: 'git', Ref: 'refs/tags/v1.1.0', Hash: await common.rev('v1.1.0^{commit}') },
    });
    expect(await checkOne(server.dir)).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/ yes +main +2\b/) as string,
    });
  });

  it('never makes a version of a change under review or of its configuration', async () => {
    const url = gerrit.httpUrl('go/common', { authenticated: true });
    const refs = await mustRun('git', ['ls-remote', url.replace('//', `//admin:${gerrit.password}@`)]);
    expect(refs).toContain(`${change}\trefs/changes/`);
    expect(refs).toContain('\trefs/meta/config\n');
    await using server = await startServer({
      config: sshConfig(gerrit),
      vanity: rules(gerrit.sshUrl('go/{name}')),
    });
    expect(await ask(server, `${MODULE}/@v/list`)).toEqual({ status: 200, text: 'v1.0.0\nv1.1.0\n' });
    expect((await ask(server, `${MODULE}/@latest`)).text).toContain('"Version":"v1.1.0"');
  });

  it('tells the name of the option that an old Gerrit needs', async () => {
    await using server = await startServer({
      config: sshConfig(legacy),
      vanity: rules(legacy.sshUrl('go/{name}')),
    });
    await using go = await goClient({ GOPROXY: server.url });
    const { code, stderr } = await go.run('list', '-m', '-versions', MODULE);
    expect(code).toBe(1);
    expect(stderr).toContain('502 Bad Gateway');
    expect(stderr).toContain('the ssh server offers only old key exchange methods');
    const option = 'ssh_options: { KexAlgorithms: +diffie-hellman-group';
    expect(stderr).toContain(`127.0.0.1:${legacy.sshPort}`);
    expect(stderr).not.toContain(option);
    expect(await logged(server, option)).toContain(option);
    const checked = await checkOne(server.dir);
    expect(checked.code).toBe(1);
    expect(checked.stdout).toContain(option);
  });

  it('tells a project that is not there', async () => {
    const nope = 'mycompany.com/go/nope';
    await using ssh = await startServer({
      config: sshConfig(gerrit),
      vanity: rules(gerrit.sshUrl('go/{name}')),
    });
    const missingProject = await ask(ssh, `${nope}/@v/list`);
    expect(missingProject.status).toBe(404);
    expect(missingProject.text).toContain('the git host knows no such repository, or hides it from this key');

    // Gerrit's http answers 403 whether a project is missing or not for this reader: no fact, so no 404.
    await using http = await startServer({ vanity: rules(gerrit.httpUrl('go/{name}')) });
    const hidden = await ask(http, `${nope}/@v/list`);
    expect(hidden.status).toBe(502);
    expect(hidden.text).toContain('the git host answered 403');
    expect(await checkOne(http.dir, nope)).toMatchObject({ code: 1 });
  });

  it('tells a key and a password that Gerrit does not know', async () => {
    const dir = await tempDir('stranger');
    const stranger = path.join(dir, 'id');
    await mustRun('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', stranger]);
    await using ssh = await startServer({
      config: sshConfig(gerrit, { identity_file: stranger }),
      vanity: rules(gerrit.sshUrl('go/{name}')),
    });
    const wrongKey = await ask(ssh, `${MODULE}/@v/list`);
    expect(wrongKey.status).toBe(502);
    expect(wrongKey.text).toContain('the ssh server refused the user admin');

    const tokenFile = path.join(dir, 'password');
    await writeFile(tokenFile, 'not-the-password\n');
    await using http = await startServer({
      config: {
        vcs: { hosts: { [`127.0.0.1:${gerrit.httpPort}`]: { username: 'admin', token_file: tokenFile } } },
      },
      vanity: rules(gerrit.httpUrl('go/{name}', { authenticated: true })),
    });
    const wrongPassword = await ask(http, `${MODULE}/@v/list`);
    expect(wrongPassword.status).toBe(502);
    expect(wrongPassword.text).toContain('the git host refused the credentials');
    // The key is for the admin, who finds it in the log.
    expect(wrongPassword.text).not.toContain('token_file');
    const log = await logged(http, 'token_file');
    expect(wrongPassword.text + log).not.toContain('not-the-password');
  });

  it('is left by one edited line, and no version changes', async () => {
    await using next = await gitHttpHost(root, { auth: { password: 'next-token' } });
    const { vcs } = sshConfig(gerrit) as { vcs: { hosts: Record<string, unknown> } };
    const hosts = { ...vcs.hosts, [`127.0.0.1:${next.port}`]: { token: 'next-token' } };
    await using server = await startServer({
      config: { refresh: '0s', vcs: { hosts } },
      vanity: `host: mycompany.com\npaths:\n  /go/common: ${gerrit.sshUrl('go/common')}\n`,
    });
    await using before = await goClient({ GOPROXY: server.url });
    const first = await before.downloadJson(`${MODULE}@v1.0.0`);
    expect(first).toMatchObject({ Sum: SUMS['v1.0.0'], Origin: { URL: gerrit.sshUrl('go/common') } });

    await server.writeVanity(`host: mycompany.com\npaths:\n  /go/common: ${next.url}/go/common.git\n`);
    // What was released since then is only at the new host.
    await common
      .checkout('main')
      .at('2024-04-01T00:00:00Z')
      .write({ 'x.go': 'package common\n' })
      .commit('fourth');
    await common.tag('v1.2.0');
    await expect
      .poll(async () => (await ask(server, `${MODULE}/@v/list`)).text)
      .toBe('v1.0.0\nv1.1.0\nv1.2.0\n');

    // A machine that has seen nothing yet gets what the first one got, down to the place it came from.
    await using after = await goClient({ GOPROXY: server.url });
    const again = await after.downloadJson(`${MODULE}@v1.0.0`);
    expect([again.Sum, again.GoModSum, again.Origin]).toEqual([first.Sum, first.GoModSum, first.Origin]);
    expect(await after.downloadJson(`${MODULE}@v1.1.0`)).toMatchObject({
      Sum: SUMS['v1.1.0'],
      Origin: { URL: `${next.url}/go/common.git` },
    });
    expect(await after.downloadJson(`${MODULE}@v1.2.0`)).toMatchObject({ Version: 'v1.2.0' });
    expect(next.requests.some(({ authorization }) => authorization !== undefined)).toBe(true);
  });
});
