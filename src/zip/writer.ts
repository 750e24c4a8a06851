/**
 * Writes a zip archive as a stream.
 *
 * Deterministic: the same files in the same order give the same bytes, with no times and no file modes. Memory is bounded
 * whatever the size of the archive: files of medium size are deflated in the thread pool, several at once, and written
 * in order; large ones pass through piece by piece. A file that does not get smaller is stored as it is.
 */
import { createHash } from 'node:crypto';
import type { Writable } from 'node:stream';
import { crc32 } from 'node:zlib';
import { createBufferedSink, type BufferedSink } from './buffered-sink.js';
import {
  SMALL,
  TINY,
  chooseMethod,
  compress,
  compressAtOnce,
  deflated,
  type Compressed,
} from './compress.js';
import {
  DEFLATED,
  SIZES_FOLLOW,
  UTF8_NAMES,
  dataDescriptor,
  directoryHeader,
  endOfDirectory,
  localHeader,
  newEntry,
  type ZipDirectory,
  type ZipEntry,
} from './records.js';
import { Blocks } from './blocks.js';

/** Bytes of files that may wait in memory to be deflated and written. */
const MAX_PENDING = 8 * 1024 * 1024;

/** Bytes of small files that are deflated at once: a zip with no more is done before the thread pool has begun. */
const MAX_AT_ONCE = 256 * 1024;

/**
 * A writer onto `sink`, whose errors are the caller's to handle (`pipeline`). `onEntry` is told of each finished file, in
 * the order of the calls.
 */
export function createZipWriter(sink: Writable, onEntry?: (entry: ZipEntry) => void): ZipWriter {
  return new StreamedZip(createBufferedSink(sink), onEntry);
}

/** A file as it is in another zip that this writer made. */
export interface CopiedEntry extends Pick<ZipEntry, 'flags' | 'method' | 'crc' | 'compressed' | 'size'> {
  /** Its data there, as a whole or piece by piece. */
  data: Buffer | AsyncIterable<Buffer>;
}

export interface ZipWriter {
  /** Adds a file that is held in memory. Resolves when there is room for more; undefined if there is room now. */
  addBuffer(name: string, content: Buffer): Promise<void> | undefined;
  /** Adds a file that passes through. Resolves when it is written. */
  addStream(name: string, content: AsyncIterable<Buffer>): Promise<void>;
  /** Adds a file as another zip has it: the bytes are those that its content makes. Resolves when there is room for more. */
  addCopy(name: string, entry: CopiedEntry): Promise<void>;
  /**
   * Writes the directory of the archive, and says where it is. The sink is not ended. Rejects with the first error of
   * anything before it.
   */
  finish(): Promise<ZipDirectory>;
}

class StreamedZip implements ZipWriter {
  readonly #output: BufferedSink;
  /** The directory of the archive as bytes, which take a quarter of what records in memory would. */
  readonly #directory = new Blocks();
  #count = 0;
  /** Bytes of small files that are still deflated at once. */
  #atOnce = MAX_AT_ONCE;
  /** Bytes of files that are queued. */
  #pending = 0;
  #queue: Promise<void> = Promise.resolve();
  /** Work in the queue that is not done; never 0 again after a failure. */
  #waiting = 0;
  readonly #onEntry: ((entry: ZipEntry) => void) | undefined;

  constructor(output: BufferedSink, onEntry: ((entry: ZipEntry) => void) | undefined) {
    this.#output = output;
    this.#onEntry = onEntry;
  }

  addBuffer(name: string, content: Buffer): Promise<void> | undefined {
    if (this.#waiting === 0 && this.#isForNow(content)) {
      this.#writeWhole(name, content, compressAtOnce(content));
      return this.#output.isFull() ? this.#enqueue(() => this.#output.drained()) : undefined;
    }
    this.#pending += content.length;
    const compressing = compress(content);
    compressing.catch(() => undefined);
    const written = this.#enqueue(async () => {
      this.#writeWhole(name, content, await compressing);
      if (this.#output.isFull()) await this.#output.drained();
      this.#pending -= content.length;
    });
    return this.#pending > MAX_PENDING ? written : undefined;
  }

  addStream(name: string, content: AsyncIterable<Buffer>): Promise<void> {
    return this.#enqueue(() => this.#writeStream(name, content));
  }

  async addCopy(name: string, entry: CopiedEntry): Promise<void> {
    const { data } = entry;
    if (!Buffer.isBuffer(data)) return this.#enqueue(() => this.#writeCopy(name, entry, data));
    if (this.#waiting === 0) {
      this.#copyWhole(name, entry, data);
      if (this.#output.isFull()) await this.#enqueue(() => this.#output.drained());
      return;
    }
    this.#pending += data.length;
    const written = this.#enqueue(async () => {
      this.#copyWhole(name, entry, data);
      if (this.#output.isFull()) await this.#output.drained();
      this.#pending -= data.length;
    });
    if (this.#pending > MAX_PENDING) await written;
  }

  async finish(): Promise<ZipDirectory> {
    await this.#queue;
    const output = this.#output;
    const start = output.written();
    const sum = createHash('sha256');
    for (const block of this.#directory.take()) {
      sum.update(block);
      output.write(block);
      if (output.isFull()) await output.drained();
    }
    const size = output.written() - start;
    output.write(endOfDirectory(this.#count, start, size));
    output.flush();
    if (output.isFull()) await output.drained();
    return { start, size, sha256: sum.digest('hex') };
  }

  /** Whether a file is deflated at once: where there are many, the thread pool does several of them at a time. */
  #isForNow({ length }: Buffer): boolean {
    if (length <= TINY) return true;
    if (length > SMALL || length > this.#atOnce) return false;
    this.#atOnce -= length;
    return true;
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

  #copyWhole(name: string, entry: CopiedEntry, data: Buffer): void {
    const copy = this.#beginCopy(name, entry);
    this.#output.write(data);
    this.#endCopy(copy);
  }

  async #writeCopy(name: string, entry: CopiedEntry, data: AsyncIterable<Buffer>): Promise<void> {
    const copy = this.#beginCopy(name, entry);
    for await (const piece of data) {
      this.#output.write(piece);
      if (this.#output.isFull()) await this.#output.drained();
    }
    this.#endCopy(copy);
  }

  /** Writes the header of a copy: without checksum and sizes where these follow the data. */
  #beginCopy(name: string, { flags, method, crc, compressed, size }: CopiedEntry): ZipEntry {
    const entry = newEntry(name, flags, method, this.#output.written());
    const sums = { crc, compressed, size };
    const follow = (flags & SIZES_FOLLOW) !== 0;
    this.#output.write(localHeader(follow ? entry : Object.assign(entry, sums)));
    return Object.assign(entry, sums);
  }

  #endCopy(entry: ZipEntry): void {
    if ((entry.flags & SIZES_FOLLOW) !== 0) this.#output.write(dataDescriptor(entry));
    this.#list(entry);
  }

  /** Notes a finished file for the directory of the archive. */
  #list(entry: ZipEntry): void {
    this.#directory.add(directoryHeader(entry));
    this.#count += 1;
    this.#onEntry?.(entry);
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
