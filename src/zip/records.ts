/** The records of a zip archive around the content of its files (PKWARE APPNOTE 6.3, sections 4.3 to 4.5). Pure. */

export const DEFLATED = 8;
export const STORED = 0;
/** Names are UTF-8 (bit 11). */
export const UTF8_NAMES = 0x0800;
/** Sizes and checksum stand behind the data (bit 3). */
export const SIZES_FOLLOW = 0x0008;

/** 1 January 1980, 00:00: the earliest time the format knows, for "no time". */
const DOS_DATE = 0x0021;

/** A file of the archive. */
export interface ZipEntry {
  name: Buffer;
  flags: number;
  /** `DEFLATED` or `STORED`. */
  method: number;
  /** CRC-32 of the content. */
  crc: number;
  /** Bytes in the archive. */
  compressed: number;
  /** Bytes of the content. */
  size: number;
  /** Where the local header begins in the archive. */
  offset: number;
}

/** Where the directory of an archive is in it. */
export interface ZipDirectory {
  start: number;
  /** In bytes. */
  size: number;
  /** Of its bytes, in hex. */
  sha256: string;
}

/** An entry whose checksum and sizes are not known yet. */
export function newEntry(name: string, flags: number, method: number, offset: number): ZipEntry {
  return { name: Buffer.from(name), flags, method, crc: 0, compressed: 0, size: 0, offset };
}

const LOCAL_HEADER_BYTES = 30;

/** Bytes before the data of a file. */
export function localHeaderSize(entry: ZipEntry): number {
  return LOCAL_HEADER_BYTES + entry.name.length;
}

/** The header before the data of a file. */
export function localHeader(entry: ZipEntry): Buffer {
  const header = Buffer.alloc(LOCAL_HEADER_BYTES);
  header.writeUInt32LE(0x04034b50, 0);
  writeCommon(header, 4, entry);
  return Buffer.concat([header, entry.name]);
}

/** The record behind the data of a file with `SIZES_FOLLOW`. */
export function dataDescriptor(entry: ZipEntry): Buffer {
  const descriptor = Buffer.alloc(16);
  descriptor.writeUInt32LE(0x08074b50, 0);
  descriptor.writeUInt32LE(entry.crc, 4);
  descriptor.writeUInt32LE(entry.compressed, 8);
  descriptor.writeUInt32LE(entry.size, 12);
  return descriptor;
}

/** The record of a file in the directory of the archive. */
export function directoryHeader(entry: ZipEntry): Buffer {
  const header = Buffer.alloc(46);
  header.writeUInt32LE(0x02014b50, 0);
  header.writeUInt16LE(20, 4); // made by: version 2.0, no attributes of an operating system
  writeCommon(header, 6, entry);
  header.writeUInt32LE(entry.offset, 42);
  return Buffer.concat([header, entry.name]);
}

/** The fields that both headers share, in the same order. */
function writeCommon(header: Buffer, at: number, entry: ZipEntry): void {
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

/**
 * The end of an archive whose directory has `count` entries and `size` bytes and begins at `start`; with the zip64 records
 * where there are more entries than 16 bits can count.
 */
export function endOfDirectory(count: number, start: number, size: number): Buffer {
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
