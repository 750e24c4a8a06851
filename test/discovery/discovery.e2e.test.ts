/** Which repository a module of a named host has, and that no other host is connected to on the way. */
import { join } from 'node:path';
import { createServer } from 'node:http';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createDiscovery, type Discovery } from '../../src/discovery/discovery.js';
import { parseModulePath } from '../../src/module/module-path.js';
import { createDiskStore } from '../../src/store/disk/disk-store.js';
import { CachedModules } from '../../src/modfetch/cached.js';
import { GitSource } from '../../src/modfetch/git-source.js';
import { createCodeHost } from '../../src/vcs/code-host.js';
import { httpClient } from '../support/http-client.js';
import { gitHttpHost } from '../support/hosts/git-http-host.js';
import { repo } from '../support/git/git-repo.js';
import { listenOnLoopback, type LoopbackHost } from '../support/loopback.js';
import { missing } from '../support/requirements.js';
import { tempDir } from '../support/tmp.js';
import { selfSignedCertificate } from '../support/hosts/tls-certificate.js';

interface Page {
  status?: number;
  headers?: Record<string, string>;
  html?: string;
}

let pages: Record<string, Page>;
let asked: string[];
let web: LoopbackHost;

beforeEach(async () => {
  pages = {};
  asked = [];
  web = await listenOnLoopback(
    createServer((request, response) => {
      const { status = 200, headers = {}, html = '' } = pages[request.url?.slice(1) ?? ''] ?? { status: 404 };
      response.writeHead(status, headers).end(html);
    }),
  );
});
afterEach(() => web.stop());

/** A discovery for which every host is the loopback one. */
function discovery(...hosts: string[]): Discovery {
  const named = new Set(hosts);
  return createDiscovery({
    hosts: () => named,
    timeoutMs: () => 10_000,
    refreshMs: () => 0,
    get: (url, { signal }) => {
      asked.push(url.href);
      const target = new URL(`http://127.0.0.1:${web.port}/${url.host}${url.pathname}${url.search}`);
      return httpClient().get(target, { signal, idleTimeoutMs: 10_000, login: undefined });
    },
  });
}

function tag(content: string): Page {
  return { html: `<head><meta name="go-import" content="${content}"></head>` };
}

describe('a path that names its repository', () => {
  it.each([
    ['github.com/owner/name', 'github.com/owner/name', 'https://github.com/owner/name'],
    ['github.com/owner/name/sub/v2', 'github.com/owner/name', 'https://github.com/owner/name'],
    ['bitbucket.org/owner/name/v3', 'bitbucket.org/owner/name', 'https://bitbucket.org/owner/name'],
    ['git.ex.test/a/b.git/sub', 'git.ex.test/a/b.git', 'https://git.ex.test/a/b'],
  ])('%s is found without a question', async (path, root, url) => {
    const found = await discovery('github.com', 'bitbucket.org', 'git.ex.test').find(path);
    expect(found).toMatchObject({ root, subdir: '', repos: [{ url }] });
    expect(asked).toEqual([]);
  });

  it.each(['github.com/owner', 'github.com/owner/name.git', 'git.ex.test/a.hg'])(
    '%s is none',
    async (path) => {
      const finding = discovery('github.com', 'git.ex.test').find(path);
      await expect(finding).rejects.toMatchObject({ code: 'MODULE_NOT_FOUND' });
      expect(asked).toEqual([]);
    },
  );
});

