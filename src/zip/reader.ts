/**
 * Reads the content of a zip, wherever it is kept.
 *
 * Small files and the directory are read through windows on the zip: a store opens a file for every read, and a zip may
 * hold ten thousand entries.
 */
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { RandomAccessReader, fromRandomAccessReaderPromise } from 'yauzl';
import { ZIP_OPTIONS, readZipContent, type ZipContent } from './check.js';

/** Bytes of one read of the store. */
const WINDOW = 1024 * 1024;
/** Ranges up to this size, in bytes, are read through a window. */
const SMALL = 256 * 1024;
/** One window for the directory, one for the content. */
const MAX_WINDOWS = 2;

/** A zip that can be read at any position. */
export interface ZipSource {
  /** In bytes. */
  size: number;
  /** The bytes from `start` to `end` inclusive. The stream fails if they cannot be read. */
  open(range: { start: number; end: number }): Readable;
}

/**
 * Reads a zip from its first to its last byte. `check` is called with each file before it is read. Throws an Error that
 * says what is wrong with the zip.
 */
export async function readZipFiles(
  zip: ZipSource,
  check?: (name: string, size: number) => void,
): Promise<ZipContent> {
  const reader = new WindowedReader(zip);
  return readZipContent(await fromRandomAccessReaderPromise(reader, zip.size, ZIP_OPTIONS), check);
}

/** A zip in the form that yauzl reads: at any position, in any order. */
export class WindowedReader extends RandomAccessReader {
  readonly #zip: ZipSource;
  /** The most recently used last. */
  #windows: { start: number; bytes: Buffer }[] = [];

  constructor(zip: ZipSource) {
    super();
    this.#zip = zip;
  }

  override _readStreamForRange(start: number, end: number): Readable {
    if (end - start > SMALL) return this.#zip.open({ start, end: end - 1 });
    return Readable.from(this.#pieces(start, end));
  }

  override read(
    target: Buffer,
    offset: number,
    length: number,
    position: number,
    callback: (error: Error | null) => void,
  ): void {
    this.#bytes(position, position + length).then(
      (bytes) => {
        bytes.copy(target, offset);
        callback(bytes.length < length ? new Error('unexpected end of the zip') : null);
      },
      (error: unknown) => callback(error as Error),
    );
  }

  async *#pieces(start: number, end: number): AsyncGenerator<Buffer> {
    yield await this.#bytes(start, end);
  }

  async #bytes(start: number, end: number): Promise<Buffer> {
    const known = this.#windows.find(
      (window) => window.start <= start && end <= window.start + window.bytes.length,
    );
    if (known !== undefined) return known.bytes.subarray(start - known.start, end - known.start);
    const until = Math.min(this.#zip.size, Math.max(end, start + WINDOW));
    if (until <= start) return Buffer.alloc(0);
    const bytes = await buffer(this.#zip.open({ start, end: until - 1 }));
    this.#windows = [...this.#windows, { start, bytes }].slice(-MAX_WINDOWS);
    return bytes.subarray(0, end - start);
  }
}
