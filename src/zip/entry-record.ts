/**
 * What is noted of a finished zip, so that the next version of its module can take over the entries of unchanged files: of
 * each entry the id of the blob that it was made of, the SHA-256 of its content, and where its data is in the zip.
 *
 * A line of JSON, a row of fixed size for each entry, and the SHA-256 of both. Pure.
 */
import { createHash } from 'node:crypto';
import { z } from 'zod';
import { Blocks } from './blocks.js';
import { localHeaderSize, type ZipDirectory, type ZipEntry } from './records.js';

/** What an entry of another zip needs, whatever its name there. */
export interface NotedEntry extends Pick<ZipEntry, 'flags' | 'method' | 'crc' | 'compressed' | 'size'> {
  /** SHA-256 of the content, in hex. */
  sha256: string;
  /** Where its data begins in the zip. */
  dataStart: number;
}

/** The zip that a record is about. */
export interface NotedZip {
  version: string;
  /** Its `h1:` hash. */
  hash: string;
  directory: ZipDirectory;
}

/** Changes whenever the same files would make other bytes. */
const WRITER = `1 ${process.versions.zlib}`;

const HEADER = z.object({
  writer: z.literal(WRITER),
  version: z.string(),
  hash: z.string(),
  directory: z.object({ start: z.number(), size: z.number(), sha256: z.string() }),
  idBytes: z.union([z.literal(20), z.literal(32)]),
});

const SUM_BYTES = 32;
const SHA256_BYTES = 32;
/** Behind the id and the SHA-256 of a row. */
const NUMBERS_BYTES = 20;
const MAX_UINT32 = 0xffffffff;

/** Collects what is to be noted while a zip is written. */
export class EntryRecorder {
  readonly #rows = new Blocks();
  #idBytes: number | undefined;

  /** Notes a finished entry that was made of the blob `id` (hex). */
  add(id: string, sha256: string, entry: ZipEntry): void {
    this.#idBytes ??= id.length / 2;
    const row = Buffer.alloc(this.#idBytes + SHA256_BYTES + NUMBERS_BYTES);
    row.write(id, 0, 'hex');
    row.write(sha256, this.#idBytes, 'hex');
    const at = this.#idBytes + SHA256_BYTES;
    row.writeUInt16LE(entry.flags, at);
    row.writeUInt16LE(entry.method, at + 2);
    row.writeUInt32LE(entry.crc, at + 4);
    row.writeUInt32LE(entry.compressed, at + 8);
    row.writeUInt32LE(entry.size, at + 12);
    row.writeUInt32LE(Math.min(MAX_UINT32, entry.offset + localHeaderSize(entry)), at + 16);
    this.#rows.add(row);
  }

  /** The record; undefined where nothing was noted. Nothing can be added afterwards. */
  encode({ version, hash, directory }: NotedZip): Buffer | undefined {
    if (this.#idBytes === undefined) return undefined;
    const header = JSON.stringify({ writer: WRITER, version, hash, directory, idBytes: this.#idBytes });
    const content = Buffer.concat([Buffer.from(`${header}\n`), ...this.#rows.take()]);
    return Buffer.concat([content, sumOf(content)]);
  }
}

/** The entries that a record names, by the id of the blob they were made of. */
export class NotedEntries {
  readonly zip: NotedZip;
  readonly #rows: Buffer;
  readonly #idBytes: number;
  readonly #places = new Map<string, number>();

  private constructor(zip: NotedZip, rows: Buffer, idBytes: number) {
    this.zip = zip;
    this.#rows = rows;
    this.#idBytes = idBytes;
    const rowBytes = idBytes + SHA256_BYTES + NUMBERS_BYTES;
    for (let at = 0; at + rowBytes <= rows.length; at += rowBytes) {
      this.#places.set(rows.toString('latin1', at, at + idBytes), at);
    }
  }

  /** Reads a record; undefined if it is damaged, or of a program that wrote other zips. */
  static decode(record: Buffer): NotedEntries | undefined {
    const content = record.subarray(0, -SUM_BYTES);
    if (record.length <= SUM_BYTES || !sumOf(content).equals(record.subarray(-SUM_BYTES))) return undefined;
    const lineEnd = content.indexOf('\n');
    const header = HEADER.safeParse(parseJson(content.toString('utf8', 0, lineEnd)));
    if (!header.success) return undefined;
    const { idBytes, version, hash, directory } = header.data;
    return new NotedEntries({ version, hash, directory }, content.subarray(lineEnd + 1), idBytes);
  }

  /** The entry that was made of the blob `id` (hex). */
  find(id: string): NotedEntry | undefined {
    const place = this.#places.get(Buffer.from(id, 'hex').toString('latin1'));
    if (place === undefined) return undefined;
    const rows = this.#rows;
    const at = place + this.#idBytes + SHA256_BYTES;
    return {
      sha256: rows.toString('hex', place + this.#idBytes, at),
      flags: rows.readUInt16LE(at),
      method: rows.readUInt16LE(at + 2),
      crc: rows.readUInt32LE(at + 4),
      compressed: rows.readUInt32LE(at + 8),
      size: rows.readUInt32LE(at + 12),
      dataStart: rows.readUInt32LE(at + 16),
    };
  }
}

function sumOf(content: Buffer): Buffer {
  return createHash('sha256').update(content).digest();
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
