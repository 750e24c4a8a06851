import { randomBytes } from 'node:crypto';
import { buffer } from 'node:stream/consumers';
import { inflateRawSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  SMALL,
  TINY,
  chooseMethod,
  compress,
  compressAtOnce,
  compressTiny,
  deflated,
} from '../../src/zip/compress.js';
import { DEFLATED, STORED } from '../../src/zip/records.js';

/** Contents of all sizes up to three probes, some that compress and some that do not. */
const CONTENTS = fc.oneof(
  fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
  fc.nat(100_000).map((size) => Buffer.alloc(size, 'the quick brown fox ')),
  fc.nat(100_000).map((size) => randomBytes(size)),
);

// eslint-disable-next-line @typescript-eslint/require-await -- as async iterables are asked for
async function* cut(content: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < content.length; at += size) yield content.subarray(at, at + size);
}

/** Text with some repetitions, as source has them. */
function goText(size: number): Buffer {
  const lines = Array.from({ length: size / 20 + 1 }, (_, i) => `\tx${(i * 7919) % 1000} := f(${i})\n`);
  return Buffer.from(lines.join('')).subarray(0, size);
}

describe('compress', () => {
  it('gives bytes that inflate to the content, and never more than it', async () => {
    await fc.assert(
      fc.asyncProperty(CONTENTS, async (content) => {
        const { method, data } = await compress(content);
        const plain = method === DEFLATED ? inflateRawSync(data) : data;
        expect(plain.equals(content)).toBe(true);
        expect(data.length).toBeLessThanOrEqual(content.length);
        if (method === DEFLATED) expect(data.length).toBeLessThan(content.length);
      }),
      { numRuns: 60 },
    );
  });

  it('gives the same bytes at once and in the thread pool', async () => {
    for (const size of [0, 1, 100, TINY, TINY + 1, 10_000, SMALL]) {
      for (const content of [randomBytes(size), Buffer.alloc(size, 'package a // func '), goText(size)]) {
        expect(compressAtOnce(content), `${size} bytes`).toEqual(await compress(content));
      }
    }
  });

  it('is compressTiny for a tiny content', async () => {
    const content = Buffer.alloc(TINY, 'abc');
    expect(await compress(content)).toEqual(compressTiny(content));
  });
});

describe('chooseMethod', () => {
  it('chooses the same however the stream is cut, and leaves nothing out', async () => {
    const mixed = Buffer.concat([randomBytes(10_000), Buffer.alloc(90_000, 'prose ')]);
    for (const size of [1_000, 32_768, 40_000, mixed.length]) {
      const { method, content } = await chooseMethod(cut(mixed, size));
      expect(method, `pieces of ${size}`).toBe(DEFLATED);
      expect((await buffer(content)).equals(mixed), `pieces of ${size}`).toBe(true);
    }
  });

  it('stores noise and nothing', async () => {
    expect((await chooseMethod(cut(randomBytes(200_000), 65_536))).method).toBe(STORED);
    expect((await chooseMethod(cut(Buffer.alloc(0), 1))).method).toBe(STORED);
  });
});

describe('deflated', () => {
  it('passes on the error of its source', async () => {
    // eslint-disable-next-line @typescript-eslint/require-await -- as async iterables are asked for
    const failing = (async function* () {
      yield Buffer.from('x');
      throw new Error('the source broke');
    })();
    await expect(buffer(deflated(failing))).rejects.toThrow('the source broke');
  });
});
