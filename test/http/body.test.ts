import { Readable } from 'node:stream';
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { beginningOf, contentOf, discard, isPacked } from '../../src/http/body.js';
import type { HttpResponse } from '../../src/http/request.js';

function response(pieces: Iterable<Buffer> | AsyncIterable<Buffer>, encoding?: string): HttpResponse {
  return {
    status: 200,
    header: (name) => (name === 'content-encoding' ? encoding : undefined),
    body: Readable.from(pieces, { objectMode: true }) as HttpResponse['body'],
  };
}

async function textOf(answer: HttpResponse): Promise<string> {
  const pieces: Buffer[] = [];
  for await (const piece of contentOf(answer)) pieces.push(piece);
  return Buffer.concat(pieces).toString();
}

/** Pieces of 1000 bytes without end, and how many were taken. */
function endless(): { taken: () => number; pieces: Generator<Buffer> } {
  let count = 0;
  function* pieces(): Generator<Buffer> {
    for (;;) {
      count += 1;
      yield Buffer.alloc(1000, 'x');
    }
  }
  return { taken: () => count, pieces: pieces() };
}

const packings = [
  ['gzip', gzipSync],
  ['x-gzip', gzipSync],
  [' GZIP ', gzipSync],
  ['deflate', deflateSync],
  ['br', brotliCompressSync],
] as const;

describe('contentOf', () => {
  it.each(packings)('unpacks %j', async (encoding, pack) => {
    const answer = response([pack('some text')], encoding);
    expect(isPacked(answer)).toBe(true);
    expect(await textOf(answer)).toBe('some text');
  });

  it.each([undefined, '', 'identity', 'zstd', 'gzip, br'])(
    'leaves the encoding %j as it is',
    async (encoding) => {
      const answer = response([Buffer.from('some '), Buffer.from('text')], encoding);
      expect(isPacked(answer)).toBe(false);
      expect(await textOf(answer)).toBe('some text');
    },
  );

  it.each([
    ['is not packed', Buffer.from('plain')],
    ['is cut off', gzipSync('x'.repeat(1000)).subarray(0, 20)],
  ])('fails for a body that %s', async (_, bytes) => {
    await expect(textOf(response([bytes], 'gzip'))).rejects.toThrow();
  });

  it('fails as the body does', async () => {
    async function* broken(): AsyncGenerator<Buffer> {
      yield await Promise.resolve(gzipSync('some text').subarray(0, 5));
      throw new Error('broken off');
    }
    await expect(textOf(response(broken(), 'gzip'))).rejects.toThrow('broken off');
  });
});

describe('beginningOf', () => {
  it('is so many bytes of a text, or all of a shorter one', async () => {
    const pieces = () => [Buffer.from('abc'), Buffer.from('def')];
    expect(await beginningOf(response(pieces()), 4)).toBe('abcd');
    expect(await beginningOf(response(pieces()), 6)).toBe('abcdef');
    expect(await beginningOf(response(pieces()), 7)).toBe('abcdef');
    expect(await beginningOf(response([]), 7)).toBe('');
  });

  it('reads no more of an endless answer', async () => {
    const { taken, pieces } = endless();
    const answer = response(pieces);
    expect(await beginningOf(answer, 1500)).toBe('x'.repeat(1500));
    expect(taken()).toBeLessThan(30); // what a stream reads ahead
    expect((answer.body as unknown as Readable).destroyed).toBe(true);
  });

  it('is bounded in what it unpacks', async () => {
    expect(await beginningOf(response([gzipSync(Buffer.alloc(50_000_000))], 'gzip'), 10)).toBe(
      '\0'.repeat(10),
    );
  });
});

describe('discard', () => {
  it('reads a short answer to its end', async () => {
    const answer = response([Buffer.alloc(60_000)]);
    await discard(answer);
    expect((answer.body as unknown as Readable).readableEnded).toBe(true);
  });

  it('cuts a long one off', async () => {
    const { taken, pieces } = endless();
    const answer = response(pieces);
    await discard(answer);
    expect(taken()).toBeGreaterThan(65);
    expect(taken()).toBeLessThan(100);
    expect((answer.body as unknown as Readable).destroyed).toBe(true);
  });

  it('does not mind one that breaks off', async () => {
    // eslint-disable-next-line require-yield, @typescript-eslint/require-await -- it fails at once
    async function* broken(): AsyncGenerator<Buffer> {
      throw new Error('broken off');
    }
    await expect(discard(response(broken()))).resolves.toBeUndefined();
  });
});
