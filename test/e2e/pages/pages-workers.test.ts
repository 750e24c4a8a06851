/** The pages where workers accept the connections: what a visitor may see, live phases, and who asked first. */
import path from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openTab, startBrowser } from './browser.js';
import { gitHttpHost, type GitHttpHost } from '../../support/hosts/git-http-host.js';
import { repo } from '../../support/git/git-repo.js';
import { missing } from '../../support/requirements.js';
import { startServer, type ModhavenServer } from '../../support/server.js';
import { tempDir } from '../../support/tmp.js';
import { annAndBob } from './ann-and-bob.js';
import { ask, type Answer } from '../../support/ask.js';

const HTML = { Accept: 'text/html' };
const login = (user: string) => ({
  Authorization: `Basic ${Buffer.from(`${user}:right`).toString('base64')}`,
});

describe.skipIf(missing('git', 'chromium'))('pages behind two workers', () => {
  let browser: Browser;
  let host: GitHttpHost;
  /** Hosts that say nothing; one for each test, because what is known to be silent is not waited for again. */
  let silent: GitHttpHost[];
  let server: ModhavenServer;
  let open: ModhavenServer;

  beforeAll(async () => {
    const root = await tempDir('pages-workers');
    for (const name of ['kit', 'secret']) {
      const made = await repo(path.join(root, `${name}.git`));
      const requires = name === 'secret' ? '\nrequire corp.test/kit v1.0.0\n' : '';
      made.write({ 'go.mod': `module corp.test/${name}\n${requires}`, 'README.md': `# The ${name}\n` });
      await made.commit('one');
      await made.tag('v1.0.0');
    }
    host = await gitHttpHost(root);
    silent = await Promise.all([gitHttpHost(root), gitHttpHost(root)]);
    for (const one of silent) one.setFailure('/', 'hang');
    const rules = [
      `/{name}: ${host.url}/{name}.git`,
      ...silent.map(({ url }, i) => `/slow${i}: ${url}/slow.git`),
    ];
    const vanity = `host: corp.test\npaths:\n${rules.map((rule) => `  ${rule}\n`).join('')}`;
    const common = { workers: 2, vcs: { connect_timeout: '4s', timeout: '30s' } };
    const dir = await tempDir('server');
    const auth = await annAndBob(dir);
    [server, open] = await Promise.all([
      startServer({ dir, vanity, config: { ...common, admin: [], auth } }),
      startServer({ vanity, config: common }),
    ]);
    browser = await startBrowser();
    for (const [name, user] of [
      ['kit', 'bob'],
      ['secret', 'ann'],
    ] as const) {
      for (const part of ['info', 'mod', 'zip']) {
        expect((await get(`/corp.test/${name}/@v/v1.0.0.${part}`, user)).status).toBe(200);
      }
    }
  });
  afterAll(async () => {
    await browser.close();
    await Promise.all([server.stop(), open.stop(), ...[host, ...silent].map((one) => one.stop())]);
  });

  function get(url: string, user?: string, more: Record<string, string> = {}): Promise<Answer> {
    return ask(server.url, url, {
      headers: { ...HTML, ...more, ...(user === undefined ? {} : login(user)) },
    });
  }

  it('show each visitor what they may read, whichever worker answers', async () => {
    for (let i = 0; i < 4; i += 1) {
      for (const url of ['/', '/-/modules?q=s', '/-/index', '/corp.test/kit?tab=imports']) {
        expect((await get(url, 'ann')).text, url).toContain('corp.test/secret');
        const answer = await get(url, 'bob');
        expect(answer.status, url).toBe(200);
        expect(answer.text, url).not.toContain('corp.test/secret');
      }
      expect((await get('/corp.test/secret', 'bob')).status).toBe(403);
      expect((await get('/corp.test/kit')).status).toBe(401);
      expect((await get('/-/status', 'bob')).status).toBe(403);
      expect((await get('/corp.test/kit', 'bob')).text).toContain('<h1 class="path">corp.test/kit</h1>');
    }
    const { headers, text } = await get('/-/status', 'ann');
    expect(headers['content-security-policy']).toContain("default-src 'none'");
    expect(text).toContain('<h1>Status</h1>');
  });

  it('say to admins alone who asked first for a version', async () => {
    for (const tab of ['', '?tab=versions']) {
      expect((await get(`/corp.test/kit${tab}`, 'ann')).text).toContain('by bob');
      const { text } = await get(`/corp.test/kit${tab}`, 'bob');
      expect(text).toContain('v1.0.0');
      expect(text).not.toContain('by bob');
    }
  });

  it('and without logins to those whose address is that of an admin, not through an untrusted proxy', async () => {
    const page = (headers: Record<string, string> = {}) =>
      ask(open.url, '/corp.test/kit', { headers: { ...HTML, ...headers } });
    expect((await ask(open.url, '/corp.test/kit/@v/v1.0.0.zip')).status).toBe(200);
    expect((await page()).text).toContain('from 127.0.0.1');
    for (const header of ['X-Forwarded-For', 'Forwarded', 'Via']) {
      const { status, text } = await page({ [header]: '127.0.0.1' });
      expect(status).toBe(200);
      expect(text, header).not.toContain('from 127.0.0.1');
    }
  });

  it.each([
    ['a script', 'slow0', true],
    ['none', 'slow1', false],
  ])('show a fetch while it runs, and what came of it, with %s', async (_, name, javaScriptEnabled) => {
    const { page, trouble } = await openTab(browser, server.url, {
      javaScriptEnabled,
      extraHTTPHeaders: login('ann'),
    });
    const first = await page.goto(`${server.url}/corp.test/${name}`);
    expect(first?.status()).toBe(202);
    expect(await page.textContent('#phases')).toContain('running');
    await page.waitForSelector('.status');
    expect(await page.textContent('.status')).toBe('504');
    expect(trouble).toEqual([]);
    await page.context().close();
  });
});
