import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { gitHttpHost, type GitHttpHost } from './git-http-host.js';
import { repo } from '../git/git-repo.js';
import { missing } from '../requirements.js';
import { mustRun, run, type Env, type RunResult } from '../run.js';
import { tempDir } from '../tmp.js';
import { selfSignedCertificate } from './tls-certificate.js';

describe.skipIf(missing('git'))('gitHttpHost', () => {
  let root: string;
  let host: GitHttpHost;

  beforeAll(async () => {
    root = await tempDir('http-root');
    const r = await repo(path.join(root, 'go/foo.git'));
    await r.write({ 'go.mod': 'module mycompany.com/go/foo\n' }).commit('first');
    await r.tag('v1.0.0');
    host = await gitHttpHost(root, { auth: { user: 'oauth2', password: 'token' } });
  });
  afterAll(async () => host.stop());

  function withCredentials(url: string, credentials: string): string {
    return url.replace('://', `://${credentials}@`);
  }
  async function lsRemote(url: string, env: Env = {}): Promise<RunResult> {
    return run('git', ['ls-remote', url], { env });
  }

  it('lets a token in, by protocol v2 and with a filter', async () => {
    host.requests.length = 0;
    const url = withCredentials(`${host.url}/go/foo.git`, 'oauth2:token');
    const target = path.join(await tempDir('clone'), 'foo');
    await mustRun('git', ['clone', '--quiet', '--filter=blob:none', '--no-checkout', url, target]);
    expect(await mustRun('git', ['-C', target, 'tag'])).toBe('v1.0.0\n');
    expect(await mustRun('git', ['-C', target, 'show', 'v1.0.0:go.mod'])).toBe(
      'module mycompany.com/go/foo\n',
    );
    expect(host.requests[0]).toEqual({
      method: 'GET',
      url: '/go/foo.git/info/refs?service=git-upload-pack',
      authorization: undefined,
      userAgent: expect.stringMatching(/^git\//) as string,
      gitProtocol: 'version=2',
    });
    expect(host.requests[1]?.authorization).toBe(`Basic ${Buffer.from('oauth2:token').toString('base64')}`);
  });

  it('understands a gzipped request', async () => {
    // git compresses a request of more than 1024 bytes: sixty wanted refs are more.
    const target = path.join(await tempDir('gzip'), 'x.git');
    await mustRun('git', ['init', '--quiet', '--bare', target]);
    const url = withCredentials(`${host.url}/go/foo.git`, 'oauth2:token');
    const refs = Array.from({ length: 60 }, (_, i) => `refs/heads/*:refs/copies/number-${i}/*`);
    const fetched = await run('git', ['--git-dir', target, 'fetch', url, ...refs], {
      env: { GIT_TRACE_CURL: '1' },
    });
    expect(fetched.stderr).toMatch(/[Cc]ontent-[Ee]ncoding: gzip/);
    expect(fetched.code).toBe(0);
  });

  const refusals: { name: string; credentials?: string; says: string }[] = [
    {
      name: 'wrong token in the URL',
      credentials: 'oauth2:wrong',
      says: "remote: HTTP Basic: Access denied\nfatal: Authentication failed for 'URL/go/foo.git/'\n",
    },
    { name: 'no credentials', says: "fatal: could not read Username for 'URL': terminal prompts disabled\n" },
  ];
  it.each(refusals)('refuses: $name', async ({ credentials, says }) => {
    const url = `${host.url}/go/foo.git`;
    const result = await lsRemote(credentials === undefined ? url : withCredentials(url, credentials));
    expect(result).toMatchObject({ code: 128, stderr: says.replace('URL', host.url) });
  });

  it('asks a function who may read what', async () => {
    const asked: unknown[] = [];
    await using open = await gitHttpHost(root, {
      auth: (user, password, file) => {
        asked.push([user, password, file]);
        return user === 'ci';
      },
    });
    expect((await lsRemote(withCredentials(`${open.url}/go/foo`, 'ci:a%3Ab'))).code).toBe(0);
    expect(asked).toContainEqual(['ci', 'a:b', '/go/foo/info/refs']);
  });

  describe('on demand', () => {
    let open: GitHttpHost;
    beforeAll(async () => {
      open = await gitHttpHost(root);
    });
    afterAll(async () => open.stop());

    it.each([403, 429, 500, 503])('answers %d', async (status) => {
      open.setFailure('/go/', status);
      const { stderr } = await lsRemote(`${open.url}/go/foo.git`);
      open.setFailure('/go/', undefined);
      expect(stderr).toBe(
        `remote: made-up status ${status}\nfatal: unable to access '${open.url}/go/foo.git/': The requested URL returned error: ${status}\n`,
      );
      expect((await lsRemote(`${open.url}/go/foo.git`)).code).toBe(0);
    });

    it('has no such repository', async () => {
      const { stderr } = await lsRemote(`${open.url}/go/nope.git`);
      expect(stderr).toBe(`fatal: repository '${open.url}/go/nope.git/' not found\n`);
    });

    it('redirects', async () => {
      open.setFailure('/old/foo.git', { redirectTo: `${open.url}/go/foo.git` });
      const { code, stderr } = await lsRemote(`${open.url}/old/foo.git`);
      expect(stderr).toBe(`warning: redirecting to ${open.url}/go/foo.git/\n`);
      expect(code).toBe(0);
    });

    it('is a login page', async () => {
      const page = {
        status: 200,
        headers: { 'content-type': 'text/html' },
        body: '<html>\nSign in\n</html>\n',
      };
      open.setFailure('/login', page);
      const { stderr } = await lsRemote(`${open.url}/login/foo.git`);
      expect(stderr).toContain('not valid: is this a git repository?');
    });

    it('hangs until the client gives up, and stops all the same', async () => {
      await using silent = await gitHttpHost(root);
      silent.setFailure('/', 'hang');
      const { code } = await run('git', ['ls-remote', `${silent.url}/go/foo.git`], { timeoutMs: 500 });
      expect(code).toBe(124);
      expect(silent.requests).toHaveLength(1);
    });

    it('cuts the connection', async () => {
      open.setFailure('/cut', 'reset');
      const { stderr } = await lsRemote(`${open.url}/cut/foo.git`);
      expect(stderr).toMatch(/Connection reset by peer|Empty reply from server/);
    });
  });

  it.skipIf(missing('openssl'))('speaks TLS that only its own certificate vouches for', async () => {
    const certificate = await selfSignedCertificate(['127.0.0.1']);
    await using secure = await gitHttpHost(root, { tls: certificate });
    expect((await lsRemote(`${secure.url}/go/foo.git`)).stderr).toContain('certificate verification failed');
    expect((await lsRemote(`${secure.url}/go/foo.git`, { GIT_SSL_CAINFO: certificate.certFile })).code).toBe(
      0,
    );
  });
});
