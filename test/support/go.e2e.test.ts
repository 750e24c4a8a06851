import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { forwardProxy, type ForwardProxy } from './relays/forward-proxy.js';
import { gitHttpHost, type GitHttpHost } from './hosts/git-http-host.js';
import { repo } from './git/git-repo.js';
import { goClient } from './go.js';
import { missing } from './requirements.js';
import { run } from './run.js';
import { tempDir } from './tmp.js';
import { vanityPageHost, type VanityPageHost } from './hosts/vanity-page-host.js';

describe.skipIf(missing('go', 'git'))('go in direct mode on loopback', () => {
  let git: GitHttpHost;
  let pages: VanityPageHost;
  let proxy: ForwardProxy;

  beforeAll(async () => {
    const root = await tempDir('go-root');
    const r = await repo(path.join(root, 'foo.git'));
    r.at('2024-01-02T03:04:05Z').write({
      'go.mod': 'module mycompany.com/go/foo\n',
      'foo.go': 'package foo\n',
    });
    await r.commit('first');
    await r.tag('v1.0.0');
    await r.write({ LICENSE: 'free\n' }).commit('second');
    await r.tag('v1.1.0');
    git = await gitHttpHost(root);
    pages = await vanityPageHost(['mycompany.com/go/foo git http://git.mycompany.com/foo.git']);
    proxy = await forwardProxy({ 'mycompany.com': pages.port, 'git.mycompany.com': git.port });
  });
  afterAll(async () => Promise.all([git.stop(), pages.stop(), proxy.stop()]));

  it('finds the module by its vanity page and downloads it', async () => {
    await using go = await goClient({ GOPROXY: 'direct', GOINSECURE: 'mycompany.com', ...proxy.env });
    expect(await go.versions('mycompany.com/go/foo')).toEqual(['v1.0.0', 'v1.1.0']);
    const download = await go.downloadJson('mycompany.com/go/foo@latest');
    expect(download).toMatchObject({
      Path: 'mycompany.com/go/foo',
      Version: 'v1.1.0',
      Query: 'latest',
      Sum: expect.stringMatching(/^h1:/) as string,
      Origin: { VCS: 'git', URL: 'http://git.mycompany.com/foo.git', Ref: 'refs/tags/v1.1.0' },
    });
    expect(download.Zip?.startsWith(go.modCache)).toBe(true);
    expect(pages.requests[0]).toBe('mycompany.com/go/foo');
    expect(proxy.requests.some(({ url }) => url.includes('git.mycompany.com/foo.git/info/refs'))).toBe(true);
  });

  it('builds with it', async () => {
    await using go = await goClient({ GOPROXY: 'direct', GOINSECURE: 'mycompany.com', ...proxy.env });
    expect(await go.run('get', 'mycompany.com/go/foo@v1.0.0')).toMatchObject({ code: 0 });
    expect(await go.listJson('mycompany.com/go/foo')).toMatchObject([{ Version: 'v1.0.0' }]);
    expect(await go.run('list', 'mycompany.com/go/foo')).toMatchObject({
      code: 0,
      stdout: 'mycompany.com/go/foo\n',
    });
  });

  it('says what failed', async () => {
    await using go = await goClient({ GOPROXY: 'direct', GOINSECURE: 'mycompany.com', ...proxy.env });
    const { Error: error } = await go.downloadJson('mycompany.com/go/foo@v9.9.9');
    expect(error).toContain('mycompany.com/go/foo@v9.9.9: invalid version: unknown revision v9.9.9');
    await expect(go.versions('mycompany.com/go/bar')).rejects.toThrow('mycompany.com/go/bar');
  });

  it('cannot leave this machine', async () => {
    await using go = await goClient({ GOPROXY: 'direct', GOINSECURE: '*', ...proxy.env });
    const { Error: error } = await go.downloadJson('elsewhere.example/x@latest');
    expect(error).toContain('Forbidden');
    expect(proxy.refused).toEqual(expect.arrayContaining(['elsewhere.example:443', 'elsewhere.example:80']));
    const clone = await run('git', ['ls-remote', 'https://elsewhere.example/x.git'], { env: proxy.env });
    expect(clone.stderr).toContain('403');
  });

  it('knows no setting of its user', async () => {
    await using go = await goClient({ GOPROXY: 'off' });
    const { stdout } = await go.run('env', 'GOPRIVATE', 'GONOPROXY', 'GOSUMDB', 'GOTOOLCHAIN', 'GOFLAGS');
    expect(stdout).toBe('\n\noff\nlocal\n-modcacherw\n');
  });
});
