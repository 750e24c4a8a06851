/**
 * Reads the tar stream of `git archive` (POSIX pax interchange format, which extends ustar; archive-tar.c of git).
 *
 * Small files are slices of what was read; only large ones are streams. tar-stream makes a stream of each file, which
 * costs a cold zip of 1,500 files more than the tenth of its processor time (docs/decisions/tar-reading.md), and takes an
 * archive that is cut off between two files for a whole one.
 */
import type { Readable } from 'node:stream';

/** An entry of an archive. Its content is read, or skipped, before the next entry is asked for. */
export interface TarEntry {
  /** As it is in the archive, with a slash at the end if it is a directory. */
  path: string;
  isFile: boolean;
  /** Of the content, in bytes. */
  size: number;
  /** The whole content; at once if it is in memory already. */
  whole(): Buffer | Promise<Buffer>;
  /** The content piece by piece. */
  pieces(): AsyncIterable<Buffer>;
}

/** Bytes of a header; a content is padded to a multiple of it. */
const BLOCK = 512;

/** Larger than any header: a path and the target of a link of 4 KiB each, and some numbers. */
const MAX_EXTENDED = 1024 * 1024;

/**
 * The entries of `archive` in their order; it is destroyed when no more are wanted. Throws the error of the stream, or an
 * Error if it is not a whole tar archive.
 *
 * Where all of a file is in memory, no promise is made for it but that of the iterator: of ten thousand files, a dozen each
 * take longer than to read them.
 */
export async function* readTar(archive: Readable): AsyncGenerator<TarEntry> {
  const bytes = new ByteReader(archive);
  let extended = new Map<string, string>();
  try {
    for (;;) {
      const header = bytes.ready(BLOCK) ?? (await bytes.take(BLOCK));
      if (header[0] === 0) break;
      verifyChecksum(header);
      const type = String.fromCharCode(header[156] ?? 0);
      const size = sizeOf(header, extended);
      if (type === 'x' || type === 'g') {
        const records = await readExtended(bytes, size);
        // A global header holds the hash and the time of the commit.
        if (type === 'x') extended = parseRecords(records);
        continue;
      }
      const end = bytes.position + size + padding(size);
      yield {
        path: extended.get('path') ?? pathOf(header),
        isFile: type === '0',
        size,
        whole: () => bytes.ready(size) ?? bytes.take(size),
        pieces: () => bytes.pieces(size),
      };
      if (extended.size > 0) extended = new Map();
      const left = end - bytes.position;
      if (left > 0 && bytes.ready(left) === undefined) await bytes.skip(left);
    }
    // A block of zeros ends the archive; only the end of the stream says that nothing went wrong.
    await bytes.end();
  } finally {
    archive.destroy();
  }
}

/** The size that a header declares, in bytes; an extended one before it counts. */
function sizeOf(header: Buffer, extended: ReadonlyMap<string, string>): number {
  const declared = Number(extended.get('size') ?? NaN);
  const size = Number.isNaN(declared) ? octal(header, 124, 12) : declared;
  if (!Number.isSafeInteger(size) || size < 0) throw new Error('git archive: a size cannot be read');
  return size;
}

async function readExtended(bytes: ByteReader, size: number): Promise<Buffer> {
  if (size > MAX_EXTENDED) throw new Error('git archive: a header is too large');
  const records = await bytes.take(size);
  await bytes.skip(padding(size));
  return records;
}

/** Takes so many bytes at a time from a stream, whose pieces have other sizes. */
class ByteReader {
  readonly #source: AsyncIterator<Buffer>;
  #held: Buffer = Buffer.alloc(0);
  #position = 0;

  constructor(stream: Readable) {
    this.#source = stream[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  }

  /** Bytes taken so far. */
  get position(): number {
    return this.#position;
  }

  /** The next `size` bytes, if they are in memory. */
  ready(size: number): Buffer | undefined {
    if (this.#held.length < size) return undefined;
    const bytes = this.#held.subarray(0, size);
    this.#held = this.#held.subarray(size);
    this.#position += size;
    return bytes;
  }

  /** The next `size` bytes. */
  async take(size: number): Promise<Buffer> {
    const read = [this.#held];
    for (let length = this.#held.length; length < size;) {
      const piece = await this.#next();
      read.push(piece);
      length += piece.length;
    }
    this.#held = Buffer.concat(read);
    return this.ready(size) ?? this.#held;
  }

  /** The next `size` bytes, piece by piece. */
  async *pieces(size: number): AsyncGenerator<Buffer> {
    for (let left = size; left > 0;) {
      if (this.#held.length === 0) this.#held = await this.#next();
      const piece = this.#held.subarray(0, left);
      this.#held = this.#held.subarray(piece.length);
      this.#position += piece.length;
      left -= piece.length;
      yield piece;
    }
  }

  async skip(size: number): Promise<void> {
    const skipped = this.pieces(size);
    while ((await skipped.next()).done !== true);
  }

  /** Reads to the end of the stream, whatever comes. */
  async end(): Promise<void> {
    while ((await this.#source.next()).done !== true);
  }

  async #next(): Promise<Buffer> {
    const result = await this.#source.next();
    if (result.done === true) throw new Error('git archive ended before its end');
    return result.value;
  }
}

/** Bytes after a content up to the next block. */
function padding(size: number): number {
  return -size & (BLOCK - 1);
}

/** The sum of all bytes, with spaces in place of the sum itself. */
function verifyChecksum(header: Buffer): void {
  let sum = 8 * 0x20;
  for (let i = 0; i < 148; i++) sum += header[i] ?? 0;
  for (let i = 156; i < BLOCK; i++) sum += header[i] ?? 0;
  if (sum !== octal(header, 148, 8)) throw new Error('git archive: the checksum of a header is wrong');
}

function octal(header: Buffer, start: number, length: number): number {
  return Number.parseInt(header.toString('latin1', start, start + length), 8);
}

function pathOf(header: Buffer): string {
  const prefix = text(header, 345, 155);
  const name = text(header, 0, 100);
  return prefix === '' ? name : `${prefix}/${name}`;
}

/** Up to the first NUL, or the end of the field. */
function text(header: Buffer, start: number, length: number): string {
  const end = header.indexOf(0, start);
  return header.toString('utf8', start, end < 0 ? start + length : Math.min(end, start + length));
}

/** Parses records `LENGTH KEY=VALUE\n`; the length, in bytes, is that of the whole record. */
function parseRecords(records: Buffer): Map<string, string> {
  const found = new Map<string, string>();
  for (let at = 0; at < records.length;) {
    const length = Number.parseInt(records.toString('latin1', at, at + 8), 10);
    if (!(length > 0)) throw new Error('git archive: a header cannot be read');
    const record = records.toString('utf8', records.indexOf(' ', at) + 1, at + length - 1);
    const equals = record.indexOf('=');
    found.set(record.slice(0, equals), record.slice(equals + 1));
    at += length;
  }
  return found;
}
