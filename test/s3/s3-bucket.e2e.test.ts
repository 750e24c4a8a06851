/** What `test/contract/bucket.test.ts` cannot show with a good object store: a real one behind a relay that fails. */
import { randomBytes, randomUUID } from 'node:crypto';
import { rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { S3Bucket } from '../../src/s3/s3-bucket.js';
import { faultyS3, nextMeet, type FaultyS3, type S3Fate } from '../support/relays/faulty-s3.js';
import { missing } from '../support/requirements.js';
import { s3Host, settingsOf, useS3Login, type S3Host } from '../support/hosts/s3-host.js';
import { tempDir } from '../support/tmp.js';

const KEY = 'a.test/@v/v1.0.0.zip';
const isAbsent = { ifAbsent: true };

describe.skipIf(missing('go'))('a bucket whose object store fails', () => {
  let host: S3Host;
  let relay: FaultyS3;
  let bucket: S3Bucket;
  let name: string;
  /** A zip that is sent in parts. */
  let large: string;
  let bytes: Buffer;

  beforeAll(async () => {
    useS3Login();
    host = await s3Host();
    relay = await faultyS3(host.port);
    bytes = randomBytes(9 * 1024 * 1024);
    large = path.join(await tempDir('large'), 'zip');
    await writeFile(large, bytes);
  });
  afterAll(async () => {
    await relay.stop();
    await host.stop();
  });
  beforeEach(async () => {
    relay.decide = undefined;
    name = randomUUID();
    await host.bucket(name);
    bucket = new S3Bucket(settingsOf(relay.url, name));
  });

  const isPut = (request: string) => request.startsWith(`PUT /${name}/${KEY}`);
  const isGet = (request: string) => request.startsWith(`GET /${name}/${KEY}`);
  /** The request that ends an upload in parts. */
  const isEnd = (request: string) => request.startsWith('POST ') && request.includes('uploadId=');

  it.each<[string, number, (request: string) => boolean, string]>([
    ['If-None-Match', 1, (request) => request.startsWith('PUT '), 'of writes (If-None-Match)'],
    ['If-Match', 2, (request) => request.startsWith('PUT '), 'of writes (If-Match)'],
    ['If-None-Match at the end of uploads in parts', 0, isEnd, 'of uploads in parts (If-None-Match)'],
  ])('an object store that ignores %s is refused before the first write', async (_, before, is, text) => {
    const ignoring = () => {
      let count = 0;
      relay.decide = (request) => (is(request) && (count += 1) > before ? 'pretended' : undefined);
    };
    for (const work of [() => bucket.put(KEY, Buffer.from('x'), isAbsent), () => bucket.probe()]) {
      ignoring();
      await expect(work()).rejects.toMatchObject({
        code: 'STORAGE',
        reason: expect.stringContaining(`it ignores the conditions ${text}`) as string,
        remedy: expect.stringContaining('conditional writes') as string,
      });
    }
    expect(await bucket.head(KEY)).toBeUndefined();
    // The same store, mended: it is asked again.
    relay.decide = undefined;
    await bucket.probe();
  });

  it('a write whose answer was lost is told from the success of another writer', async () => {
    await bucket.usable();
    nextMeet(relay, 1, 'lost', isPut);
    expect(await bucket.put(KEY, Buffer.from('mine'), isAbsent)).toBe(true);
    const etag = (await bucket.head(KEY))?.etag;
    nextMeet(relay, 1, 'lost', isPut);
    expect(await bucket.put(KEY, Buffer.from('next'), { ifMatch: etag })).toBe(true);
    nextMeet(relay, 1, 'lost', isPut);
    expect(await bucket.put(KEY, Buffer.from('other'), isAbsent)).toBe(false);
    expect((await bucket.read(KEY))?.bytes.toString()).toBe('next');
  });

  it.each<[string, S3Fate, (request: string) => boolean]>([
    ['the answer to a part is lost', 'lost', isPut],
    ['the answer to the end is lost', 'lost', isEnd],
    ['the end meets another write', [409, 'ConditionalRequestConflict'], isEnd],
    ['its upload is not known any more', [404, 'NoSuchUpload'], isEnd],
  ])('a large zip arrives whole and once although %s', async (_, fate, is) => {
    await bucket.usable();
    nextMeet(relay, 1, fate, is);
    expect(await bucket.putFile(KEY, large, isAbsent)).toBe(true);
    expect((await bucket.read(KEY))?.bytes.equals(bytes)).toBe(true);
    expect(await bucket.putFile(KEY, large, isAbsent)).toBe(false);
  });

  it.each<S3Fate>([
    [409, 'ConditionalRequestConflict'],
    [409, 'OperationAborted'],
    [503, 'SlowDown'],
    [500, 'InternalError'],
  ])('a write that meets %j is sent again', async (...fate) => {
    await bucket.usable();
    nextMeet(relay, 2, fate as S3Fate, isPut);
    expect(await bucket.put(KEY, Buffer.from('mine'), isAbsent)).toBe(true);
    nextMeet(relay, 2, fate as S3Fate, isPut);
    expect(await bucket.put(KEY, Buffer.from('other'), isAbsent)).toBe(false);
  });

  it('a body that ends before its Content-Length is asked for again, and is an outage if it stays so', async () => {
    await bucket.put(KEY, Buffer.alloc(100_000, 'x'));
    nextMeet(relay, 2, 'cut', isGet);
    expect((await bucket.read(KEY))?.size).toBe(100_000);
    nextMeet(relay, Infinity, 'cut', isGet);
    await expect(bucket.read(KEY)).rejects.toMatchObject({ code: 'STORAGE' });
  });

  it.each<[S3Fate, string]>([
    ['encoded', 'encoded on the way (Content-Encoding: gzip)'],
    ['page', 'no ETag, so it is not that of an object store'],
  ])('an answer that something on the way made (%s) is an outage, and no content', async (fate, words) => {
    await bucket.put(KEY, Buffer.from('mine'));
    nextMeet(relay, Infinity, fate, isGet);
    await expect(bucket.read(KEY)).rejects.toMatchObject({
      code: 'STORAGE',
      reason: expect.stringContaining(words) as string,
    });
    expect(bucket.problem()).toContain(words);
    relay.decide = undefined;
    expect((await bucket.read(KEY))?.bytes.toString()).toBe('mine');
    expect(bucket.problem()).toBeUndefined();
  });

  it.each<[string, (request: string) => boolean, () => Promise<unknown>]>([
    ['s3:PutObject', (request) => request.startsWith('PUT '), () => bucket.put(KEY, Buffer.from('x'))],
    ['s3:DeleteObject', (request) => request.startsWith('DELETE '), () => bucket.remove(KEY)],
    ['s3:ListBucket', (request) => request.includes('list-type='), () => bucket.list('').next()],
    ['s3:GetObject', isGet, () => bucket.read(KEY)],
  ])('the right %s that is missing is named until it is given', async (right, is, ask) => {
    await bucket.usable();
    nextMeet(relay, Infinity, [403, 'AccessDenied'], is);
    await expect(ask()).rejects.toMatchObject({ remedy: expect.stringContaining(right) as string });
    await bucket.head(KEY);
    expect(bucket.problem()).toContain('the credentials have no right to do that');
    relay.decide = undefined;
    await ask();
    expect(bucket.problem()).toBeUndefined();
  });

  it('a bucket whose list may not be read is refused before the first write', async () => {
    nextMeet(relay, Infinity, [403, 'AccessDenied'], (request) => request.includes('list-type='));
    await expect(bucket.put(KEY, Buffer.from('x'))).rejects.toMatchObject({
      remedy: 'give the credentials of the server s3:ListBucket on the bucket',
    });
  });

  it('a bucket that is gone is an outage also for HEAD, whose 404 says nothing, and may come back', async () => {
    await bucket.put(KEY, Buffer.from('mine'));
    const folder = path.join(host.dir, name);
    await rename(folder, `${folder}-away`);
    const other = new S3Bucket(settingsOf(relay.url, name));
    for (const ask of [() => other.head(KEY), () => other.read(KEY), () => other.probe()]) {
      await expect(ask()).rejects.toMatchObject({
        reason: expect.stringContaining('no such bucket') as string,
      });
    }
    await rename(`${folder}-away`, folder);
    await other.probe();
    expect((await other.head(KEY))?.size).toBe(4);
    expect(await other.head('never/@v/v1.0.0.zip')).toBeUndefined();
  });

  it('the tag of an object that came in parts is a condition as any other', async () => {
    await bucket.putFile(KEY, large);
    const etag = (await bucket.head(KEY))?.etag ?? '';
    expect(etag).toMatch(/-\d+"$/);
    const range = { start: 5, end: 9 };
    expect((await bucket.read(KEY, { range, ifMatch: etag }))?.bytes).toEqual(bytes.subarray(5, 10));
    expect(await bucket.put(KEY, Buffer.from('x'), { ifMatch: etag })).toBe(true);
    expect(await bucket.read(KEY, { range, ifMatch: etag })).toBeUndefined();
  });
});
