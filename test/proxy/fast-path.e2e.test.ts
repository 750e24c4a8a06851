/** The fast path, over real HTTP: what it answers alone, how often it reads the disk, and that it leaves nothing open. */
import { createServer, get, type IncomingMessage } from 'node:http';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ResponseCache } from '../../src/proxy/response-cache.js';
import { createDiskStore } from '../../src/store/disk/disk-store.js';
import { createFastPath } from '../../src/proxy/fast-path.js';
import { createEntrance, type AdmittedListener } from '../../src/proxy/entrance.js';
import { openGate } from '../../src/proxy/gate.js';
import type { ReplyEvent } from '../../src/proxy/observer.js';
import type { ProxyRequest } from '../../src/proxy/request.js';
import { RequestTracker, type TrackedRequest } from '../../src/proxy/request-tracker.js';
import { StoredResponses } from '../../src/proxy/stored-responses.js';
import { Faults } from '../../src/log/faults.js';
import { putBytes } from '../../src/store/version-store.js';
import type { OpenPart, Part, PartKind, VersionStore } from '../../src/store/version-store.js';
import type { ModulePath } from '../../src/module/module-path.js';
import type { CanonicalVersion } from '../../src/module/version.js';
import { ask, until } from '../support/ask.js';
import { noise } from '../support/noise.js';
import { listenOnLoopback, type LoopbackHost } from '../support/loopback.js';
import { storeWith } from '../support/stores/store-with.js';
import { tempDir } from '../support/tmp.js';

const module = 'mycompany.com/go/foo' as ModulePath;
const at = `/${module}/@v`;
/** Larger than what is read at once, and than the pieces it is sent in. */
const LARGE = 1_500_000;

