/** The pages in a real browser, of a server with private modules, some of which are by an attacker. */
import path from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { axeViolations, openTab, startBrowser, type Tab } from './browser.js';
import { gitHttpHost, type GitHttpHost } from '../../support/hosts/git-http-host.js';
import { repo } from '../../support/git/git-repo.js';
import { missing } from '../../support/requirements.js';
import { startServer, type ModhavenServer } from '../../support/server.js';
import { tempDir } from '../../support/tmp.js';
import { annAndBob } from './ann-and-bob.js';
import { ask, type Answer } from '../../support/ask.js';

const login = (user: string) => `Basic ${Buffer.from(`${user}:right`).toString('base64')}`;
const HTML = { Accept: 'text/html' };

const PNG = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR4nGNgYPj/HwADAgH/p0m2xwAAAABJRU5ErkJggg==',
  'base64',
);

/** What an attacker might try, in Markdown, in HTML and in a picture. */
const HOSTILE = `# <script>alert('title')</script>

<script>alert('script')</script> <img src=x onerror=alert('img')> <svg onload=alert('svg')>
<iframe src="http://127.0.0.1:9/frame"></iframe> ![pixel](http://127.0.0.1:9/pixel.png)
<meta http-equiv="refresh" content="0;url=http://127.0.0.1:9/"> [click](javascript:alert('link'))
<form action="http://127.0.0.1:9/"><input name=q></form> ![drawing](evil.svg)
`;
const EVIL_SVG =
  '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9" onload="alert(1)"><script>alert(2)</script>' +
  '<image href="http://127.0.0.1:9/inside.png"/></svg>';

const REPOS: Record<string, Record<string, string | Buffer>[]> = {
  open: [
    {
      'go.mod': 'module corp.test/open\n\ngo 1.22\n\nrequire corp.test/base v1.0.0\n',
      'README.md':
        '# open\n\nSee [the guide](docs/guide.md).\n\n![The logo](docs/logo.png)\n\n| a | b |\n| - | - |\n| 1 | 2 |\n',
      'docs/guide.md': '# Guide\n',
      'docs/logo.png': PNG,
      LICENSE: 'Permission is hereby granted, free of charge, to any person\n',
      'open.go': 'package open\n\n// Answer is 42.\nconst Answer = 42\n',
    },
    {
      'go.mod':
        '// Deprecated: use another.\nmodule corp.test/open\n\ngo 1.22\n\n// broken\nretract v1.0.0\n',
      'more.go': 'package open\n',
    },
  ],
  base: [{ 'go.mod': 'module corp.test/base\n', 'base.go': 'package base\n' }],
  secret: [
    {
      'go.mod': 'module corp.test/secret\n\nrequire corp.test/base v1.0.0\n',
      'README.md': '# The plan\n',
      's.go': 'package secret\n',
    },
  ],
  hostile: [
    {
      'go.mod': 'module corp.test/hostile\n',
      'README.md': HOSTILE,
      'evil.svg': EVIL_SVG,
      'a&b=c#%41[1].txt': "<script>alert('file')</script>\n\u202eturned\n",
    },
  ],
};

async function makeRepos(root: string): Promise<void> {
  for (const [name, commits] of Object.entries(REPOS)) {
    const made = await repo(path.join(root, `${name}.git`));
    for (const [i, files] of commits.entries()) {
      await made.write(files).commit(`commit ${i}`);
      await made.tag(`v1.${i}.0`);
    }
  }
}

const LOOKS = (['light', 'dark'] as const).flatMap((colorScheme) =>
  [1200, 360].map((width) => ({ colorScheme, width })),
);

