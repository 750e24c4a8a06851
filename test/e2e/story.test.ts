/**
 * The story modhaven was written for, in one run and with real parts: a module moves from an old Gerrit (ssh with
 * SHA-1 key exchange) to a GitLab (http with a token), while developers fetch it through nginx by its vanity path.
 */
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { forwardProxy, type ForwardProxy } from '../support/relays/forward-proxy.js';
import { gitHttpHost, type GitHttpHost } from '../support/hosts/git-http-host.js';
import { repo, type GitRepo } from '../support/git/git-repo.js';
import { goClient, type Download, type GoClient } from '../support/go.js';
import { nginxHost, type NginxHost } from '../support/hosts/nginx-host.js';
import { missing } from '../support/requirements.js';
import { mustRun, run, type Env } from '../support/run.js';
import { CLI, startServer, type ModhavenServer } from '../support/server.js';
import { sshdHost, type SshdHost } from '../support/hosts/sshd-host.js';
import { tempDir } from '../support/tmp.js';
import { ask, logged, until } from '../support/ask.js';

const MODULE = 'mycompany.com/go/foo';
const TOKEN = 'glpat-story-token';

describe.skipIf(missing('git', 'go', 'ssh', 'sshd', 'nginx'))(
  'a module that moves from Gerrit to GitLab',
  () => {
    let gerrit: SshdHost;
    let gitlab: GitHttpHost;
    let gitlabRepo: GitRepo;
    let server: ModhavenServer;
    let nginx: NginxHost;
    let company: ForwardProxy;
    let go: GoClient;
    /** What `modhaven env` says, and nothing else. */
    let settings: Env & { GOPROXY: string };
    let firstVersion: Download;
    let hosts: Record<string, unknown>;

    beforeAll(async () => {
      const [sshRoot, httpRoot] = await Promise.all([tempDir('gerrit'), tempDir('gitlab')]);
      const old = await repo(path.join(sshRoot, 'go/foo.git'));
      old.at('2024-01-02T03:04:05Z').write({
        'go.mod': `module ${MODULE}\n\ngo 1.21\n`,
        'foo.go': 'package foo\n\nconst Word = "foo"\n',
      });
      await old.commit('first');
      await old.tag('v1.0.0');
      await mustRun('git', ['clone', '--quiet', '--mirror', old.dir, path.join(httpRoot, 'go/foo.git')]);
      gitlabRepo = await repo(path.join(httpRoot, 'go/foo.git'));

      const anyAccount = missing('root', 'mount-namespace');
      gerrit = await sshdHost(sshRoot, { mode: 'kex', ...(anyAccount ? {} : { user: 'git' as const }) });
      gitlab = await gitHttpHost(httpRoot, { auth: { user: 'oauth2', password: TOKEN } });
      hosts = {
        '127.0.0.1': {
          identity_file: gerrit.identityFile,
          known_hosts_file: gerrit.knownHostsFile,
          ssh_options: { Port: gerrit.port, HostKeyAlgorithms: 'ssh-ed25519' },
        },
      };
      server = await startServer({ config: config(hosts), vanity: vanity(gerritUrl()) });
      await writeFile(
        path.join(server.dir, 'home/.netrc'),
        `machine 127.0.0.1 login oauth2 password ${TOKEN}\n`,
        { mode: 0o600 },
      );
      nginx = await nginxHost(server.port);
      company = await forwardProxy({ 'mycompany.com': nginx.port });
      settings = await clientSettings(server.configFile);
      go = await developer();
    });

    afterAll(async () => {
      await Promise.all([go.stop(), company.stop(), nginx.stop()]);
      await server.stop();
      await Promise.all([gerrit.stop(), gitlab.stop()]);
    });

    /** The scp form glued onto `ssh://`, as people write it. */
    function gerritUrl(): string {
      return `ssh://${gerrit.user}@127.0.0.1:go/foo.git`;
    }

    function config(entries: unknown): Record<string, unknown> {
      return { public_url: 'http://mycompany.com', trust_proxy: ['127.0.0.1'], vcs: { hosts: entries } };
    }

    function vanity(url: string): Record<string, unknown> {
      return { host: 'mycompany.com', paths: { '/go/foo': url } };
    }

    /** Edits the rule and waits until the vanity page shows the new address. */
    async function moveTo(url: string, shown: string): Promise<void> {
      await server.writeVanity(vanity(url));
      const page = await until(
        async () => (await ask(nginx.url, '/go/foo?go-get=1', { headers: { Host: 'mycompany.com' } })).text,
        (html) => html.includes(`"${MODULE} git ${shown}"`),
      );
      expect(page).toContain(`<meta name="go-import" content="${MODULE} git ${shown}">`);
    }

    /** A fresh machine: empty module cache, the checksum database that go knows by itself. */
    async function developer(env: Env & { GOPROXY: string } = settings): Promise<GoClient> {
      return goClient({ GOSUMDB: undefined, ...company.env, ...env });
    }

    async function bytesOf(download: Download): Promise<Buffer[]> {
      return Promise.all(
        [download.Info, download.GoMod, download.Zip].map(async (file) => readFile(file ?? 'missing')),
      );
    }

    it('tells a developer all there is to set (f)', () => {
      expect(settings).toEqual({
        GOPROXY: 'http://mycompany.com',
        GONOSUMDB: 'mycompany.com',
        GONOPROXY: 'none',
      });
    });

    it('names the ssh option to add when the old host is refused (b)', async () => {
      const failed = await go.run('get', `${MODULE}@latest`);
      expect(failed.code).toBe(1);
      expect(failed.stderr).toContain('502 Bad Gateway');
      expect(failed.stderr).toContain(`cannot read ssh://${gerrit.user}@127.0.0.1/go/foo.git`);
      expect(failed.stderr).toContain(
        'the ssh server offers only old key exchange methods (diffie-hellman-group14-sha1, diffie-hellman-group1-sha1)',
      );
      expect(failed.stderr).toContain('tell the admin of mycompany.com: ');
      // The hint, which is for the admin and so in the log, is followed to the letter.
      const hint = /in modhaven\.yaml set vcs\.hosts\.\\?"?([^\s"\\]+?)\\?"?\.ssh_options: (\{ [^}]+ \})/;
      const logged = await until(
        () => server.logs(),
        (log) => hint.test(log),
      );
      const [, host = '', options = ''] = hint.exec(logged) ?? [];
      const hinted = parse(options) as Record<string, string>;
      expect([host, hinted.KexAlgorithms]).toEqual(['127.0.0.1', '+diffie-hellman-group14-sha1']);
      const entry = hosts[host] as { ssh_options: Record<string, unknown> };
      entry.ssh_options = { ...entry.ssh_options, ...hinted };
      await server.writeConfig(config(hosts));
      await until(
        () => server.logs(),
        (log) => log.includes('modhaven.yaml read again'),
      );
      expect(await go.run('get', `${MODULE}@latest`)).toMatchObject({
        code: 0,
        stderr: expect.stringContaining(`go: added ${MODULE} v1.0.0`) as string,
      });
    });

    it('reads the glued scp form as what it can only mean, and says so (a)', async () => {
      firstVersion = await go.downloadJson(`${MODULE}@v1.0.0`);
      expect(firstVersion).toMatchObject({
        Version: 'v1.0.0',
        Origin: { VCS: 'git', Ref: 'refs/tags/v1.0.0' },
      });
      expect(await gerrit.commands()).toContain(`git-upload-pack 'go/foo.git'`);
      const warning = `${server.vanityFile}:3:12: "${gerritUrl()}" mixes two spellings (git says "invalid port")`;
      const { text } = await ask(server.url, '/-/status');
      expect((JSON.parse(text) as { vanity: { warnings: string[] } }).vanity.warnings).toEqual([
        expect.stringContaining(warning),
      ]);
      await logged(server, JSON.stringify(warning).slice(1, -1));
    });

    it('builds a program with it', async () => {
      await writeFile(
        path.join(go.dir, 'main.go'),
        `package main\n\nimport "${MODULE}"\n\nfunc main() { println(foo.Word) }\n`,
      );
      expect(await go.run('run', '.')).toMatchObject({ code: 0, stderr: 'foo\n' });
    });

    it('says so when ssh is pointed at the http port (c)', async () => {
      const url = `ssh://git@127.0.0.1:${gitlab.port}/go/foo.git`;
      // The entry for the whole host would lead to sshd's port whatever the rule says.
      await server.writeConfig(config({ [`127.0.0.1:${gitlab.port}`]: {} }));
      await moveTo(url, url);
      await using other = await developer();
      // What was known is served on; what was never known is not.
      const failed = await other.run('get', `${MODULE}@v1.0.9`);
      expect(failed.code).toBe(1);
      expect(failed.stderr).toContain('probably no ssh server is');
      const log = await until(
        () => server.logs(),
        (text) => text.includes('if it is the http port'),
      );
      expect(log).toContain(`repo: http://127.0.0.1:${gitlab.port}/go/foo.git`);
      expect(await other.downloadJson(`${MODULE}@v1.0.0`)).toMatchObject({ Sum: firstVersion.Sum });
      await server.writeConfig(config(hosts));
    });

    it('fetches the next version from the http host, and keeps the bytes of the versions before (d)', async () => {
      gitlabRepo.at('2024-02-03T04:05:06Z').write({ 'foo.go': 'package foo\n\nconst Word = "new"\n' });
      const commit = await gitlabRepo.commit('second');
      await gitlabRepo.tag('v1.1.0');
      // The move rewrote the old tag, as careless moves do.
      await gitlabRepo.tag('v1.0.0', { force: true });

      const url = `${gitlab.url}/go/foo.git`;
      const asked = await gerrit.commands();
      // No login goes to a host before a rule names it. From the edit on, the server may ask by itself: it compares
      // the versions it has with their new repository (verify/drift.ts).
      expect(gitlab.requests.filter(({ authorization }) => authorization !== undefined)).toEqual([]);
      await moveTo(url, url);
      await using other = await developer();
      expect(await other.versions(MODULE)).toEqual(['v1.0.0', 'v1.1.0']);
      expect(await other.downloadJson(`${MODULE}@latest`)).toMatchObject({ Version: 'v1.1.0' });
      const next = await other.downloadJson(`${MODULE}@v1.1.0`);
      expect(next).toMatchObject({ Version: 'v1.1.0', Origin: { URL: url, Hash: commit } });
      const login = `Basic ${Buffer.from(`oauth2:${TOKEN}`).toString('base64')}`;
      const withLogin = gitlab.requests.filter(({ authorization }) => authorization !== undefined);
      expect(new Set(withLogin.map(({ authorization }) => authorization))).toEqual(new Set([login]));
      expect(withLogin.filter(({ url: asking }) => !asking.startsWith('/go/foo.git/'))).toEqual([]);
      expect(await gerrit.commands()).toEqual(asked);

      const again = await other.downloadJson(`${MODULE}@v1.0.0`);
      expect(again).toMatchObject({ Sum: firstVersion.Sum, GoModSum: firstVersion.GoModSum });
      expect(await bytesOf(again)).toEqual(await bytesOf(firstVersion));
      expect(server.logs().match(/modhaven is ready/g)).toHaveLength(1);
      expect(await go.run('get', `${MODULE}@latest`)).toMatchObject({ code: 0 });
      expect(await go.run('run', '.')).toMatchObject({ code: 0, stderr: 'new\n' });
    });

    it('is enough of a vanity host for go in direct mode (e)', async () => {
      await using direct = await developer({
        GOPROXY: 'direct',
        GOINSECURE: 'mycompany.com',
        GONOSUMDB: 'mycompany.com',
      });
      await writeFile(
        path.join(direct.dir, '..', '.netrc'),
        `machine 127.0.0.1 login oauth2 password ${TOKEN}\n`,
        { mode: 0o600 },
      );
      const next = await direct.downloadJson(`${MODULE}@v1.1.0`);
      await using proxied = await developer();
      expect(next.Error).toBeUndefined();
      expect(next).toMatchObject({ Sum: (await proxied.downloadJson(`${MODULE}@v1.1.0`)).Sum });
    });

    it('is enough of a vanity host for go in direct mode over ssh, too (e)', async () => {
      await moveTo(gerritUrl(), `ssh://${gerrit.user}@127.0.0.1/go/foo.git`);
      await using direct = await developer({
        GOPROXY: 'direct',
        GOINSECURE: 'mycompany.com',
        GONOSUMDB: 'mycompany.com',
        ...gerrit.gitEnv({ Port: String(gerrit.port), KexAlgorithms: '+diffie-hellman-group14-sha1' }),
      });
      const same = await direct.downloadJson(`${MODULE}@v1.0.0`);
      expect(same.Error).toBeUndefined();
      expect(same).toMatchObject({ Sum: firstVersion.Sum, GoModSum: firstVersion.GoModSum });
    });

    it('never made a developer’s machine ask anybody else, nor said the token', async () => {
      // In direct mode go tries the vanity host over https first.
      expect(company.refused.filter((target) => target !== 'mycompany.com:443')).toEqual([]);
      expect(server.logs()).not.toContain(TOKEN);
      expect((await ask(server.url, '/-/status')).text).not.toContain(TOKEN);
    });
  },
);

/** The variables that a shell has after `eval` of what `modhaven env` prints. */
async function clientSettings(configFile: string): Promise<Env & { GOPROXY: string }> {
  const script = 'eval "$("$0" "$1" env --config "$2")" && env';
  const { stdout } = await run('sh', ['-c', script, process.execPath, CLI, configFile]);
  const assignments = stdout.match(/^GO[A-Z]+=.*$/gm) ?? [];
  const settings = assignments.map((line) => [
    line.slice(0, line.indexOf('=')),
    line.slice(line.indexOf('=') + 1),
  ]);
  return { GOPROXY: '', ...(Object.fromEntries(settings) as Env) };
}
