/**
 * Writes a zip archive as a stream.
 *
 * Deterministic: the same files in the same order give the same bytes, with no times and no file modes. Memory is bounded
 * whatever the size of the archive: files of medium size are deflated in the thread pool, several at once, and written
 * in order; large ones pass through piece by piece. A file that does not get smaller is stored as it is.
 */
import type { Writable } from 'node:stream';
import { crc32 } from 'node:zlib';
import { createBufferedSink, type BufferedSink } from './buffered-sink.js';
import { TINY, chooseMethod, compress, compressTiny, deflated, type Compressed } from './compress.js';
import {
  DEFLATED,
  SIZES_FOLLOW,
  UTF8_NAMES,
  dataDescriptor,
  directoryHeader,
  endOfDirectory,
  localHeader,
  newEntry,
  type ZipEntry,
} from './records.js';
import { Blocks } from './blocks.js';

/** Bytes of files that may wait in memory to be deflated and written. */
const MAX_PENDING = 8 * 1024 * 1024;

/** A writer onto `sink`, whose errors are the caller's to handle (`pipeline`). */
export function createZipWriter(sink: Writable): ZipWriter {
  return new StreamedZip(createBufferedSink(sink));
}

export interface ZipWriter {
  /** Adds a file that is held in memory. Resolves when there is room for more. */
  addBuffer(name: string, content: Buffer): Promise<void>;
  /** Adds a file that passes through. Resolves when it is written. */
  addStream(name: string, content: AsyncIterable<Buffer>): Promise<void>;
  /** Writes the directory of the archive. The sink is not ended. Rejects with the first error of anything before it. */
  finish(): Promise<void>;
}

class StreamedZip implements ZipWriter {
  readonly #output: BufferedSink;
  /** The directory of the archive as bytes, which take a quarter of what records in memory would. */
  readonly #directory = new Blocks();
  #count = 0;
  /** Bytes of files that are queued. */
  #pending = 0;
  #queue: Promise<void> = Promise.resolve();
  /** Work in the queue that is not done; never 0 again after a failure. */
  #waiting = 0;

  constructor(output: BufferedSink) {
    this.#output = output;
  }

  async addBuffer(name: string, content: Buffer): Promise<void> {
    if (content.length <= TINY && this.#waiting === 0) {
      this.#writeWhole(name, content, compressTiny(content));
      if (this.#output.isFull()) await this.#enqueue(() => this.#output.drained());
      return;
    }
    this.#pending += content.length;
    const compressing = compress(content);
    compressing.catch(() => undefined);
    const written = this.#enqueue(async () => {
      this.#writeWhole(name, content, await compressing);
      if (this.#output.isFull()) await this.#output.drained();
      this.#pending -= content.length;
    });
    if (this.#pending > MAX_PENDING) await written;
  }

  addStream(name: string, content: AsyncIterable<Buffer>): Promise<void> {
    return this.#enqueue(() => this.#writeStream(name, content));
  }

  async finish(): Promise<void> {
    await this.#queue;
    const output = this.#output;
    const start = output.written();
    for (const block of this.#directory.take()) {
      output.write(block);
      if (output.isFull()) await output.drained();
    }
    output.write(endOfDirectory(this.#count, start, output.written() - start));
    output.flush();
    if (output.isFull()) await output.drained();
  }

  /** Does `work` in the order of the calls; a failure fails everything after it. */
  #enqueue(work: () => Promise<void>): Promise<void> {
    this.#waiting += 1;
    this.#queue = this.#queue.then(work).then(() => {
      this.#waiting -= 1;
    });
    this.#queue.catch(() => undefined); // reported to the caller that waits next, finish() at the latest
    return this.#queue;
  }

  #writeWhole(name: string, content: Buffer, { method, data }: Compressed): void {
    const entry = newEntry(name, UTF8_NAMES, method, this.#output.written());
    Object.assign(entry, { crc: crc32(content), compressed: data.length, size: content.length });
    this.#output.write(localHeader(entry));
    this.#output.write(data);
    this.#list(entry);
  }

  /** Notes a finished file for the directory of the archive. */
  #list(entry: ZipEntry): void {
    this.#directory.add(directoryHeader(entry));
    this.#count += 1;
  }

  async #writeStream(name: string, source: AsyncIterable<Buffer>): Promise<void> {
    const output = this.#output;
    const { method, content } = await chooseMethod(source);
    const entry = newEntry(name, UTF8_NAMES | SIZES_FOLLOW, method, output.written());
    output.write(localHeader(entry));
    const start = output.written();
    const plain = measured(content, entry);
    for await (const piece of method === DEFLATED ? deflated(plain) : plain) {
      output.write(piece);
      if (output.isFull()) await output.drained();
    }
    entry.compressed = output.written() - start;
    output.write(dataDescriptor(entry));
    this.#list(entry);
  }
}

/** `content`, whose size and checksum are counted into `entry` on the way. */
async function* measured(content: AsyncIterable<Buffer>, entry: ZipEntry): AsyncGenerator<Buffer> {
  for await (const piece of content) {
    entry.crc = crc32(piece, entry.crc);
    entry.size += piece.length;
    yield piece;
  }
}
