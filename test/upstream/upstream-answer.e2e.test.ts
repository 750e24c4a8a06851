import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { buffer } from 'node:stream/consumers';
import { Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { HttpClient } from '../../src/http/client.js';
import { askUpstream, StorageHostFailure, type UpstreamAnswer } from '../../src/upstream/upstream-answer.js';
import { tempDir } from '../support/tmp.js';
import { fakeUpstream, send, status, to, type FakeUpstream } from './fake-upstream.js';

const PATH = '/ex.test/m/@v/v1.0.0.mod';
const http = new HttpClient({ hosts: () => new Map(), isNamed: () => true, env: {} });
const content = async ({ body }: UpstreamAnswer) => String(await buffer(Readable.from(body)));

function ask(url: string, consume: (answer: UpstreamAnswer) => Promise<unknown> = content): Promise<unknown> {
  const proxy = {
    url,
    credentials: { username: 'me', password: 's3cret' },
    fallbackOn: 'not-found',
  } as const;
  return askUpstream(http, proxy, PATH, { idleTimeoutMs: 2_000, overallMs: 20_000 }, consume);
}

describe('askUpstream of a server', () => {
  let upstream: FakeUpstream;
  let storage: FakeUpstream;
  beforeEach(async () => {
    [upstream, storage] = await Promise.all([fakeUpstream(), fakeUpstream()]);
  });
  afterEach(async () => {
    await Promise.all([upstream.stop(), storage.stop()]);
  });

  it('hands on what is answered, with its length', async () => {
    upstream.answers[PATH] = send(Buffer.from('module ex.test/m\n'));
    expect(await ask(upstream.url, async (answer) => [answer.length, await content(answer)])).toEqual([
      ...[17, 'module ex.test/m\n'],
    ]);
  });

  it.each([
    [404, 'MODULE_NOT_FOUND'],
    [410, 'VERSION_GONE'],
    [403, 'UPSTREAM_POLICY'],
    [500, 'HOST_REFUSED'],
  ])('takes %i for %s, in the words of the proxy', async (code, expected) => {
    upstream.answers[PATH] = status(code, 'because of this');
    await expect(ask(upstream.url)).rejects.toMatchObject({ code: expected, reason: 'because of this' });
  });

  it('sends credentials to the proxy and not to where it redirects to', async () => {
    const seen: (string | undefined)[] = [];
    upstream.answers[PATH] = (request, response) => {
      seen.push(request.headers.authorization);
      to(`${storage.url}/signed?signature=canary`)(request, response);
    };
    storage.otherwise = (request, response) => {
      seen.push(request.headers.authorization);
      send(Buffer.from('stored'))(request, response);
    };
    expect(await ask(upstream.url)).toBe('stored');
    expect(seen).toEqual([`Basic ${Buffer.from('me:s3cret').toString('base64')}`, undefined]);
  });

  it('tells the failure of a storage host as one, without its signed address', async () => {
    upstream.answers[PATH] = to(`${storage.url}/signed?signature=canary`);
    storage.otherwise = status(503);
    const failure: unknown = await ask(upstream.url).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(StorageHostFailure);
    expect(String(failure)).not.toContain('canary');
  });

  it('gives up a proxy that says nothing, and one that is not there', async () => {
    upstream.answers[PATH] = () => undefined;
    await expect(ask(upstream.url)).rejects.toMatchObject({ code: 'HOST_TIMEOUT' });
    await upstream.stop();
    await expect(ask(upstream.url)).rejects.toMatchObject({ code: 'HOST_UNREACHABLE' });
  });
});

it('reads a folder that is laid out as a proxy', async () => {
  const dir = await tempDir('proxy');
  const url = pathToFileURL(dir).href;
  await expect(ask(url)).rejects.toMatchObject({ code: 'MODULE_NOT_FOUND', reason: 'there is no such file' });
  await mkdir(path.dirname(path.join(dir, PATH)), { recursive: true });
  await writeFile(path.join(dir, PATH), 'module ex.test/m\n');
  expect(await ask(url)).toBe('module ex.test/m\n');
});

it('takes a folder that cannot be looked into for a proxy that cannot be asked', async () => {
  const dir = await tempDir('proxy');
  const gone = ask(pathToFileURL(path.join(dir, 'not-mounted')).href);
  await expect(gone).rejects.toMatchObject({ code: 'HOST_UNREACHABLE' });
  await mkdir(path.join(dir, PATH), { recursive: true });
  await expect(ask(pathToFileURL(dir).href)).rejects.toMatchObject({ code: 'HOST_UNREACHABLE' });
});
