/**
 * Reads a zip at any position, in any order, wherever it is kept.
 *
 * Small files and the directory are read through windows: a store opens a file for every read, and a zip may hold a
 * million entries.
 */
import type { FileHandle } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { RandomAccessReader } from 'yauzl';
import { openRegular } from '../fs/regular-file.js';

/** Bytes of one read. */
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
  /** Called once, when nothing is read any more. */
  close?(): Promise<void>;
}

/** The zip `file`. Throws what the operating system says. */
export async function zipInFile(file: string): Promise<Required<ZipSource>> {
  const { handle, stats } = await openRegular(file);
  return {
    size: stats.size,
    open: ({ start, end }) => Readable.from(piecesOf(handle, start, end), { objectMode: false }),
    close: () => handle.close(),
  };
}

/** The zip that `bytes` are. */
export function zipInMemory(bytes: Buffer): ZipSource {
  return {
    size: bytes.length,
    open: ({ start, end }) => Readable.from([bytes.subarray(start, end + 1)], { objectMode: false }),
  };
}

/** A stream of the file would close it when it is destroyed, while others read. */
async function* piecesOf(handle: FileHandle, start: number, end: number): AsyncGenerator<Buffer> {
  for (let at = start; at <= end;) {
    const piece = Buffer.allocUnsafe(Math.min(WINDOW, end - at + 1));
    const { bytesRead } = await handle.read(piece, 0, piece.length, at);
    if (bytesRead === 0) return;
    at += bytesRead;
    yield piece.subarray(0, bytesRead);
  }
}

/** A zip in the form that yauzl reads. */
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
    const done = (bytes: Buffer): void => {
      bytes.copy(target, offset);
      callback(bytes.length < length ? new Error('unexpected end of the zip') : null);
    };
    const known = this.#inWindow(position, position + length);
    if (known === undefined) this.bytes(position, position + length).then(done, callback);
    else done(known);
  }

  override close(callback: (error: Error | null) => void): void {
    const closed = this.#zip.close?.() ?? Promise.resolve();
    closed.then(() => callback(null), callback);
  }

  /** The bytes from `start` to `end` exclusive, or as many as there are; to be read, not written to. */
  async bytes(start: number, end: number): Promise<Buffer> {
    const known = this.#inWindow(start, end);
    if (known !== undefined) return known;
    const until = Math.min(this.#zip.size, Math.max(end, start + WINDOW));
    if (until <= start) return Buffer.alloc(0);
    const bytes = await buffer(this.#zip.open({ start, end: until - 1 }));
    this.#windows = [...this.#windows, { start, bytes }].slice(-MAX_WINDOWS);
    return bytes.subarray(0, end - start);
  }

  #inWindow(start: number, end: number): Buffer | undefined {
    const window = this.#windows.find((each) => each.start <= start && end <= each.start + each.bytes.length);
    return window?.bytes.subarray(start - window.start, end - window.start);
  }

  async *#pieces(start: number, end: number): AsyncGenerator<Buffer> {
    yield await this.bytes(start, end);
  }
}
