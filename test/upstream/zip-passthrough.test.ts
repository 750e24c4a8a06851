import { createHash } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { buffer } from 'node:stream/consumers';
import { Readable } from 'node:stream';
import { beforeEach, describe, expect, it } from 'vitest';
import { ModhavenError } from '../../src/errors.js';
import type { SourceZip, ZipTarget } from '../../src/modfetch/repo.js';
import { parseModulePath } from '../../src/module/module-path.js';
import type { GoproxyClient } from '../../src/upstream/goproxy-client.js';
import type { UpstreamAnswer } from '../../src/upstream/upstream-answer.js';
import { fetchZip } from '../../src/upstream/zip-passthrough.js';
import { tempDir } from '../support/tmp.js';
import { noise } from '../e2e/noise.js';
import { zipOf } from './fake-upstream.js';

const NAME = 'ex.test/m@v1.0.0';

let tempFolder: string;
beforeEach(async () => {
  tempFolder = await tempDir('incoming');
});

/** The zip of a list of upstreams that answers with these bytes, piece by piece as the test hands them out. */
function zipFrom(
  body: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  length?: number,
  beyond?: () => Promise<SourceZip>,
): Promise<SourceZip> {
  const client = {
    read: (_path: string, consume: (answer: UpstreamAnswer) => Promise<unknown>) =>
      consume({ body: Readable.from(body), length }),
  } as unknown as GoproxyClient;
  return fetchZip({
    client,
    tempDir: tempFolder,
    module: parseModulePath('ex.test/m'),
    version: 'v1.0.0',
    beyond,
  });
}

/** Notes what is delivered. */
function target() {
  const taken: { hash: string; goMod: string | undefined }[] = [];
  const putFile = (_path: string, { hash, goMod }: { hash: string; goMod?: Buffer | undefined }) => {
    taken.push({ hash, goMod: goMod?.toString() });
    return Promise.resolve();
  };
  return { taken, target: { putFile } as unknown as ZipTarget };
}

describe('fetchZip', () => {
  it('delivers a whole zip that was checked, and leaves nothing behind', async () => {
    const bytes = await zipOf(NAME, 'module ex.test/m\n', 'go.mod');
    const zip = await zipFrom([bytes], bytes.length);
    const noted = target();
    await zip.deliver(noted.target);
    const goModHash = createHash('sha256').update('module ex.test/m\n').digest('hex');
    expect(noted.taken).toEqual([{ hash: expect.stringMatching(/^h1:/) as string, goMod: goModHash }]);
    expect(await readdir(tempFolder)).toEqual([]);
  });

  it('lets readers follow, who get the end only once it is stored', async () => {
    const bytes = await zipOf(NAME, noise(1_000_000));
    let proceed: () => void = () => undefined;
    const rest = new Promise<void>((resolve) => (proceed = resolve));
    async function* halves(): AsyncGenerator<Uint8Array> {
      yield bytes.subarray(0, 600_000);
      await rest;
      yield bytes.subarray(600_000);
    }
    const zip = await zipFrom(halves(), bytes.length);
    const stream = await zip.follow?.();
    const whole = buffer(stream?.body as AsyncIterable<Uint8Array> & Readable);
    let isWhole = false;
    void whole.then(() => (isWhole = true));
    proceed();
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect([stream?.length, isWhole]).toEqual([bytes.length, false]);
    await zip.deliver(target().target);
    expect((await whole).equals(bytes)).toBe(true);
  });

  it.each([
    ['a page', () => Promise.resolve(Buffer.from('<html>')), undefined, 'it is not a zip'],
    ['a zip that is cut off', () => zipOf(NAME), 1_000_000, 'it ended after'],
    ['the zip of another module', () => zipOf('ex.test/other@v1.0.0'), undefined, ''],
    ['a zip that is said to be larger than any', () => zipOf(NAME), 600 * 1024 * 1024, 'larger than'],
  ])('takes %s for the fault of the upstream', async (_, bytes, length, reason) => {
    const failure: unknown = await zipFrom([await bytes()], length).catch((error: unknown) => error);
    expect(failure).toMatchObject({
      code: 'HOST_REFUSED',
      reason: expect.stringContaining(reason) as string,
    });
    expect(await readdir(tempFolder)).toEqual([]);
  });

  it('breaks off for readers where the end is bad, or the store does not take it', async () => {
    const bytes = await zipOf(NAME, noise(1_000_000));
    const zip = await zipFrom([bytes], bytes.length);
    const stream = await zip.follow?.();
    const putFile = () => Promise.reject(new ModhavenError('STORAGE', 'no space'));
    await expect(zip.deliver({ putFile } as unknown as ZipTarget)).rejects.toThrow('no space');
    await expect(buffer(stream?.body as AsyncIterable<Uint8Array> & Readable)).rejects.toThrow('no space');
  });
});