describe('the fast path', () => {
  let cache: ResponseCache;
  let host: LoopbackHost;
  let url: string;
  let lines: ReplyEvent[];
  let passed: string[];
  let parsed: (ProxyRequest | undefined)[];
  let reads = 0;
  let open = 0;
  let isClosing: boolean;
  let readFails: boolean;
  const small = noise(20_000);
  const large = noise(LARGE);

  /** The real store, watched. */
  function watched(store: VersionStore): VersionStore {
    return storeWith(store, {
      async read(part) {
        reads += 1;
        return store.read(part);
      },
      positions: { open: openWatched },
    });

    async function openWatched(part: Part): Promise<OpenPart | undefined> {
      reads += 1;
      const file = await store.positions?.open(part);
      if (file === undefined) return undefined;
      open += 1;
      return {
        size: file.size,
        read: (target, length, position, done) => {
          if (readFails) done(new Error('the disk is gone'), 0);
          else file.read(target, length, position, done);
        },
        close: () => {
          open -= 1;
          file.close();
        },
      };
    }
  }

  beforeEach(async () => {
    const store = createDiskStore(await tempDir('front'));
    const put = (version: CanonicalVersion, kind: PartKind, bytes: Buffer) =>
      putBytes(store, { module, version, kind }, bytes);
    await put('v1.0.0', 'info', Buffer.from('{"Version":"v1.0.0"}'));
    await put('v1.0.0', 'mod', Buffer.from(`module ${module} // ü\n`));
    for (const [version, bytes] of [
      ['v1.0.0', small],
      ['v1.1.0', large],
    ] as const) {
      await put(version, 'ziphash', Buffer.from('h1:abc='));
      await put(version, 'zip', bytes);
    }
    await put('v1.2.0', 'zip', small); // its hash is missing
    [lines, passed, parsed, reads, open, isClosing] = [[], [], [], 0, 0, false];
    readFails = false;
    cache = new ResponseCache({ maxBytes: () => 16 * 2 ** 20, refreshMs: () => 30_000 });
    const observer = { replied: (reply: ReplyEvent) => void lines.push(reply) };
    const trusts = () => false;
    const tracker = new RequestTracker(observer, trusts);
    const stored = new StoredResponses(cache, watched(store));
    const general: AdmittedListener = (request, response) => {
      passed.push(`${request.method ?? ''} ${request.url ?? ''}`);
      parsed.push((request as TrackedRequest).proxyRequest);
      response.end('the routes');
    };
    const entrance = createEntrance(
      {
        gate: openGate,
        tracker,
        faults: new Faults({ log: pino({ level: 'silent' }) }),
        trusts: () => false,
        isClosing: () => isClosing,
      },
      createFastPath({ cache, stored, observer, tracker, trusts }, general),
    );
    host = await listenOnLoopback(createServer(entrance));
    url = `http://127.0.0.1:${host.port}`;
  });
  afterEach(async () => {
    await host.stop();
    // A read that is under way ends before its file is closed.
    const stillOpen = await until(
      () => open,
      (count) => count === 0,
    );
    expect(stillOpen).toBe(0);
  });

  it('says to a web server in front that a file may be read, and tells it once; a query is for the routes', async () => {
    const got = await ask(url, '/-/auth');
    expect(got).toMatchObject({ status: 204, headers: { 'cache-control': 'no-store' } });
    expect(got.headers['x-cache-control']).toBe('public, max-age=31536000, immutable');
    expect(passed).toEqual([]);
    expect(lines).toMatchObject([{ url: '/-/auth', status: 204, aborted: false }]);
    await ask(url, '/-/auth?');
    await ask(url, '/-/auth', { method: 'POST' });
    expect(passed).toEqual(['GET /-/auth?', 'POST /-/auth']);
  });

  it.each([
    { file: 'v1.0.0.info', body: Buffer.from('{"Version":"v1.0.0"}') },
    { file: 'v1.0.0.mod', body: Buffer.from(`module ${module} // ü\n`) },
    { file: 'v1.0.0.zip', body: small },
  ])('reads $file once, however often it is asked for', async ({ file, body }) => {
    expect((await ask(url, `${at}/${file}`)).bytes.equals(body)).toBe(true);
    const before = reads;
    for (const method of ['GET', 'HEAD', 'GET']) {
      const got = await ask(url, `${at}/${file}`, { method });
      expect(got.status).toBe(200);
      if (method === 'GET') expect(got.bytes.equals(body)).toBe(true);
    }
    expect(reads).toBe(before);
    expect(passed).toEqual([]);
    expect(lines).toHaveLength(4);
    expect(lines[3]).toMatchObject({
      method: 'GET',
      url: `${at}/${file}`,
      outcome: { module, version: 'v1.0.0', cache: 'hit' },
      status: 200,
      client: '127.0.0.1',
    });
  });

  it('holds a larger zip once it was asked for twice', async () => {
    const zip = `${at}/v1.1.0.zip`;
    for (let i = 0; i < 2; i++) expect((await ask(url, zip)).bytes.equals(large)).toBe(true);
    const before = reads;
    expect((await ask(url, zip)).bytes.equals(large)).toBe(true);
    const part = await ask(url, zip, { headers: { Range: 'bytes=1000-1999' } });
    expect(part.bytes.equals(large.subarray(1000, 2000))).toBe(true);
    expect(reads).toBe(before);
    expect(cache.bytes()).toBeGreaterThan(LARGE);
  });

  it('does not read a zip whose answer needs none of it, and closes it', async () => {
    const { headers } = await ask(url, `${at}/v1.1.0.zip`, { method: 'HEAD' });
    expect(headers['content-length']).toBe(String(LARGE));
    expect(open).toBe(0);
  });

  it.each([
    { name: 'what is not stored', path: `${at}/v9.9.9.info` },
    { name: 'a zip without its hash', path: `${at}/v1.2.0.zip` },
    { name: 'a version that is not canonical', path: `${at}/v1.info` },
    { name: 'a branch', path: `${at}/main.info` },
    { name: 'a list', path: `${at}/list` },
    { name: 'a hash file', path: `${at}/v1.0.0.ziphash` },
    { name: 'a query', path: `${at}/v1.0.0.info?go-get=1` },
    { name: 'another spelling', path: `${at}/v1.0%2e0.info` },
    { name: 'a way out', path: `/mycompany.com/x/../go/foo/@v/v1.0.0.info` },
    { name: 'a page', path: '/mycompany.com/go/foo' },
  ])('hands on $name', async ({ path }) => {
    expect((await ask(url, path)).text).toBe('the routes');
    expect(passed).toEqual([`GET ${path}`]);
    expect([lines.map(({ cached }) => cached), cache.bytes()]).toEqual([[undefined], 0]);
  });

  it('hands on what it has parsed, so that the routes need not parse it again', async () => {
    await ask(url, `${at}/v9.0.0.zip`);
    await ask(url, `${at}/list`);
    await ask(url, `${at}/v9.0.0.zip?x`);
    await ask(url, `${at}/v9.0.0.exe`);
    expect(parsed).toEqual([
      { kind: 'zip', module, version: 'v9.0.0' },
      { kind: 'list', module },
      undefined,
      undefined,
    ]);
  });

  it('hands on other methods, and answers nothing any more when the server ends', async () => {
    await ask(url, `${at}/v1.0.0.info`);
    await ask(url, `${at}/v1.0.0.info`, { method: 'DELETE' });
    isClosing = true;
    const { status, headers } = await ask(url, `${at}/v1.0.0.info`);
    expect([status, headers['retry-after']]).toEqual([503, '5']);
    expect(passed).toEqual([`DELETE ${at}/v1.0.0.info`]);
  });

  it('knows two spellings of upper case, as go sends them', async () => {
    for (const name of ['!x', '%21x']) await ask(url, `/mycompany.com/go/${name}/@v/v1.0.0.info`);
    expect(passed).toHaveLength(2);
    expect(reads).toBe(2);
  });

  it('closes the file when the client goes away in the middle', async () => {
    const response = await begin(`${url}${at}/v1.1.0.zip`);
    expect(open).toBe(1);
    response.destroy();
    await until(
      () => lines.length,
      (count) => count > 0,
    );
    expect(lines).toHaveLength(1);
  });

  it('breaks the connection when the file cannot be read to its end', async () => {
    readFails = true;
    expect(await ask(url, `${at}/v1.1.0.zip`).catch((error: unknown) => String(error))).toMatch(
      /aborted|hang up/,
    );
  });

  it('serves many large zips at once with the same bytes for all', async () => {
    const all = await Promise.all(Array.from({ length: 80 }, async () => ask(url, `${at}/v1.1.0.zip`)));
    expect(all.every(({ bytes }) => bytes.equals(large))).toBe(true);
  });
});

/** A response whose body was not read yet. */
async function begin(url: string): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    get(url, { agent: false }, resolve).on('error', reject);
  });
}
