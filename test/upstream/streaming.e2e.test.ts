/** Zips that pass through a running server to its clients while they are stored. */
import http, { type IncomingMessage } from 'node:http';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ask, until } from '../support/ask.js';
import { noise } from '../support/noise.js';
import { peakMemory } from '../support/process/memory.js';
import { startServer, type ModhavenServer } from '../support/server.js';
import { fakeUpstream, inTwoHalves, send, status, to, zipOf, type FakeUpstream } from './fake-upstream.js';

const NAME = 'ex.test/big@v1.0.0';
const ZIP = '/ex.test/big/@v/v1.0.0.zip';
const SIZE = 3_000_000;

let upstream: FakeUpstream;
let storage: FakeUpstream;
let server: ModhavenServer;
let zip: Buffer;

beforeEach(async () => {
  [upstream, storage, zip] = await Promise.all([fakeUpstream(), fakeUpstream(), zipOf(NAME, noise(SIZE))]);
  server = await startServer({
    config: {
      upstream: `${upstream.url.replace('//', '//me:s3cret@')},${upstream.url}/second`,
      // Redirects lead to an address of this machine only where the configuration names it.
      vcs: { hosts: { [`127.0.0.1:${storage.port}`]: {} } },
    },
  });
});
afterEach(async () => {
  await server.stop();
  await Promise.all([upstream.stop(), storage.stop()]);
});

interface Download {
  response: IncomingMessage;
  /** Bytes so far. */
  received: () => number;
  /** All of them; rejects if the connection breaks before. */
  whole: Promise<Buffer>;
  abandon: () => void;
}

/** A GET of the zip whose headers have come. */
function download(): Promise<Download> {
  return new Promise((resolve, reject) => {
    const request = http.get(server.url + ZIP, { agent: false }, (response) => {
      const pieces: Buffer[] = [];
      const whole = new Promise<Buffer>((done, broken) => {
        response.on('data', (piece: Buffer) => pieces.push(piece));
        response.on('end', () => done(Buffer.concat(pieces)));
        response.on('error', broken);
      });
      whole.catch(() => undefined);
      const received = () => pieces.reduce((size, { length }) => size + length, 0);
      resolve({ response, received, whole, abandon: () => request.destroy() });
    });
    request.on('error', reject);
  });
}

async function stored(): Promise<string[]> {
  const folder = join(server.cacheDir, 'download/ex.test/big/@v');
  return readdir(folder).catch(() => []);
}

