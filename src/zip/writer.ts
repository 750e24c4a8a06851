/**
 * Writes a zip archive as a stream (PKWARE APPNOTE 6.3, sections 4.3 to 4.5).
 *
 * Deterministic: the same files in the same order give the same bytes, with no times and no file modes. Memory is
 * bounded whatever the size of the archive: files of a middling size are deflated in the thread pool, several at once, and
 * written in order; large ones pass through piece by piece. What does not get smaller is stored.
 */
import type { Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import { constants, crc32, createDeflateRaw, deflateRaw, deflateRawSync } from 'node:zlib';
import { createBufferedSink } from './buffered-sink.js';

export interface ZipWriter {
  /** Adds a file that is held in memory. Resolves when there is room for more. */
  addBuffer(name: string, content: Buffer): Promise<void>;
  /** Adds a file that passes through. Resolves when it is written. */
  addStream(name: string, content: AsyncIterable<Buffer>): Promise<void>;
  /** Writes the directory of the archive. The sink is not ended. */
  finish(): Promise<void>;
}

/** Bytes of files that may wait in memory to be deflated and written. */
const MAX_PENDING = 8 * 1024 * 1024;

/** So much of a file decides whether deflating it is worth the time. */
const PROBE = 32 * 1024;
const WORTHWHILE = 0.97;

/**
 * Files up to this size are deflated where they stand: a job for the thread pool costs six times as much as a source
 * file of 1 KiB itself (0.29 ms and 0.05 ms), and this is the longest that it holds up the event loop: 0.3 ms.
 */
const TINY = 8 * 1024;

/**
 * How tiny files are deflated. A window as large as the largest of them finds the same repetitions as the usual one, with a
 * quarter of the memory to be claimed and cleared for each file.
 */
const TINY_WINDOW = { windowBits: 13, memLevel: 7 } as const;
/** Deflating needs room for a few bytes. */
const SMALLEST_CHUNK = constants.Z_MIN_CHUNK;

const DEFLATED = 8;
const STORED = 0;
/** Names are UTF-8 (bit 11). */
const UTF8_NAMES = 0x0800;
/** Sizes and checksum stand behind the data (bit 3). */
const SIZES_FOLLOW = 0x0008;
/** 1 January 1980, 00:00: the earliest time the format knows, for "no time". */
const DOS_DATE = 0x0021;

interface Entry {
  name: Buffer;
  flags: number;
  method: number;
  crc: number;
  compressed: number;
  size: number;
  offset: number;
}

const deflateAll = promisify(deflateRaw) as (data: Buffer) => Promise<Buffer>;

/** A writer onto `sink`, whose errors are the caller's to handle (`pipeline`). */
export function createZipWriter(sink: Writable): ZipWriter {
  const entries: Entry[] = [];
  const output = createBufferedSink(sink);
  let pending = 0;
  let queue: Promise<void> = Promise.resolve();
  /** What is in the queue and not done; never 0 again after a failure. */
  let waiting = 0;

  /** Appends to the archive in the order of the calls; a failure fails everything after it. */
  function enqueue(work: () => Promise<void>): Promise<void> {
    waiting += 1;
    queue = queue.then(work).then(() => {
      waiting -= 1;
    });
    queue.catch(() => undefined); // reported to whoever waits next, finish() at the latest
    return queue;
  }

  function writeEntry(name: string, content: Buffer, { method, data }: Packed): void {
    const entry = newEntry(name, UTF8_NAMES, method, output.written());
    Object.assign(entry, { crc: crc32(content), compressed: data.length, size: content.length });
    entries.push(entry);
    output.write(localHeader(entry));
    output.write(data);
  }

  return {
    async addBuffer(name, content) {
      if (content.length <= TINY && waiting === 0) {
        writeEntry(name, content, packTiny(content));
        if (output.isFull()) await enqueue(() => output.drained());
        return;
      }
      pending += content.length;
      const packed = pack(content);
      packed.catch(() => undefined);
      const written = enqueue(async () => {
        writeEntry(name, content, await packed);
        if (output.isFull()) await output.drained();
        pending -= content.length;
      });
      if (pending > MAX_PENDING) await written;
    },

    addStream(name, content) {
      return enqueue(async () => {
        const { probe, all } = await peek(content);
        const method = (await isWorthDeflating(probe)) ? DEFLATED : STORED;
        const entry = newEntry(name, UTF8_NAMES | SIZES_FOLLOW, method, output.written());
        entries.push(entry);
        output.write(localHeader(entry));
        const start = output.written();

        const plain = (async function* () {
          for await (const piece of all) {
            entry.crc = crc32(piece, entry.crc);
            entry.size += piece.length;
            yield piece;
          }
        })();
        for await (const piece of method === DEFLATED ? deflated(plain) : plain) {
          output.write(piece);
          if (output.isFull()) await output.drained();
        }
        entry.compressed = output.written() - start;
        output.write(dataDescriptor(entry));
      });
    },

    async finish() {
      await queue;
      const start = output.written();
      for (const entry of entries) {
        output.write(directoryHeader(entry));
        if (output.isFull()) await output.drained();
      }
      output.write(endOfDirectory(entries.length, start, output.written() - start));
      output.flush();
      if (output.isFull()) await output.drained();
    },
  };
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

async function* deflated(plain: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const deflater = createDeflateRaw({ level: constants.Z_DEFAULT_COMPRESSION });
  const feeding = pipeline(plain, deflater);
  feeding.catch(() => undefined); // whoever reads the deflater is told
  for await (const piece of deflater) yield piece as Buffer;
  await feeding;
}

interface Packed {
  method: number;
  data: Buffer;
}

async function pack(content: Buffer): Promise<Packed> {
  if (content.length <= TINY) return packTiny(content);
  if (content.length > 2 * PROBE && !(await isWorthDeflating(content.subarray(0, PROBE))))
    return { method: STORED, data: content };
  return smaller(content, await deflateAll(content));
}

function packTiny(content: Buffer): Packed {
  if (content.length === 0) return { method: STORED, data: content };
  // Room for all of it, and not for more: what is held until it is written should be no larger than the file.
  const chunkSize = Math.max(content.length, SMALLEST_CHUNK);
  return smaller(content, deflateRawSync(content, { ...TINY_WINDOW, chunkSize }));
}

function smaller(content: Buffer, deflated: Buffer): Packed {
  return deflated.length < content.length
    ? { method: DEFLATED, data: deflated }
    : { method: STORED, data: content };
}

async function isWorthDeflating(probe: Buffer): Promise<boolean> {
  return (await deflateAll(probe)).length < probe.length * WORTHWHILE;
}

function newEntry(name: string, flags: number, method: number, offset: number): Entry {
  return { name: Buffer.from(name), flags, method, crc: 0, compressed: 0, size: 0, offset };
}

function localHeader(entry: Entry): Buffer {
  const header = Buffer.alloc(30);
  header.writeUInt32LE(0x04034b50, 0);
  writeCommon(header, 4, entry);
  return Buffer.concat([header, entry.name]);
}

function dataDescriptor(entry: Entry): Buffer {
  const descriptor = Buffer.alloc(16);
  descriptor.writeUInt32LE(0x08074b50, 0);
  descriptor.writeUInt32LE(entry.crc, 4);
  descriptor.writeUInt32LE(entry.compressed, 8);
  descriptor.writeUInt32LE(entry.size, 12);
  return descriptor;
}

function directoryHeader(entry: Entry): Buffer {
  const header = Buffer.alloc(46);
  header.writeUInt32LE(0x02014b50, 0);
  header.writeUInt16LE(20, 4); // made by: version 2.0, no operating system's attributes
  writeCommon(header, 6, entry);
  header.writeUInt32LE(entry.offset, 42);
  return Buffer.concat([header, entry.name]);
}

/** The fields that both headers share, in the same order. */
function writeCommon(header: Buffer, at: number, entry: Entry): void {
  header.writeUInt16LE(20, at); // needs version 2.0
  header.writeUInt16LE(entry.flags, at + 2);
  header.writeUInt16LE(entry.method, at + 4);
  header.writeUInt16LE(0, at + 6);
  header.writeUInt16LE(DOS_DATE, at + 8);
  header.writeUInt32LE(entry.crc, at + 10);
  header.writeUInt32LE(entry.compressed, at + 14);
  header.writeUInt32LE(entry.size, at + 18);
  header.writeUInt16LE(entry.name.length, at + 22);
}

/** The last record, before it the zip64 ones where there are more entries than 16 bits can count. */
function endOfDirectory(count: number, start: number, size: number): Buffer {
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(Math.min(count, 0xffff), 8);
  end.writeUInt16LE(Math.min(count, 0xffff), 10);
  end.writeUInt32LE(size, 12);
  end.writeUInt32LE(start, 16);
  if (count < 0xffff) return end;

  const end64 = Buffer.alloc(56);
  end64.writeUInt32LE(0x06064b50, 0);
  end64.writeBigUInt64LE(44n, 4);
  end64.writeUInt16LE(45, 12);
  end64.writeUInt16LE(45, 14);
  end64.writeBigUInt64LE(BigInt(count), 24);
  end64.writeBigUInt64LE(BigInt(count), 32);
  end64.writeBigUInt64LE(BigInt(size), 40);
  end64.writeBigUInt64LE(BigInt(start), 48);
  const locator = Buffer.alloc(20);
  locator.writeUInt32LE(0x07064b50, 0);
  locator.writeBigUInt64LE(BigInt(start + size), 8);
  locator.writeUInt32LE(1, 16);
  return Buffer.concat([end64, locator, end]);
}