describe('a page', () => {
  it('says where the repository is, and the page of its root has to confirm it', async () => {
    const page = tag('ex.test/m git https://git.ex.test/m.git sub');
    pages = { 'ex.test/m/deep?go-get=1': page, 'ex.test/m?go-get=1': page };
    expect(await discovery('ex.test', 'git.ex.test').find('ex.test/m/deep')).toMatchObject({
      root: 'ex.test/m',
      subdir: 'sub',
      repos: [{ url: 'https://git.ex.test/m.git' }],
    });
    expect(asked).toEqual(['https://ex.test/m/deep?go-get=1', 'https://ex.test/m?go-get=1']);
    pages['ex.test/m?go-get=1'] = tag('ex.test/m git https://git.ex.test/other.git sub');
    await expect(discovery('ex.test', 'git.ex.test').find('ex.test/m/deep')).rejects.toMatchObject({
      reason: 'the pages at ex.test/m/deep and ex.test/m disagree',
    });
  });

  it('may redirect, to a named host only', async () => {
    pages['ex.test/m?go-get=1'] = { status: 302, headers: { location: 'https://www.ex.test/m?go-get=1' } };
    pages['www.ex.test/m?go-get=1'] = tag('ex.test/m git https://ex.test/m.git');
    await expect(discovery('ex.test', 'www.ex.test').find('ex.test/m')).resolves.toMatchObject({
      root: 'ex.test/m',
    });
    asked = [];
    await expect(discovery('ex.test').find('ex.test/m')).rejects.toMatchObject({ code: 'MODULE_NOT_FOUND' });
    expect(asked).toEqual(['https://ex.test/m?go-get=1']);
  });

  it.each(['http://ex.test/m', 'https://ex.test:8443/m', 'https://169.254.169.254/m', 'file:///etc/passwd'])(
    'that redirects to %s is not followed',
    async (location) => {
      pages['ex.test/m?go-get=1'] = { status: 301, headers: { location } };
      await expect(discovery('ex.test').find('ex.test/m')).rejects.toMatchObject({
        code: 'MODULE_NOT_FOUND',
        reason: expect.stringContaining('its page leads to') as string,
      });
      expect(asked).toHaveLength(1);
    },
  );

  it.each([
    'http://ex.test/m.git',
    'https://internal.corp/m.git',
    'https://ex.test:8443/m.git',
    'https://user:secret@ex.test/m.git',
    'ssh://git@internal.corp/m.git',
    'file:///srv/m.git',
    'ext::sh',
    'git://ex.test/m.git',
  ])('that names the repository %s is not believed', async (address) => {
    pages['ex.test/m?go-get=1'] = tag(`ex.test/m git ${address}`);
    const finding = discovery('ex.test').find('ex.test/m');
    await expect(finding).rejects.toMatchObject({ code: 'MODULE_NOT_FOUND' });
    await expect(finding).rejects.not.toThrow('secret');
  });

  it.each([
    { page: {}, reason: 'its page has no go-import tag for it' },
    { page: tag('other.test/m git https://ex.test/m'), reason: 'its page has no go-import tag for it' },
    {
      page: {
        html: `${tag('ex.test/m git https://a').html}`
          .repeat(1)
          .replace('</head>', '<meta name="go-import" content="ex.test git https://b"></head>'),
      },
      reason: 'its page has several go-import tags for it',
    },
    { page: tag('ex.test/m hg https://ex.test/m'), reason: 'its page names hg; this server reads git only' },
    { page: tag('ex.test/m mod https://ex.test'), reason: 'its page names mod; this server reads git only' },
    {
      page: tag('ex.test/m git https://ex.test/m ../up'),
      reason: expect.stringContaining('leads out of the repository') as string,
    },
    { page: { status: 404 }, reason: 'ex.test answered 404' },
  ])('does not help: $reason', async ({ page, reason }) => {
    pages['ex.test/m?go-get=1'] = page;
    await expect(discovery('ex.test').find('ex.test/m')).rejects.toMatchObject({
      code: 'MODULE_NOT_FOUND',
      reason,
    });
  });

  it('that fails is an outage, no fact', async () => {
    pages['ex.test/m?go-get=1'] = { status: 503 };
    await expect(discovery('ex.test').find('ex.test/m')).rejects.toMatchObject({ code: 'HOST_REFUSED' });
    await web.stop();
    await expect(discovery('ex.test').find('ex.test/m')).rejects.toMatchObject({ code: 'HOST_UNREACHABLE' });
  });

  it('of a host that is not named is never asked for', async () => {
    await expect(discovery('ex.test').find('other.test/m')).rejects.toMatchObject({
      code: 'MODULE_NOT_FOUND',
    });
    expect(asked).toEqual([]);
  });
});

describe.skipIf(missing('git', 'openssl'))('a module of a named host', () => {
  it('is fetched from its repository over https, and git is sent nowhere else', async () => {
    const root = await tempDir('direct');
    const lib = await repo(join(root, 'lib.git'));
    lib.at('2024-01-02T03:04:05Z').write({ 'go.mod': 'module ex.test/lib\n', 'lib.go': 'package lib\n' });
    await lib.commit('first');
    await lib.manyTags(['v1.0.0']);
    const certificate = await selfSignedCertificate(['127.0.0.1']);
    const git = await gitHttpHost(root, { tls: certificate });
    const elsewhere = await gitHttpHost(root, { tls: certificate });
    try {
      const name = `127.0.0.1:${git.port}`;
      const hosts = new Map(
        [`127.0.0.1:${git.port}`, `127.0.0.1:${elsewhere.port}`].map((key) => [
          key,
          { caFile: certificate.certFile },
        ]),
      );
      pages['ex.test/lib?go-get=1'] = tag(`ex.test/lib git https://${name}/lib.git`);
      const source = new GitSource({
        roots: discovery('ex.test', name),
        host: createCodeHost({
          dir: join(root, 'vcs'),
          settings: () => ({
            timeoutMs: 20_000,
            connectTimeoutMs: 10_000,
            concurrency: 2,
            hosts,
            followRedirects: false,
          }),
        }),
        refreshMs: () => 0,
      });
      const store = createDiskStore(join(root, 'download'));
      const modules = new CachedModules(source, store, { log: { warn: () => undefined } });
      const module = parseModulePath('ex.test/lib');
      await expect(modules.list(module)).resolves.toMatchObject({ value: ['v1.0.0'] });
      await (await modules.zip(module, 'v1.0.0')).stored();
      git.setFailure('/', { redirectTo: `https://127.0.0.1:${elsewhere.port}/` });
      await expect(modules.info(module, 'main')).rejects.toMatchObject({
        code: expect.stringMatching(/^HOST_|^REPO_/) as string,
      });
      expect(elsewhere.requests).toEqual([]);
    } finally {
      await Promise.all([git.stop(), elsewhere.stop()]);
    }
  });
});
