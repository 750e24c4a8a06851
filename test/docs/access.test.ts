/** `docs/access.md`, followed with real parts: htpasswd, tokens, and nginx with a session service as oauth2-proxy is one. */
import { writeFile } from 'node:fs/promises';
import http from 'node:http';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import type { Daemon } from '../support/process/daemon.js';
import { repo } from '../support/git/git-repo.js';
import { guideBlock } from '../support/guide.js';
import { freePort, listenOnLoopback, type LoopbackHost } from '../support/loopback.js';
import { startNginx } from '../support/hosts/nginx-host.js';
import { missing } from '../support/requirements.js';
import { run } from '../support/run.js';
import { modhaven, startServer, type ModhavenServer } from '../support/server.js';
import { tempDir } from '../support/tmp.js';
import { ask } from '../support/ask.js';

const block = (heading: string, language: string, has = '') =>
  guideBlock('access.md', (found) => {
    const isHere = found.heading === heading && found.language === language;
    return isHere && found.text.includes(has);
  });

const basic = (user: string, password: string) => ({
  Authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`,
});
const HTML = { Accept: 'text/html' };

describe.skipIf(missing('git', 'nginx', 'htpasswd'))('docs/access.md', () => {
  let server: ModhavenServer;
  let sso: LoopbackHost;
  let nginx: Daemon;
  let front: string;
  let token: string;

  beforeAll(async () => {
    const root = await tempDir('access-guide');
    for (const name of ['secret', 'lib']) {
      const made = await repo(path.join(root, `${name}.git`));
      await made.write({ 'go.mod': `module mycompany.com/go/${name}\n` }).commit('one');
      await made.tag('v1.0.0');
    }
    const dir = await tempDir('server');
    // Ten people and a CI
    const written = parse(block('Ten people and a CI', 'yaml', 'htpasswd_file')) as Record<string, unknown>;
    for (const [index, name] of ['ann', 'bob'].entries()) {
      const flags = index === 0 ? '-cbB' : '-bB';
      const made = await run('htpasswd', [flags, path.join(dir, 'users.htpasswd'), name, `pw-${name}`]);
      expect(made.code, made.stderr).toBe(0);
    }
    await writeFile(path.join(dir, 'groups'), 'ann: core, docs\n');
    await writeFile(path.join(dir, 'tokens.yaml'), '');
    const config = {
      ...written,
      trust_proxy: ['127.0.0.1'],
      public_url: 'https://goproxy.mycompany.com',
      // All the clients of this test are on this machine.
      admin: ['192.0.2.1'],
    };
    server = await startServer({
      dir,
      config,
      vanity: `host: mycompany.com\npaths:\n  /go/{name}: ${root}/{name}.git\n`,
    });
    const added = await modhaven([
      'token',
      'add',
      'ci',
      '--groups',
      'builds',
      '--expires',
      '90d',
      '--config',
      server.configFile,
    ]);
    token = added.stdout.split('\n', 1)[0] ?? '';

    // Everything behind an SSO proxy
    sso = await listenOnLoopback(
      http.createServer((request, response) => {
        const hasSession = request.headers.cookie === 'session=ok';
        if (request.url === '/oauth2/auth') response.writeHead(hasSession ? 202 : 401).end();
        else response.end('sign in here');
      }),
    );
    const port = await freePort();
    front = `http://127.0.0.1:${port}`;
    const site = block('Everything behind an SSO proxy', 'nginx')
      .replace('listen 443 ssl;', `listen 127.0.0.1:${port};`)
      .replace(/^ *ssl_.*\n/gm, '')
      .replaceAll('127.0.0.1:4180', `127.0.0.1:${sso.port}`)
      .replaceAll('127.0.0.1:10000', `127.0.0.1:${server.port}`);
    nginx = await startNginx(`events {}\nhttp {\n access_log off;\n${site}}\n`);
  });
  afterAll(async () => {
    await nginx.stop();
    await Promise.all([server.stop(), sso.stop()]);
  });

  const statusOf = async (url: string, headers: Record<string, string> = {}) =>
    (await ask(front, url, { headers })).status;

  it('gives people and the CI what the rules say, through the SSO proxy without a session', async () => {
    const list = (name: string) => `/mycompany.com/go/${name}/@v/list`;
    // The running server reads the file of the token that was added; each try before that is a wrong guess, so not too many.
    await expect.poll(() => statusOf(list('lib'), basic('anything', token)), { interval: 400 }).toBe(200);
    for (const [headers, secret, lib] of [
      [basic('ann', 'pw-ann'), 200, 200],
      [basic('bob', 'pw-bob'), 403, 200],
      [basic('anything', token), 200, 200],
      [{}, 401, 401],
    ] as const) {
      expect([await statusOf(list('secret'), headers), await statusOf(list('lib'), headers)]).toEqual([
        secret,
        lib,
      ]);
    }
    const { text } = await ask(front, list('lib'));
    expect(text).toContain('machine goproxy.mycompany.com login NAME password TOKEN');
  });

  it('lets go ask for pages and settings, and people only with a session', async () => {
    const page = await ask(front, '/go/lib?go-get=1', { headers: { Host: 'mycompany.com' } });
    expect(page.text).toContain('go-import');
    expect((await ask(front, '/-/env')).text).toContain('GOPROXY');
    expect(await statusOf('/sumdb/sum.golang.org/supported')).not.toBe(401);
    for (const url of ['/', '/-/modules', '/mycompany.com/go/lib', '/-/status']) {
      expect((await ask(front, url, { headers: HTML })).text, url).toBe('sign in here');
    }
    const session = { ...HTML, Cookie: 'session=ok' };
    expect((await ask(front, '/', { headers: session })).text).toContain('<html');
    // The session is not a right to a module, and no admin's.
    expect(await statusOf('/mycompany.com/go/lib', session)).toBe(401);
    expect(await statusOf('/-/status', { ...session, ...basic('ann', 'pw-ann') })).toBe(403);
    expect(await statusOf('/mycompany.com/go/lib', { ...session, ...basic('bob', 'pw-bob') })).toBe(200);
  });
});
