/** Where a credential must never appear, whatever happens to the request it was for. */
import { readFile, readdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { gitHttpHost, type GitHttpHost } from '../../support/hosts/git-http-host.js';
import { repo } from '../../support/git/git-repo.js';
import { missing } from '../../support/requirements.js';
import { modhaven, startServer, type ModhavenServer } from '../../support/server.js';
import { tempDir } from '../../support/tmp.js';
import { selfSignedCertificate } from '../../support/hosts/tls-certificate.js';
import { ask, until } from '../../support/ask.js';

/** The ways in which a credential can be given; each has a host of its own. */
const WAYS = ['token', 'token_file', 'environment', 'netrc', 'url'] as const;
type Way = (typeof WAYS)[number];

const SECRETS: Record<Way, string> = {
  token: 'canary-1-in-modhaven-yaml',
  token_file: 'canary-2-in-a-file',
  environment: 'canary-3-in-the-environment',
  netrc: 'canary-4-in-netrc',
  url: 'canary-5-in-the-url',
};

/** Every spelling in which a secret could leak. */
const NEEDLES = Object.values(SECRETS).flatMap((secret) => [
  secret,
  Buffer.from(`oauth2:${secret}`).toString('base64').replace(/=+$/, ''),
]);

const FAILURES = ['r401', 'r403', 'r404', 'r500', 'away', 'hang', 'tls'] as const;

/** With settings of its own for http, an account leaves hosts to git. */
const BY = { 'this process': '', git: '[http]\n\tpostBuffer = 2m\n' };

describe.skipIf(missing('git', 'openssl')).each(Object.entries(BY))(
  'a credential used by %s',
  (by, gitconfig) => {
    const hosts = {} as Record<Way, GitHttpHost>;
    let elsewhere: GitHttpHost;
    let tls: GitHttpHost;
    let server: ModhavenServer;
    const answers: string[] = [];

    beforeAll(async () => {
      const root = await tempDir('secrets');
      const foo = await repo(path.join(root, 'foo.git'));
      await foo.write({ 'go.mod': 'module mycompany.com/foo\n' }).commit('first');
      await foo.tag('v1.0.0');
      elsewhere = await gitHttpHost(root, { auth: () => false });
      for (const way of WAYS) {
        const host = await gitHttpHost(root, { auth: { user: 'oauth2', password: SECRETS[way] } });
        hosts[way] = host;
        for (const status of [401, 403, 404, 500]) host.setFailure(`/r${status}`, status);
        host.setFailure('/away', { redirectTo: `${elsewhere.url}/away` });
        host.setFailure('/hang', 'hang');
      }
      tls = await gitHttpHost(root, { tls: await selfSignedCertificate(['127.0.0.1']) });

      const home = await tempDir('secrets-home');
      const netrc = `machine localhost login oauth2 password ${SECRETS.netrc}\n`;
      await writeFile(path.join(home, '.netrc'), netrc, { mode: 0o600 });
      await writeFile(path.join(home, '.gitconfig'), gitconfig);
      const tokenFile = path.join(home, 'token');
      await writeFile(tokenFile, `${SECRETS.token_file}\n`);
      const key = (host: GitHttpHost): string => `127.0.0.1:${host.port}`;
      server = await startServer({
        home,
        env: { CANARY: SECRETS.environment, GIT_CONFIG_GLOBAL: path.join(home, '.gitconfig') },
        args: ['--log-level', 'trace'],
        config: {
          vcs: {
            connect_timeout: '3s',
            hosts: {
              [key(hosts.token)]: { token: SECRETS.token, follow_redirects: true },
              [key(hosts.token_file)]: { token_file: tokenFile, follow_redirects: true },
              [key(hosts.environment)]: { token: '${CANARY}', follow_redirects: true },
              [`localhost:${hosts.netrc.port}`]: { follow_redirects: true },
              [key(hosts.url)]: { follow_redirects: true },
              [key(tls)]: { token: SECRETS.token },
            },
          },
        },
        vanity: {
          host: 'mycompany.com',
          paths: Object.fromEntries(
            WAYS.flatMap((way) => [
              [`/${way}/ok`, `${base(way)}/foo.git`],
              ...FAILURES.map((failure) => [
                `/${way}/${failure}`,
                failure === 'tls' ? `${tls.url}/${way}.git` : `${base(way)}/${failure}.git`,
              ]),
            ]),
          ),
        },
      });
    });
    afterAll(async () => {
      await server.stop();
      await Promise.all([...Object.values(hosts), elsewhere, tls].map(async (host) => host.stop()));
    });

    /** The address of a host as a rule has it. */
    function base(way: Way): string {
      const { port } = hosts[way];
      if (way === 'netrc') return `http://localhost:${port}`;
      return way === 'url' ? `http://oauth2:${SECRETS.url}@127.0.0.1:${port}` : `http://127.0.0.1:${port}`;
    }

    async function get(url: string): Promise<number> {
      const { status, text, headers } = await ask(server.url, url);
      answers.push(JSON.stringify(headers), text);
      return status;
    }

    describe.each(WAYS)('given by %s', (way) => {
      it('lets git in', async () => {
        const files = ['list', 'v1.0.0.info', 'v1.0.0.mod', 'v1.0.0.zip'];
        for (const file of files) expect(await get(`/mycompany.com/${way}/ok/@v/${file}`)).toBe(200);
        const login = `Basic ${Buffer.from(`oauth2:${SECRETS[way]}`).toString('base64')}`;
        expect(hosts[way].requests.map(({ authorization }) => authorization)).toContain(login);
        await ask(server.url, `/${way}/ok?go-get=1`).then(({ text }) => answers.push(text));
      });

      it('is in no argument and no environment of the programs that use it', async () => {
        const asked = get(`/mycompany.com/${way}/hang/@v/list`);
        const seen = new Set<string>();
        const hanging = { ended: false };
        void asked.finally(() => (hanging.ended = true));
        while (!hanging.ended) {
          for (const text of await processes(server.pid)) seen.add(text);
          await sleep(50); // to look all the time takes the processor from those that are looked at
        }
        expect(await asked).toBe(504);
        // The port is in the address that git was given: it was there to be seen.
        const address = `:${hosts[way].port}/hang.git`;
        const given = [...seen].filter((text) => text.includes(address)).join('\n');
        if (by === 'git') expect(given).toContain('ls-remote');
        else expect(given).toBe('');
        expect(leaks([...seen].join('\n'))).toEqual([]);
      });

      it('goes to no other host, and into no answer', async () => {
        const statuses = await Promise.all(
          FAILURES.map(async (failure) => get(`/mycompany.com/${way}/${failure}/@latest`)),
        );
        expect(Object.fromEntries(FAILURES.map((failure, i) => [failure, statuses[i]]))).toEqual({
          r401: 502,
          r403: 502,
          r404: 404,
          r500: 502,
          away: 502,
          hang: 504,
          tls: 502,
        });
        expect(elsewhere.requests.length).toBeGreaterThan(0);
        for (const { url, authorization } of [...elsewhere.requests, ...tls.requests]) {
          expect(leaks(`${url} ${authorization ?? ''} ${decoded(authorization)}`)).toEqual([]);
        }
      });
    });

    it('is in no answer, no log and no status', async () => {
      await get('/-/status');
      expect(answers.length).toBeGreaterThan(100);
      expect(leaks(answers.join('\n'))).toEqual([]);
      const log = await until(
        () => server.logs(),
        (text) => text.includes('/-/status'),
      );
      expect(log).toContain('HOST_REFUSED');
      expect(log).toContain('HOST_TIMEOUT');
      expect(leaks(log)).toEqual([]);
    });

    it('is in no file of the cache, also not in the configuration of a mirror', async () => {
      const names = await readdir(server.cacheDir, { recursive: true, withFileTypes: true });
      const found: string[] = [];
      for (const entry of names.filter((name) => name.isFile())) {
        const file = path.join(entry.parentPath, entry.name);
        if (leaks(file + (await readFile(file, 'latin1'))).length > 0) found.push(file);
      }
      expect(names.map(({ name }) => name)).toContain('config');
      expect(found).toEqual([]);
    });

    it('is in nothing that check prints', async () => {
      const args = ['--verbose', 'check', '--config', server.configFile];
      const env = { CANARY: SECRETS.environment, HOME: '/nonexistent' };
      for (const more of [[], ['--json']]) {
        const { stdout, stderr } = await modhaven([...args, ...more], { env });
        expect(stdout).toContain('/foo.git');
        expect(leaks(stdout + stderr)).toEqual([]);
      }
    });
  },
);

function leaks(text: string): string[] {
  return NEEDLES.filter((needle) => text.includes(needle));
}

function decoded(authorization = ''): string {
  return Buffer.from(authorization.replace(/^Basic /i, ''), 'base64').toString();
}

/**
 * Arguments and environment of every process but the server itself, whose environment holds what it was given. A child
 * that was forked and has not become git yet is still the server, which its arguments tell.
 */
async function processes(server: number): Promise<string[]> {
  const read = async (pid: string, file: string): Promise<string> =>
    readFile(`/proc/${pid}/${file}`, 'utf8').catch(() => '');
  const own = await read(String(server), 'cmdline');
  const texts: string[] = [];
  for (const pid of await readdir('/proc')) {
    const args = /^\d+$/.test(pid) ? await read(pid, 'cmdline') : own;
    if (args === own) continue;
    texts.push(args, await read(pid, 'environ')); // in this order: what has the arguments of git has its environment
  }
  return texts.filter((text) => text.includes('git') || text.includes('canary'));
}
