/** What an HTTP client of any kind may rely on: types, validators, ranges, lifetimes, refusals. */
import { readdir } from 'node:fs/promises';
import http from 'node:http';
import { connect } from 'node:net';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { commandsIn, gitHttpHost, type GitHttpHost } from '../support/hosts/git-http-host.js';
import { repo, type GitRepo } from '../support/git/git-repo.js';
import { missing } from '../support/requirements.js';
import { startServer, type ModhavenServer } from '../support/server.js';
import { tempDir } from '../support/tmp.js';
import { ask, until } from '../support/ask.js';
import { gateTo, type Gate } from '../support/relays/gate.js';
import { noise } from '../support/noise.js';

const IMMUTABLE = 'public, max-age=31536000, immutable';
const SHORT = 'public, max-age=10';
const TEXT = 'text/plain; charset=utf-8';

/** However answers come about, they are the same. */
const ways: { name: string; config: Record<string, unknown> }[] = [
  { name: 'by one process', config: {} },
  { name: 'with nothing held in memory', config: { cache: { memory: 0 } } },
  { name: 'by two workers', config: { workers: 2 } },
];

describe.skipIf(missing('git')).each(ways)('HTTP $name', ({ config }) => {
  let git: GitHttpHost;
  let gate: Gate;
  let foo: GitRepo;
  let server: ModhavenServer;
  const at = '/mycompany.com/go/foo';
  const zip = `${at}/@v/v1.0.0.zip`;

  beforeAll(async () => {
    const root = await tempDir('http');
    foo = await repo(path.join(root, 'go/foo.git'));
    foo.at('2024-01-02T03:04:05Z').write({
      'go.mod': 'module mycompany.com/go/foo\n',
      'foo.go': 'package foo\n',
      'random.bin': noise(300_000),
    });
    await foo.commit('first');
    await foo.manyTags(['v1.0.0', 'v1.0.1', 'v1.0.2', 'v1.0.3', 'v1.0.4']);
    git = await gitHttpHost(root);
    gate = await gateTo(git.port);
    server = await startServer({
      config,
      vanity: {
        host: 'mycompany.com',
        cache_max_age: 3600,
        paths: {
          '/go/foo': `${gate.url}/go/foo.git`,
          '/go/nowhere': `${git.url}/go/nowhere.git`,
          '/go/refused': 'http://127.0.0.1:9/go/refused.git',
        },
      },
    });
  });
  afterAll(async () => {
    await server.stop();
    await Promise.all([gate.stop(), git.stop()]);
  });

  const company = { Host: 'mycompany.com' };
  const answers: {
    name: string;
    path: string;
    headers?: Record<string, string>;
    type: string;
    keep: string;
  }[] = [
    { name: 'list', path: `${at}/@v/list`, type: TEXT, keep: SHORT },
    { name: '@latest', path: `${at}/@latest`, type: 'application/json', keep: SHORT },
    { name: 'canonical .info', path: `${at}/@v/v1.0.0.info`, type: 'application/json', keep: IMMUTABLE },
    { name: '.info of a branch', path: `${at}/@v/main.info`, type: 'application/json', keep: SHORT },
    { name: '.mod', path: `${at}/@v/v1.0.0.mod`, type: TEXT, keep: IMMUTABLE },
    { name: '.zip', path: zip, type: 'application/zip', keep: IMMUTABLE },
    {
      name: 'vanity page',
      path: '/go/foo?go-get=1',
      headers: company,
      type: 'text/html; charset=utf-8',
      keep: 'public, max-age=3600',
    },
  ];

  describe.each(answers)('$name', ({ path: url, headers = {}, type, keep }) => {
    it('has a type, a lifetime, a length and a strong validator', async () => {
      const got = await ask(server.url, url, { headers });
      expect(got.status).toBe(200);
      expect(got.headers).toMatchObject({
        'content-type': type,
        'cache-control': keep,
        'content-length': String(got.bytes.length),
        etag: expect.stringMatching(/^"[^"]+"$/) as string,
      });
    });

    it('answers HEAD like GET, without the body', async () => {
      const got = await ask(server.url, url, { headers });
      const head = await ask(server.url, url, { headers, method: 'HEAD' });
      expect(head.status).toBe(200);
      expect(head.bytes).toHaveLength(0);
      expect({ ...head.headers, date: '' }).toEqual({ ...got.headers, date: '' });
    });

    it('answers 304 to a client that has it already, with the validator and the lifetime', async () => {
      const { etag = '' } = (await ask(server.url, url, { headers })).headers;
      for (const condition of [etag, `W/${etag}`, `"other", ${etag}`, '*']) {
        const again = await ask(server.url, url, { headers: { ...headers, 'If-None-Match': condition } });
        expect(again).toMatchObject({ status: 304, text: '', headers: { etag, 'cache-control': keep } });
      }
      const other = await ask(server.url, url, { headers: { ...headers, 'If-None-Match': '"other"' } });
      expect(other.status).toBe(200);
    });
  });

  describe('pages for programs', () => {
    it.each(['/-/healthz', '/-/readyz', '/-/status', '/'])('%s answers GET and HEAD alike', async (url) => {
      const got = await ask(server.url, url);
      const head = await ask(server.url, url, { method: 'HEAD' });
      expect([got.status, head.status, head.text]).toEqual([200, 200, '']);
      expect(head.headers['content-length']).toBe(String(got.bytes.length));
    });
  });

  describe('ranges of a zip', () => {
    let whole: Buffer;
    let etag: string;
    beforeAll(async () => {
      const got = await ask(server.url, zip);
      whole = got.bytes;
      etag = got.headers.etag ?? '';
      expect(got.headers['accept-ranges']).toBe('bytes');
    });

    const parts: { name: string; range: string; start: number; end?: number; ifRange?: string }[] = [
      { name: 'the first bytes', range: 'bytes=0-99', start: 0, end: 100 },
      { name: 'one byte', range: 'bytes=5-5', start: 5, end: 6 },
      { name: 'from a place on', range: 'bytes=1000-', start: 1000 },
      { name: 'more than there is', range: 'bytes=1000-99999999999', start: 1000 },
      { name: 'the last bytes', range: 'bytes=-20', start: -20 },
      { name: 'of the copy that the client has', range: 'bytes=0-9', start: 0, end: 10, ifRange: 'same' },
    ];
    it.each(parts)('$name', async ({ range, start, end, ifRange }) => {
      const expected = whole.subarray(start, end);
      const headers: Record<string, string> = { Range: range };
      if (ifRange !== undefined) headers['If-Range'] = etag;
      const got = await ask(server.url, zip, { headers });
      expect(got.status).toBe(206);
      expect(got.bytes.equals(expected)).toBe(true);
      const from = start < 0 ? whole.length + start : start;
      expect(got.headers).toMatchObject({
        etag,
        'content-type': 'application/zip',
        'content-length': String(expected.length),
        'content-range': `bytes ${from}-${from + expected.length - 1}/${whole.length}`,
      });
    });

    it.each(['bytes=99999999-', 'bytes=-0'])('cannot be satisfied: %s', async (range) => {
      const got = await ask(server.url, zip, { headers: { Range: range } });
      expect(got).toMatchObject({ status: 416, headers: { 'content-range': `bytes */${whole.length}` } });
    });

    const ignored = [
      { name: 'of another copy', headers: { Range: 'bytes=0-9', 'If-Range': '"another"' } },
      { name: 'of a weak validator', headers: { Range: 'bytes=0-9', 'If-Range': 'W/"x"' } },
      { name: 'several at once', headers: { Range: 'bytes=0-9,100-109' } },
      { name: 'in another unit', headers: { Range: 'lines=0-9' } },
      { name: 'that is none', headers: { Range: 'bytes=x' } },
    ];
    it.each(ignored)('ignored: $name', async ({ headers }) => {
      const got = await ask(server.url, zip, { headers });
      expect(got.status).toBe(200);
      expect(got.bytes.equals(whole)).toBe(true);
    });

    it.each(['bytes=0-9', 'bytes=99999999-'])('ignored of a HEAD: %s', async (range) => {
      const head = await ask(server.url, zip, { method: 'HEAD', headers: { Range: range } });
      expect(head).toMatchObject({ status: 200, headers: { 'content-length': String(whole.length) } });
    });

    it('a whole zip is put together from two halves', async () => {
      const half = Math.floor(whole.length / 2);
      const first = await ask(server.url, zip, { headers: { Range: `bytes=0-${half - 1}` } });
      const second = await ask(server.url, zip, {
        headers: { Range: `bytes=${half}-`, 'If-Range': first.headers.etag ?? '' },
      });
      expect(Buffer.concat([first.bytes, second.bytes]).equals(whole)).toBe(true);
    });
  });

  it('asks git once for a hundred who ask at once, and gives all the same bytes', async () => {
    git.requests.length = 0;
    const url = `${at}/@v/v1.0.1.zip`;
    await using fresh = await startServer({
      config,
      vanity: { host: 'mycompany.com', paths: { '/go/foo': `${gate.url}/go/foo.git` } },
    });
    const all = await Promise.all(Array.from({ length: 100 }, async () => ask(fresh.url, url)));
    expect(new Set(all.map(({ status }) => status))).toEqual(new Set([200]));
    const [first] = all;
    expect(all.every(({ bytes }) => bytes.equals(first?.bytes ?? Buffer.alloc(0)))).toBe(true);
    expect(commandsIn(git.requests)).toEqual(['ls-refs', 'fetch']);
    const again = await ask(fresh.url, url);
    expect(again.bytes.equals(first?.bytes ?? Buffer.alloc(0))).toBe(true);
    expect(commandsIn(git.requests)).toEqual(['ls-refs', 'fetch']);
  });

  it('leaves nothing half-made when the client goes away, and serves the next one', async () => {
    await using fresh = await startServer({
      config,
      vanity: { host: 'mycompany.com', paths: { '/go/foo': `${gate.url}/go/foo.git` } },
    });
    gate.close();
    const url = `${at}/@v/v1.0.2.zip`;
    const request = http.get(`${fresh.url}${url}`, { agent: false });
    request.on('error', () => undefined);
    expect(
      await until(
        () => gate.waiting(),
        (count) => count > 0,
      ),
    ).toBe(1);
    request.destroy();
    gate.open();
    const folder = path.join(fresh.cacheDir, `download${at}/@v`);
    const whole = ['v1.0.2.info', 'v1.0.2.zip', 'v1.0.2.ziphash'];
    // No client waits for it any more; but what was begun becomes whole or nothing.
    const got = await ask(fresh.url, url);
    expect(got.status).toBe(200);
    expect((await readdir(folder)).filter((name) => !name.endsWith('.mod')).sort()).toEqual(whole);

    const partly = http.get(`${fresh.url}${url}`, { agent: false }, (response) => {
      response.once('data', () => response.destroy());
    });
    partly.on('error', () => undefined);
    await new Promise((resolve) => partly.on('close', resolve));
    expect((await ask(fresh.url, url)).bytes.equals(got.bytes)).toBe(true);
  });

  describe('Disable-Module-Fetch: true', () => {
    const headers = { 'Disable-Module-Fetch': 'true' };
    it('answers from the cache, without git', async () => {
      await ask(server.url, zip);
      git.requests.length = 0;
      expect(await ask(server.url, zip, { headers })).toMatchObject({ status: 200 });
      expect(await ask(server.url, `${at}/@v/v1.0.0.info`, { headers })).toMatchObject({ status: 200 });
      const list = await ask(server.url, `${at}/@v/list`, { headers });
      expect(list.status).toBe(200);
      expect(list.text.split('\n')).toContain('v1.0.0');
      expect(git.requests).toEqual([]);
    });

    it.each(['v1.0.3.info', 'v1.0.3.mod', 'v1.0.3.zip', 'main.info'])('answers 404 for %s', async (file) => {
      git.requests.length = 0;
      const got = await ask(server.url, `${at}/@v/${file}`, { headers });
      expect(got).toMatchObject({
        status: 404,
        headers: { 'content-type': TEXT, 'cache-control': 'no-store' },
      });
      expect(got.text).toContain('Disable-Module-Fetch');
      expect(git.requests).toEqual([]);
    });
  });

  describe('refusals', () => {
    it.each(['POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS', 'TRACE', 'PROPFIND'])(
      '%s is not allowed',
      async (method) => {
        for (const url of [zip, '/go/foo?go-get=1', '/-/healthz', '/']) {
          const got = await ask(server.url, url, { method });
          expect(got.status, `${method} ${url}`).toBe(405);
          expect(got.headers).toMatchObject({ allow: 'GET, HEAD', 'content-type': TEXT });
        }
      },
    );

    const malformed: { name: string; path: string }[] = [
      { name: 'a parent folder', path: '/mycompany.com/../etc/passwd/@v/list' },
      { name: 'an encoded parent folder', path: '/mycompany.com/%2e%2e/etc/@v/list' },
      { name: 'an encoded slash', path: '/mycompany.com%2fgo%2ffoo/@v/list' },
      { name: 'NUL', path: '/mycompany.com/go/foo%00/@v/list' },
      { name: 'a leading dash', path: '/-oProxyCommand=x/@v/list' },
      { name: 'a version with a dash in front', path: `${at}/@v/--upload-pack=x.info` },
      { name: 'a version with a parent folder', path: `${at}/@v/..%2f..%2fx.info` },
      { name: 'upper case without !', path: '/mycompany.com/go/Foo/@v/list' },
      { name: 'a version in upper case without !', path: `${at}/@v/v1.0.0-RC1.info` },
      { name: 'a dangling !', path: '/mycompany.com/go/!/@v/list' },
      { name: 'an empty element', path: '/mycompany.com//foo/@v/list' },
      { name: 'no module', path: '/@v/list' },
      { name: 'no domain', path: '/foo/@v/list' },
      { name: 'another file', path: `${at}/@v/v1.0.0.tar` },
      { name: 'broken percent-encoding', path: '/mycompany.com/go/%zz/@v/list' },
      { name: 'bytes that are not text', path: '/mycompany.com/go/%ff/@v/list' },
      { name: 'an overlong element', path: `/mycompany.com/${'a'.repeat(300)}/@v/list` },
      { name: 'an overlong path', path: `/mycompany.com${'/aaaaaaaaa'.repeat(400)}/@v/list` },
      {
        name: 'an overlong path with broken percent-encoding',
        path: `/%zz${'/aaaaaaaaa'.repeat(400)}/@v/list`,
      },
      { name: 'an overlong version', path: `${at}/@v/v1.0.0-${'a'.repeat(300)}.info` },
    ];
    it.each(malformed)('400 with the reason: $name', async ({ path: url }) => {
      const got = await ask(server.url, url);
      expect(got.status).toBe(400);
      expectErrorText(got.text);
      expect(got.text).toMatch(/^(?:malformed|invalid) /);
      expect(got.headers['content-type']).toBe(TEXT);
    });

    const failures: { name: string; path: string; status: number; says: string }[] = [
      { name: 'no rule', path: '/mycompany.com/x/@v/list', status: 404, says: 'no rule for this path' },
      { name: 'no such version', path: `${at}/@v/v9.9.9.info`, status: 404, says: 'unknown revision v9.9.9' },
      { name: 'no such zip', path: `${at}/@v/v9.9.9.zip`, status: 404, says: 'unknown revision v9.9.9' },
      {
        name: 'no such repository',
        path: '/mycompany.com/go/nowhere/@v/list',
        status: 404,
        says: 'the git host knows no such repository',
      },
      {
        name: 'a host that is down',
        path: '/mycompany.com/go/refused/@latest',
        status: 502,
        says: 'nothing listens at 127.0.0.1:9',
      },
      { name: 'no such page', path: '/-/nope', status: 404, says: 'no such page' },
      {
        name: 'a path under no rule',
        path: '/nope?go-get=1',
        status: 404,
        says: 'this server knows no module at this path',
      },
    ];
    it.each(failures)('text for people: $name', async ({ path: url, status, says }) => {
      const got = await ask(server.url, url);
      expect(got.status).toBe(status);
      expect(got.text).toContain(says);
      expectErrorText(got.text);
      expect(got.headers['content-type']).toBe(TEXT);
      if (status >= 500) expect(got.headers['cache-control']).toBe('no-store');
      const head = await ask(server.url, url, { method: 'HEAD' });
      expect(head).toMatchObject({
        status,
        text: '',
        headers: { 'content-length': String(got.bytes.length), 'content-type': TEXT },
      });
    });

    const broken: { name: string; sent: string; status: string; says: string }[] = [
      {
        name: 'what is not HTTP',
        sent: 'EHLO mycompany.com\r\n\r\n',
        status: '400 Bad Request',
        says: 'not HTTP',
      },
      {
        name: 'headers without end',
        sent: `GET / HTTP/1.1\r\nHost: x\r\nX: ${'x'.repeat(40_000)}\r\n\r\n`,
        status: '431 Request Header Fields Too Large',
        says: 'headers of the request are too large',
      },
    ];
    it.each(broken)('text for people: $name', async ({ sent, status, says }) => {
      const answer = await conversation(server.port, sent);
      expect(answer).toContain(`HTTP/1.1 ${status}\r\n`);
      expect(answer).toContain(`Content-Type: ${TEXT}\r\n`);
      expect(answer).toContain(says);
    });

    it('a refused path is in the log like any other', async () => {
      await ask(server.url, '/mycompany.com/go/%zz/@v/v7.7.7.info');
      const line = await until(
        () => server.logs(),
        (log) => log.includes('%zz/@v/v7.7.7.info'),
      );
      expect(line).toMatch(/"method":"GET","path":"\/mycompany.com\/go\/%zz\/@v\/v7.7.7.info","status":400/);
    });

    it('an error about a very long name stays short', async () => {
      const name = Array.from({ length: 9 }, (_, i) => `${i}${'long-name'.repeat(20)}`).join('/');
      const got = await ask(server.url, `/mycompany.com/${name}/@v/list`);
      expect(got.status).toBe(404);
      expectErrorText(got.text);
    });
  });
});