describe.skipIf(missing('git', 'chromium'))('pages', () => {
  let browser: Browser;
  let host: GitHttpHost;
  let server: ModhavenServer;

  beforeAll(async () => {
    const root = await tempDir('pages');
    await makeRepos(root);
    host = await gitHttpHost(root);
    const dir = await tempDir('server');
    const config = {
      docs_url: 'http://docs.corp.test/{path}@{version}',
      admin: [],
      vcs: { connect_timeout: '3s', timeout: '30s' },
      auth: await annAndBob(dir),
    };
    server = await startServer({
      dir,
      config,
      vanity: `host: corp.test\npaths:\n  /{name}: ${host.url}/{name}.git\n`,
    });
    browser = await startBrowser();
    // As go does: a page would not wait for them on a slow machine.
    for (const stored of [
      'open/@v/v1.0.0',
      'open/@v/v1.1.0',
      ...['base', 'secret', 'hostile'].map((name) => `${name}/@v/v1.0.0`),
    ]) {
      for (const part of ['info', 'mod', 'zip']) {
        expect((await get(`/corp.test/${stored}.${part}`, 'ann')).status, stored).toBe(200);
      }
    }
  });
  afterAll(async () => {
    await browser.close();
    await server.stop();
    await host.stop();
  });

  function get(url: string, user?: string, headers: Record<string, string> = HTML): Promise<Answer> {
    const more = user === undefined ? {} : { Authorization: login(user) };
    return ask(server.url, url, { headers: { ...headers, ...more } });
  }

  function tab(user: string | undefined, options = {}): Promise<Tab> {
    const credentials = user === undefined ? {} : { extraHTTPHeaders: { Authorization: login(user) } };
    return openTab(browser, server.url, { ...credentials, ...options });
  }

  it('lead from the start page to a module and through all of it', async () => {
    const { page, trouble } = await tab('ann');
    await page.goto(server.url);
    expect(await page.textContent('pre.copy code')).toBe(`eval "$(curl -fsS ${server.url}/-/env)"`);
    await page.fill('#q2', 'ope');
    await page.press('#q2', 'Enter');
    await page.click('text=corp.test/open');
    expect(await page.title()).toContain('corp.test/open v1.1.0');
    expect(await page.textContent('.badges')).toContain('deprecated');
    expect(await page.evaluate("document.querySelector('.readme img').naturalWidth")).toBe(1);
    expect(await page.getAttribute('text=Documentation', 'href')).toBe(
      'http://docs.corp.test/corp.test/open@v1.1.0',
    );

    await page.click('text=the guide');
    expect(await page.textContent('.source')).toContain('# Guide');
    await page.click('nav.tabs >> text=Versions');
    const rows = await page.locator('tbody tr').allTextContents();
    expect(rows[0]).toContain('v1.1.0');
    expect(rows[1]).toMatch(/v1\.0\.0.*retracted.*broken/s);
    await page.click('text=changes >> nth=0');
    expect(await page.textContent('h2#diff-title')).toBe('What changed from v1.0.0 to v1.1.0');
    expect(await page.locator('tbody tr').allTextContents()).toEqual([
      expect.stringMatching(/^corp\.test\/base.*v1\.0\.0/),
      expect.stringMatching(/^go\.mod.*changed/),
      expect.stringMatching(/^more\.go.*added/),
    ]);
    await page.goto(`${server.url}/corp.test/open@v1.0.0?tab=mod`);
    await page.click('.source a');
    expect(page.url()).toBe(`${server.url}/corp.test/base@v1.0.0`);
    expect(trouble).toEqual([]);
    await page.context().close();
  });

  it('are right for everybody: contrast, names, order, and no line that is too long', async () => {
    const urls = [
      ...['/', '/-/modules', '/-/modules?q=nothing', '/corp.test/open', '/corp.test/open@v1.0.0?tab=files'],
      ...['versions', 'mod', 'imports', 'diff', 'files&file=open.go'].map(
        (name) => `/corp.test/open?tab=${name}`,
      ),
      ...['/-/status', '/corp.test/none', '/corp.test/hostile'],
    ];
    const problems: string[] = [];
    const { page, trouble } = await tab('ann');
    for (const url of urls) {
      await page.goto(server.url + url);
      for (const { colorScheme, width } of LOOKS) {
        await page.setViewportSize({ width, height: 800 });
        await page.emulateMedia({ colorScheme });
        const place = `${url} ${colorScheme} ${width} px`;
        problems.push(...(await axeViolations(page)).map((violation) => `${place}: ${violation}`));
        const overflow = await page.evaluate('document.documentElement.scrollWidth - innerWidth');
        if (Number(overflow) > 0) problems.push(`${place} is wider than the window`);
      }
    }
    problems.push(...trouble);
    await page.context().close();
    expect(problems).toEqual([]);
  });

  it('let nothing run, load or leave that a module brings with it', async () => {
    const { page, trouble } = await tab('ann');
    const file = encodeURIComponent('a&b=c#%41[1].txt');
    for (const url of [
      '/corp.test/hostile',
      `/corp.test/hostile?tab=files&file=${file}`,
      '/corp.test/hostile?tab=files&file=evil.svg',
      '/-/raw/corp.test/hostile@v1.0.0/evil.svg',
      `/-/modules?q=${encodeURIComponent('"><script>alert(1)</script>')}`,
      `/corp.test/${encodeURIComponent('<script>alert(1)</script>')}`,
      `/corp.test/open@${encodeURIComponent('"><script>alert(1)</script>')}`,
    ]) {
      await page.goto(server.url + url);
      await page.waitForTimeout(150);
      expect(page.url().startsWith(server.url), url).toBe(true);
    }
    // The pictures that a drawing would load are refused by its policy before a request is made.
    expect(trouble.filter((text) => !/Content Security Policy|sandboxed/.test(text))).toEqual([]);
    await page.context().close();
  });

  it('work without a script', async () => {
    const { page } = await tab('ann', { javaScriptEnabled: false });
    await page.goto(`${server.url}/-/modules`);
    await page.fill('#q', 'open');
    await page.press('#q', 'Enter');
    await page.click('text=corp.test/open');
    expect(await page.textContent('h1')).toBe('corp.test/open');
    await page.context().close();
  });

  it('show a fetch that takes long, and what came of it, without a click', async () => {
    host.setFailure('/slow.git', 'hang');
    const { page } = await tab('ann');
    const first = await page.goto(`${server.url}/corp.test/slow`);
    // As it was sent: on a slow machine the fetch may have ended before the browser is asked what it shows.
    const sent = (await first?.text()) ?? '';
    expect(first?.status()).toBe(202);
    expect(sent).toContain('Fetching corp.test/slow');
    expect(sent).toMatch(/id="phases".*versions/s);
    await page.waitForSelector('.status');
    expect(await page.textContent('.status')).toBe('504');
    await page.context().close();
  });

  describe('of what a visitor may not read', () => {
    const lists = ['/', '/-/modules', '/-/modules?q=secret', '/-/modules?format=json', '/-/index'];

    it.each(lists)('%s says nothing, not in numbers either', async (url) => {
      const [anyone, bob, ann] = await Promise.all([get(url), get(url, 'bob'), get(url, 'ann')]);
      expect(ann.text).toContain('corp.test/secret');
      for (const answer of [anyone, bob]) {
        expect(answer.status).toBe(200);
        expect(answer.headers['cache-control']).toMatch(/^private/);
        expect(answer.text.replaceAll('q=secret', '').replaceAll('“secret”', '')).not.toContain(
          'corp.test/secret',
        );
      }
      expect(anyone.text).not.toContain('corp.test/open');
      if (url.includes('json')) {
        expect([anyone, bob, ann].map(({ text }) => (JSON.parse(text) as { total: number }).total)).toEqual([
          0, 3, 4,
        ]);
      }
    });

    it('the page of another module does not say who uses it', async () => {
      const [bob, ann] = await Promise.all(
        ['bob', 'ann'].map((user) => get('/corp.test/base?tab=imports', user)),
      );
      expect(ann?.text).toContain('corp.test/secret');
      expect(bob?.text).not.toContain('secret');
      expect(bob?.text).toContain('Required by no other module');
    });

    it('its own page, its pictures and its fetches are refused, whether there is such a module or not', async () => {
      for (const url of [
        '/corp.test/secret',
        '/corp.test/secret@v1.0.0?tab=files',
        '/corp.test/secret/sub',
      ]) {
        expect((await get(url)).status, url).toBe(401);
        expect((await get(url, 'bob')).status, url).toBe(403);
      }
      for (const url of ['/-/raw/corp.test/secret@v1.0.0/a.png', '/-/phases/corp.test/secret']) {
        expect((await get(url, undefined, {})).status, url).toBe(401);
        expect((await get(url, 'bob', {})).status, url).toBe(403);
      }
      expect((await get('/-/status', 'bob')).status).toBe(403);
    });
  });

  it('are sent with a policy that allows nothing from elsewhere', async () => {
    for (const url of ['/', '/-/modules', '/corp.test/open', '/corp.test/none', '/-/status']) {
      const { headers } = await get(url, 'ann');
      const policy = String(headers['content-security-policy']);
      expect(policy).toContain("default-src 'none'");
      expect(policy).toContain("frame-ancestors 'none'");
      expect(policy).not.toMatch(/unsafe|\*|https?:/);
      expect(headers['x-content-type-options']).toBe('nosniff');
      expect(headers['referrer-policy']).toBe('same-origin');
    }
    const drawing = await get('/-/raw/corp.test/hostile@v1.0.0/evil.svg', 'ann', {});
    expect(drawing.headers['content-security-policy']).toContain('sandbox');
  });

  it('change nothing for go and for other clients without a browser', async () => {
    const plain = { Accept: '*/*' };
    const [browsed, asked] = await Promise.all(
      [HTML, plain].map((headers) => get('/open?go-get=1', undefined, { ...headers, Host: 'corp.test' })),
    );
    expect(browsed?.text).toBe(asked?.text);
    expect(asked?.text).toContain('<meta name="go-import" content="corp.test/open git ');
    expect((await get('/', undefined, plain)).text).toMatch(/^modhaven: a Go module proxy/);
    expect((await get('/-/status', 'ann', plain)).headers['content-type']).toContain('application/json');
    const list = await get('/corp.test/open/@v/list', 'ann', HTML);
    expect(list.headers['content-type']).toContain('text/plain');
    expect(list.text).toBe('v1.0.0\nv1.1.0\n');
  });

  it('let a visitor log in, and the import path itself leads to the page', async () => {
    const asked = await get('/?login');
    expect(asked.status).toBe(401);
    expect(asked.headers['www-authenticate']).toBe('Basic realm="modhaven"');
    expect((await get('/?login', 'bob')).text).toContain('You are logged in to these pages as <b>bob</b>');
    const own = await get('/open@v1.0.0', 'ann', { ...HTML, Host: 'corp.test' });
    expect(own.text).toContain('<h1 class="path">corp.test/open</h1>');
  });

  it('lead from a package, a branch and a short version to where they are', async () => {
    const to = async (url: string) => (await get(url, 'ann')).headers.location;
    expect(await to('/corp.test/open@main')).toBe('/corp.test/open@v1.1.0');
    expect(await to('/corp.test/open@latest')).toBe('/corp.test/open@v1.1.0');
    expect(await to('/corp.test/open@v1?tab=mod')).toBe('/corp.test/open@v1.1.0?tab=mod');
    expect(await to('/corp.test/open@v1.0.0/docs')).toBe('/corp.test/open@v1.0.0?tab=files&file=docs');
    expect(await to('/corp.test/open/docs')).toBe('/corp.test/open?tab=files&file=docs');
  });

  it('the index can be followed', async () => {
    const lines = async (query: string) =>
      (await get(`/-/index${query}`, 'ann', {})).text
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line) as { Path: string; Version: string; Timestamp: string });
    const all = await lines('');
    expect(all).toHaveLength(5);
    expect(all.map(({ Timestamp }) => Timestamp)).toEqual(all.map(({ Timestamp }) => Timestamp).sort());
    const [, second] = all;
    expect(await lines(`?since=${second?.Timestamp ?? ''}`)).toEqual(all.slice(1)); // inclusive
    expect(await lines('?limit=2')).toEqual(all.slice(0, 2));
    for (const bad of ['?since=yesterday', '?limit=0', '?limit=x', '?since=2026-02-30T00:00:00Z']) {
      const answer = await get(`/-/index${bad}`, 'ann', {});
      expect(answer.status, bad).toBe(400);
      expect(answer.headers['content-type']).toBe('text/plain; charset=utf-8');
      expect(answer.text).toMatch(/^bad (?:since|limit)/);
    }
  });
});