describe('a large zip', () => {
  it('reaches a client before the upstream has sent it all, and is served from the store afterwards', async () => {
    const { respond, proceed } = inTwoHalves(zip);
    upstream.answers[ZIP] = respond;
    const client = await download();
    expect(client.response.statusCode).toBe(200);
    expect(client.response.headers['content-length']).toBe(String(zip.length));
    expect(await until(client.received, (size) => size > SIZE / 4, 20_000)).toBeGreaterThan(SIZE / 4);
    expect(await stored()).not.toContain('v1.0.0.zip');
    proceed();
    expect((await client.whole).equals(zip)).toBe(true);
    const again = await ask(server.url, ZIP, { headers: { Range: 'bytes=0-1' } });
    expect(again).toMatchObject({ status: 206, text: 'PK' });
    expect(again.headers.etag).toMatch(/^"h1:/);
    expect(upstream.asked).toEqual([ZIP]);
  });

  it('is fetched once for a hundred clients, also when the first one goes away', async () => {
    const { respond, proceed } = inTwoHalves(zip);
    upstream.answers[ZIP] = respond;
    const first = await download();
    const others = await Promise.all(Array.from({ length: 100 }, download));
    first.abandon();
    proceed();
    for (const { whole } of others) expect((await whole).equals(zip)).toBe(true);
    expect(upstream.asked).toEqual([ZIP]);
    expect(await stored()).toContain('v1.0.0.zip');
  });

  it.each([
    { name: 'ends too early', body: () => zip, length: SIZE * 2 },
    {
      name: 'is of another module',
      body: () => zipOf('ex.test/other@v1.0.0', noise(SIZE)),
      length: undefined,
    },
    {
      name: 'has a wrong checksum',
      body: () => {
        const damaged = Buffer.from(zip);
        damaged[SIZE / 2] = (damaged[SIZE / 2] ?? 0) ^ 1;
        return damaged;
      },
      length: undefined,
    },
  ])('that $name breaks off and is not stored', async ({ body, length }) => {
    const bytes = await body();
    const { respond, proceed } = inTwoHalves(bytes, length);
    upstream.answers[ZIP] = respond;
    const client = await download();
    proceed();
    await expect(client.whole).rejects.toThrow('aborted');
    expect(client.received()).toBeLessThan(bytes.length - 22);
    expect((await stored()).filter((name) => !name.startsWith('.'))).toEqual([]);
    const left = async () => (await readdir(server.cacheDir)).filter((name) => name.startsWith('upstream-'));
    expect(await until(left, ({ length: files }) => files === 0, 20_000)).toEqual([]);
    upstream.answers[ZIP] = send(zip);
    // A caller who comes before the failed flight has ended shares its failure.
    const again = await until(download, ({ response }) => response.statusCode === 200);
    expect((await again.whole).equals(zip)).toBe(true);
  });

  it('is waited for by HEAD and by a request for a part', async () => {
    const { respond, proceed } = inTwoHalves(zip);
    upstream.answers[ZIP] = respond;
    const answers = Promise.all([
      ask(server.url, ZIP, { method: 'HEAD' }),
      ask(server.url, ZIP, { headers: { Range: `bytes=${zip.length - 5}-` } }),
    ]);
    await until(
      () => upstream.asked.length,
      (count) => count > 0,
    );
    proceed();
    const [head, part] = await answers;
    expect(head).toMatchObject({ status: 200, text: '' });
    expect(head.headers['content-length']).toBe(String(zip.length));
    expect(part.bytes.equals(zip.subarray(-5))).toBe(true);
    expect(upstream.asked).toEqual([ZIP]);
  });
});

describe('memory', () => {
  it.skipIf(process.platform !== 'linux')('does not grow with the size of a zip', async () => {
    async function peakAt(version: string, size: number): Promise<number> {
      const path = `/ex.test/big/@v/${version}.zip`;
      upstream.answers[path] = send(await zipOf(`ex.test/big@${version}`, noise(size)));
      const { bytes } = await ask(server.url, path, { method: 'HEAD' });
      expect(bytes).toHaveLength(0);
      return peakMemory(server.pid);
    }
    const small = await peakAt('v1.1.0', 32_000_000);
    const large = await peakAt('v1.2.0', 192_000_000);
    expect(large - small).toBeLessThan(64); // MiB: 160 more went through
  });
});

describe('a storage host behind a redirect', () => {
  const SIGNED = '/bucket/1?signature=topsecret';

  it('gets no credentials, and its answer is stored', async () => {
    let sent: string | undefined;
    upstream.answers[ZIP] = (request, response) => {
      sent = request.headers.authorization;
      to(storage.url + SIGNED)(request, response);
    };
    storage.answers[SIGNED] = (request, response) => {
      expect(request.headers.authorization).toBeUndefined();
      send(zip)(request, response);
    };
    expect((await (await download()).whole).equals(zip)).toBe(true);
    expect(sent).toBe(`Basic ${Buffer.from('me:s3cret').toString('base64')}`);
    expect(storage.asked).toEqual([SIGNED]);
  });

  it.each([403, 500])('that answers %i is asked again through a new redirect', async (code) => {
    let turns = 0;
    upstream.answers[ZIP] = (request, response) => to(`${storage.url}/${(turns += 1)}`)(request, response);
    storage.answers['/1'] = status(code, '<Error>expired</Error>');
    storage.answers['/2'] = send(zip);
    expect((await (await download()).whole).equals(zip)).toBe(true);
    expect(storage.asked).toEqual(['/1', '/2']);
  });

  it('that goes on failing makes way for the next upstream, also after a comma', async () => {
    upstream.answers[ZIP] = to(storage.url + SIGNED);
    storage.answers[SIGNED] = status(403);
    upstream.answers[`/second${ZIP}`] = send(zip);
    expect((await (await download()).whole).equals(zip)).toBe(true);
    expect(upstream.asked).toEqual([ZIP, ZIP, `/second${ZIP}`]);
  });

  it('is an outage when no other proxy has it, in words without its address', async () => {
    upstream.answers[ZIP] = to(storage.url + SIGNED);
    storage.answers[SIGNED] = status(403, 'no such key');
    const answer = await ask(server.url, ZIP);
    expect(answer.status).toBe(502);
    expect(answer.text).toContain('answered 403');
    expect(answer.text).not.toMatch(/topsecret|s3cret/);
    expect(server.logs()).not.toMatch(/topsecret|s3cret/);
  });
});

describe('a small zip', () => {
  it.each([
    {
      name: 'an error page',
      body: () => Promise.resolve(Buffer.from('<html>log in</html>')),
      says: 'it is not a zip',
    },
    {
      name: 'of another module',
      body: () => zipOf('ex.test/other@v1.0.0'),
      says: 'it holds ex.test/other@v1.0.0',
    },
  ])('that is $name is refused as an outage, in words', async ({ body, says }) => {
    upstream.answers[ZIP] = send(await body());
    const answer = await ask(server.url, ZIP);
    expect(answer).toMatchObject({ status: 502, text: expect.stringContaining(says) as string });
    expect(await stored()).toEqual([]);
  });
});
