/** Bodies of answers, read within bounds. */
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib';
import { Readable, type Transform } from 'node:stream';
import type { HttpResponse } from './request.js';

/** Bytes of an answer that is not needed. A new connection costs less than reading more. */
const MAX_DISCARDED = 64 * 1024;

/**
 * Reads the rest of an answer that is not needed, so that its connection is kept. One that is long is cut off. Never
 * fails.
 */
export async function discard({ body }: Pick<HttpResponse, 'body'>): Promise<void> {
  let left = MAX_DISCARDED;
  try {
    for await (const piece of body) {
      left -= piece.length;
      if (left < 0) return;
    }
  } catch {
    // It broke off, which is as good.
  }
}

/** The first bytes of an answer, which may be endless. */
export async function beginningOf(response: HttpResponse, maxBytes: number): Promise<string> {
  const pieces: Buffer[] = [];
  let size = 0;
  for await (const piece of contentOf(response)) {
    pieces.push(piece);
    size += piece.length;
    if (size >= maxBytes) break;
  }
  return Buffer.concat(pieces).toString('utf8', 0, maxBytes);
}

/** The content of an answer, unpacked where the host packed it without having been asked to. */
export function contentOf(response: HttpResponse): AsyncIterable<Buffer> {
  const encoding = response.header('content-encoding')?.trim().toLowerCase();
  const create = encoding === undefined ? undefined : DECODERS[encoding];
  return create === undefined ? response.body : unpacked(response, create());
}

/** Whether `contentOf` has another length than `content-length` says. */
export function isPacked(response: HttpResponse): boolean {
  return DECODERS[response.header('content-encoding')?.trim().toLowerCase() ?? ''] !== undefined;
}

const DECODERS: Readonly<Record<string, () => Transform>> = {
  gzip: createGunzip,
  'x-gzip': createGunzip,
  deflate: createInflate,
  br: createBrotliDecompress,
};

async function* unpacked(response: HttpResponse, decoder: Transform): AsyncGenerator<Buffer> {
  const source = Readable.from(response.body);
  source.on('error', (error) => decoder.destroy(error));
  decoder.on('close', () => source.destroy());
  yield* source.pipe(decoder) as AsyncIterable<Buffer>;
}
