/** How the content of a file is stored in a zip: deflated where that makes it smaller, else as it is. */
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import { constants, createDeflateRaw, deflateRaw, deflateRawSync } from 'node:zlib';
import { DEFLATED, STORED } from './records.js';

/** Bytes at the beginning of a file that decide whether deflating it is worth the time. */
const PROBE = 32 * 1024;
const WORTHWHILE = 0.97;

/**
 * Files up to this size, in bytes, are deflated on the event loop: a job for the thread pool costs six times as much as
 * a source file of 1 KiB itself (0.29 ms and 0.05 ms), and this is the longest that it holds up the event loop: 0.3 ms.
 */
export const TINY = 8 * 1024;

/**
 * How tiny files are deflated. A window as large as the largest of them finds the same repetitions as the usual one,
 * with a quarter of the memory to be allocated and cleared for each file.
 */
const TINY_WINDOW = { windowBits: 13, memLevel: 7 } as const;
/** Deflating needs room for a few bytes. */
const SMALLEST_CHUNK = constants.Z_MIN_CHUNK;

/** Files up to this size, in bytes, are deflated on the event loop where they are few: it takes half a millisecond. */
export const SMALL = 16 * 1024;

export interface Compressed {
  /** `DEFLATED` or `STORED`. */
  method: number;
  data: Buffer;
}

const deflateAll = promisify(deflateRaw) as (data: Buffer) => Promise<Buffer>;

/** Compresses a content held in memory; in the thread pool where that is cheaper for the event loop. */
export async function compress(content: Buffer): Promise<Compressed> {
  if (content.length <= TINY) return compressTiny(content);
  if (content.length > 2 * PROBE && !(await isWorthDeflating(content.subarray(0, PROBE)))) {
    return { method: STORED, data: content };
  }
  return smaller(content, await deflateAll(content));
}

/** Compresses a content of at most `SMALL` bytes at once: the bytes are those of `compress`. */
export function compressAtOnce(content: Buffer): Compressed {
  return content.length <= TINY ? compressTiny(content) : smaller(content, deflateRawSync(content));
}

/** Compresses a content of at most `TINY` bytes at once. */
export function compressTiny(content: Buffer): Compressed {
  if (content.length === 0) return { method: STORED, data: content };
  // Room for all of it, and not for more: what is held until it is written should not be larger than the file.
  const chunkSize = Math.max(content.length, SMALLEST_CHUNK);
  return smaller(content, deflateRawSync(content, { ...TINY_WINDOW, chunkSize }));
}

/** The method for a stream, chosen by its first bytes however it is cut into pieces, and the stream from its beginning. */
export async function chooseMethod(
  content: AsyncIterable<Buffer>,
): Promise<{ method: number; content: AsyncIterable<Buffer> }> {
  const { probe, all } = await peek(content);
  return { method: (await isWorthDeflating(probe)) ? DEFLATED : STORED, content: all };
}

/** The deflated bytes of `plain`. */
export async function* deflated(plain: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const deflater = createDeflateRaw({ level: constants.Z_DEFAULT_COMPRESSION });
  const feeding = pipeline(plain, deflater);
  feeding.catch(() => undefined); // the reader of the deflater gets the error
  for await (const piece of deflater) yield piece as Buffer;
  await feeding;
}

/** The first bytes of `content`, however it is cut into pieces, and the whole of it. */
async function peek(content: AsyncIterable<Buffer>): Promise<{ probe: Buffer; all: AsyncIterable<Buffer> }> {
  const pieces = content[Symbol.asyncIterator]();
  const head: Buffer[] = [];
  let size = 0;
  let next = await pieces.next();
  for (; next.done !== true && size < PROBE; next = await pieces.next()) {
    head.push(next.value);
    size += next.value.length;
  }
  const all = (async function* () {
    try {
      yield* head;
      for (; next.done !== true; next = await pieces.next()) yield next.value;
    } finally {
      if (next.done !== true) await pieces.return?.();
    }
  })();
  return { probe: Buffer.concat(head).subarray(0, PROBE), all };
}

async function isWorthDeflating(probe: Buffer): Promise<boolean> {
  return (await deflateAll(probe)).length < probe.length * WORTHWHILE;
}

function smaller(content: Buffer, data: Buffer): Compressed {
  return data.length < content.length ? { method: DEFLATED, data } : { method: STORED, data: content };
}