describe('X-Forwarded-Host', () => {
  const paths = { '/x': 'http://127.0.0.1:9/x.git', 'other.corp/x': 'http://127.0.0.1:9/other.git' };
  const vanity = { host: 'mycompany.com', paths };
  const headers = { Host: 'other.corp', 'X-Forwarded-Host': 'mycompany.com' };

  const rows = [
    { name: 'from a trusted network', trust: ['10.0.0.1', '127.0.0.0/8'], root: 'mycompany.com/x' },
    { name: 'from a trusted address', trust: ['127.0.0.1'], root: 'mycompany.com/x' },
    { name: 'from anybody else', trust: ['10.0.0.1'], root: 'other.corp/x' },
    { name: 'where no proxy is trusted', trust: [], root: 'other.corp/x' },
  ];
  it('counts from a trusted proxy only', async () => {
    await using server = await startServer({ vanity });
    for (const { name, trust, root } of rows) {
      const lines = server.logs().split('modhaven.yaml read again').length;
      await server.writeConfig({ trust_proxy: trust });
      await until(
        () => server.logs(),
        (log) => log.split('modhaven.yaml read again').length > lines,
      );
      const { text } = await ask(server.url, '/x?go-get=1', { headers });
      expect(text, name).toContain(`content="${root} git `);
    }
  });
});

/** What `go` prints of an error: at most 8 lines and 600 bytes, no blank line, no control character. */
function expectErrorText(text: string): void {
  expect(Buffer.byteLength(text)).toBeLessThanOrEqual(600);
  expect(text).toMatch(/^(?:[^\p{C}]+\n){1,8}$/u);
}

/** Everything a server answers to `sent`. */
async function conversation(port: number, sent: string): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(sent));
    let answer = '';
    socket.setEncoding('utf8').on('data', (text: string) => (answer += text));
    socket.on('error', () => undefined);
    socket.on('close', () => resolve(answer));
  });
}
