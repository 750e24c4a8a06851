/** The shipped nginx configuration: which server answers what, and that no client can tell the difference. */
import { cp, writeFile } from 'node:fs/promises';
import net from 'node:net';
import { cpus } from 'node:os';
import path from 'node:path';
import { pipeline } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { gitHttpHost, type GitHttpHost } from '../support/hosts/git-http-host.js';
import { repo } from '../support/git/git-repo.js';
import { goClient } from '../support/go.js';
import { listenOnLoopback } from '../support/loopback.js';
import { nginxHost, type NginxHost } from '../support/hosts/nginx-host.js';
import { missing } from '../support/requirements.js';
import { startServer, type ModhavenServer } from '../support/server.js';
import { tempDir } from '../support/tmp.js';
import { ask, until } from '../support/ask.js';
import { noise } from '../support/noise.js';

const IMMUTABLE = 'public, max-age=31536000, immutable';
const TEXT = 'text/plain; charset=utf-8';
const FOO = 'mycompany.com/go/Foo';
const at = '/mycompany.com/go/!foo/@v';

describe.skipIf(missing('git', 'go', 'nginx'))('behind nginx', () => {
  let git: GitHttpHost;
  let server: ModhavenServer;
  let direct: NginxHost;
  let accel: NginxHost;
  let download: string;

  beforeAll(async () => {
    const root = await tempDir('nginx-git');
    const foo = await repo(path.join(root, 'Foo.git'));
    foo.write({ 'go.mod': `module ${FOO}\n`, 'foo.go': 'package foo\n', 'data.bin': noise(400_000) });
    await foo.commit('first');
    await foo.manyTags(['v1.0.0', 'v1.0.1', 'v1.0.2']);
    git = await gitHttpHost(root);
    server = await startServer({
      config: { trust_proxy: ['127.0.0.1'] },
      vanity: { host: 'mycompany.com', paths: { '/go/Foo': `${git.url}/Foo.git` } },
    });
    download = path.join(server.cacheDir, 'download');
    direct = await nginxHost(server.port, { download });
    accel = await nginxHost(server.port, { download, sends: 'what modhaven names' });
  });
  afterAll(async () => {
    await Promise.all([direct.stop(), accel.stop()]);
    await Promise.all([server.stop(), git.stop()]);
  });

  /** How many requests for `url` modhaven has logged, once it has logged one for `marker`, asked for now. */
  async function seen(url: string): Promise<number> {
    const marker = `/marker-${Math.random()}`;
    await ask(server.url, marker);
    const log = await until(
      () => server.logs(),
      (text) => text.includes(marker),
    );
    return log.split(`"path":"${url}"`).length - 1;
  }

  it.each(['files', 'what modhaven names'] as const)('a real go gets everything: %s', async (way) => {
    const { url } = way === 'files' ? direct : accel;
    await using plain = await goClient({ GOPROXY: server.url });
    await using first = await goClient({ GOPROXY: url });
    await using second = await goClient({ GOPROXY: url });
    const { Sum, GoModSum } = await plain.downloadJson(`${FOO}@v1.0.0`);
    expect(Sum).toMatch(/^h1:/);
    expect(await first.downloadJson(`${FOO}@v1.0.0`)).toMatchObject({ Sum, GoModSum });
    expect(await second.downloadJson(`${FOO}@latest`)).toMatchObject({ Version: 'v1.0.2' });
    expect(await second.versions(FOO)).toEqual(['v1.0.0', 'v1.0.1', 'v1.0.2']);
  });

  describe('nginx sends the files', () => {
    it.each([
      { kind: 'info', type: 'application/json' },
      { kind: 'mod', type: TEXT },
      { kind: 'zip', type: 'application/zip' },
    ])('.$kind is asked of modhaven once', async ({ kind, type }) => {
      const url = `${at}/v1.0.1.${kind}`;
      const first = await ask(direct.url, url);
      expect(first.status).toBe(200);
      const before = await seen(url);
      for (const spelling of [url, url.replace('!', '%21')]) {
        const { status, bytes, headers } = await ask(direct.url, spelling);
        expect(status).toBe(200);
        expect(bytes.equals(first.bytes)).toBe(true);
        expect(headers).toMatchObject({ 'content-type': type, 'cache-control': IMMUTABLE });
        expect(headers.etag).toMatch(/^"/);
      }
      expect(await seen(url)).toBe(before);
    });

    it('logs what it answered alone, with the names of the log of modhaven', async () => {
      const url = `${at}/v1.0.1.mod?logged`;
      await ask(direct.url, `${at}/v1.0.1.mod`);
      await ask(direct.url, url);
      const log = await until(
        () => direct.accessLog(),
        (text) => text.includes(url),
      );
      const line = log.split('\n').find((text) => text.includes(url)) ?? '';
      expect(JSON.parse(line)).toEqual({
        level: 'info',
        time: expect.any(String) as string,
        method: 'GET',
        path: url,
        cache: 'nginx',
        status: 200,
        seconds: expect.any(Number) as number,
        client: '127.0.0.1',
        msg: 'request',
      });
    });

    it('lets ranges and conditions count', async () => {
      const url = `${at}/v1.0.0.zip`;
      const { bytes, headers } = await ask(direct.url, url);
      const part = await ask(direct.url, url, { headers: { Range: 'bytes=10-19' } });
      expect(part.status).toBe(206);
      expect(part.bytes.equals(bytes.subarray(10, 20))).toBe(true);
      const again = await ask(direct.url, url, { headers: { 'If-None-Match': headers.etag ?? '' } });
      expect(again.status).toBe(304);
    });

    it('shows nothing else of the folder', async () => {
      const folder = path.join(download, at);
      const names = ['.tmp-1-x', '.tmp-1-x.zip', 'v9.0.0.lock'];
      for (const name of names) await writeFile(path.join(folder, name), 'half');
      for (const name of ['', 'v1.0.0.ziphash', ...names]) {
        const got = await ask(direct.url, `${at}/${name}`);
        expect(got, name).toMatchObject({ headers: { 'content-type': TEXT } });
        expect([400, 404], name).toContain(got.status);
      }
    });

    it('leaves to modhaven what it does not know or may not do', async () => {
      const branch = await ask(direct.url, `${at}/main.info`);
      expect(JSON.parse(branch.text)).toMatchObject({ Version: 'v1.0.2' });
      const unknown = await ask(direct.url, `${at}/v9.9.9.info`);
      expect(unknown).toMatchObject({ status: 404, headers: { 'content-type': TEXT } });
      expect(unknown.text).toContain('unknown revision v9.9.9');
      const post = await ask(direct.url, `${at}/v1.0.0.mod`, { method: 'POST' });
      expect(post).toMatchObject({ status: 405, headers: { allow: 'GET, HEAD' } });
    });
  });

  describe('nginx sends what modhaven names', () => {
    const zip = `${at}/v1.0.2.zip`;
    const offer = { 'X-Sendfile-Type': 'X-Accel-Redirect' };

    it('modhaven sees and logs every request, nginx sends the bytes', async () => {
      const plain = await ask(server.url, zip);
      const named = await ask(server.url, zip, { headers: offer });
      expect(named.headers['x-accel-redirect']).toBe(`/-/download${at}/v1.0.2.zip`);
      expect(named.bytes).toHaveLength(0);
      const before = await seen(zip);
      const got = await ask(accel.url, zip);
      expect(got.headers).not.toHaveProperty('x-accel-redirect');
      expect(got.bytes.equals(plain.bytes)).toBe(true);
      const { etag, ...rest } = plain.headers;
      expect(got.headers).toMatchObject({
        etag,
        'content-type': rest['content-type'],
        'cache-control': IMMUTABLE,
        'content-length': rest['content-length'],
      });
      expect(await seen(zip)).toBe(before + 1);
    });

    it('HEAD, ranges and conditions are as without nginx', async () => {
      const { bytes, headers } = await ask(server.url, zip);
      const etag = headers.etag ?? '';
      const head = await ask(accel.url, zip, { method: 'HEAD' });
      expect(head).toMatchObject({ status: 200, text: '', headers: { etag } });
      expect(head.headers['content-length']).toBe(String(bytes.length));
      const part = await ask(accel.url, zip, { headers: { Range: 'bytes=-5' } });
      expect(part).toMatchObject({ status: 206, headers: { etag } });
      expect(part.bytes.equals(bytes.subarray(-5))).toBe(true);
      expect(await ask(accel.url, zip, { headers: { 'If-None-Match': etag } })).toMatchObject({
        status: 304,
      });
    });

    it('the connection to modhaven stays open', async () => {
      let connections = 0;
      await using relay = await listenOnLoopback(
        net.createServer((client) => {
          connections += 1;
          const upstream = net.connect(server.port, '127.0.0.1');
          pipeline(client, upstream, client, () => undefined);
        }),
      );
      await using front = await nginxHost(relay.port, { download, sends: 'what modhaven names' });
      // Each worker process of nginx, one for every processor, has connections of its own.
      const workers = cpus().length;
      for (let i = 0; i <= 2 * workers; i++) expect((await ask(front.url, zip)).status).toBe(200);
      expect(connections).toBeGreaterThan(0);
      expect(connections).toBeLessThanOrEqual(workers);
    });

    it('no client reaches the folder past modhaven', async () => {
      expect(await ask(accel.url, `/-/download${at}/v1.0.2.zip`)).toMatchObject({ status: 404 });
    });

    it('a client that is not trusted learns no path', async () => {
      await using other = await startServer({ dir: await copyOf(server.dir), vanity: 'paths: {}\n' });
      const got = await ask(other.url, zip, { headers: offer });
      expect(got.headers).not.toHaveProperty('x-accel-redirect');
      expect(got.bytes.length).toBeGreaterThan(400_000);
    });

    /** A folder whose cache holds the same zip. */
    async function copyOf(dir: string): Promise<string> {
      const copy = await tempDir('nginx-copy');
      await cp(path.join(dir, 'data'), path.join(copy, 'data'), { recursive: true });
      return copy;
    }
  });
});
