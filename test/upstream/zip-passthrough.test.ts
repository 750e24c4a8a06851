import { createHash } from 'node:crypto';
import { readFile, readdir } from 'node:fs/promises';
import { buffer } from 'node:stream/consumers';
import { Readable } from 'node:stream';
import { beforeEach, describe, expect, it } from 'vitest';
import { ModhavenError } from '../../src/errors.js';
import type { SourceZip, WholeZip, ZipTarget } from '../../src/modfetch/repo.js';
import { parseModulePath } from '../../src/module/module-path.js';
import type { GoproxyClient } from '../../src/upstream/goproxy-client.js';
import { FIRST_VISIBLE } from '../../src/upstream/tailing-file.js';
import type { UpstreamAnswer } from '../../src/upstream/upstream-answer.js';
import { fetchZip } from '../../src/upstream/zip-passthrough.js';
import { tempDir } from '../support/tmp.js';
import { noise } from '../support/noise.js';
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
  const taken: (WholeZip & { bytes: Buffer; isFile: boolean })[] = [];
  const putFile = async (path: string, whole: WholeZip) => {
    taken.push({ ...whole, bytes: await readFile(path), isFile: true });
  };
  const putBytes = (bytes: Buffer, whole: WholeZip) => {
    taken.push({ ...whole, bytes, isFile: false });
    return Promise.resolve();
  };
  return { taken, target: { putFile, putBytes } as unknown as ZipTarget };
}

describe('fetchZip', () => {
  it('delivers a small zip from memory, without a file of its own', async () => {
    const bytes = await zipOf(NAME, 'module ex.test/m\n', 'go.mod');
    const pieces = [bytes.subarray(0, 1), bytes.subarray(1, 50), bytes.subarray(50)];
    const zip = await zipFrom(pieces, bytes.length);
    expect([await readdir(tempFolder), zip.follow]).toEqual([[], undefined]);
    const noted = target();
    await zip.deliver(noted.target);
    const goMod = createHash('sha256').update('module ex.test/m\n').digest('hex');
    expect(noted.taken).toEqual([
      { hash: expect.stringMatching(/^h1:/) as string, goMod, bytes, isFile: false },
    ]);
  });

  it.each([
    { size: FIRST_VISIBLE - 1_000, isFile: false },
    { size: FIRST_VISIBLE + 200_000, isFile: true },
    { size: 3_000_000, isFile: true },
  ])(
    'delivers a zip of about $size bytes as it came, and leaves nothing behind',
    async ({ size, isFile }) => {
      const bytes = await zipOf(NAME, noise(size));
      function* pieces(): Generator<Uint8Array> {
        for (let at = 0; at < bytes.length; at += 10_007) yield bytes.subarray(at, at + 10_007);
      }
      const zip = await zipFrom(pieces());
      const noted = target();
      await zip.deliver(noted.target);
      expect(noted.taken.map((taken) => [taken.isFile, taken.bytes.equals(bytes)])).toEqual([[isFile, true]]);
      expect(await readdir(tempFolder)).toEqual([]);
    },
  );

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
    ['a large zip that is cut off', () => zipOf(NAME, noise(700_000)), 1_000_000, 'it ended after'],
    ['the zip of another module', () => zipOf('ex.test/other@v1.0.0'), undefined, ''],
    ['a zip that is said to be larger than any', () => zipOf(NAME), 600 * 1024 * 1024, 'larger than'],
  ])('takes %s for the fault of the upstream', async (_, bytes, length, reason) => {
    const failure: unknown = await zipFrom([await bytes()], length)
      .then((zip) => zip.deliver(target().target))
      .catch((error: unknown) => error);
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
