/** A zip for people who look into it: its files, and one of them at a time. */
import { buffer } from 'node:stream/consumers';
import type { Readable } from 'node:stream';
import type { Entry, ZipFile } from 'yauzl';
import { eachEntry, openZip } from './check.js';
import type { ZipSource } from './windowed-reader.js';

export interface ZipListing {
  /** In the order of the zip. */
  files: ListedFile[];
  /** Whether the zip has more files than were asked for. */
  isCut: boolean;
}

export interface ListedFile {
  /** As it stands in the zip. */
  name: string;
  /** Of the content, in bytes. */
  size: number;
  /** CRC-32 of the content: two versions of a file that differ have different ones, but for one in four thousand million. */
  crc: number;
}

/** The first `limit` files of a zip. Throws an Error that says what is wrong with the zip. */
export async function listZip(source: ZipSource, limit: number): Promise<ZipListing> {
  const opened = await openZip(source);
  try {
    const files: ListedFile[] = [];
    for await (const entry of eachEntry(opened)) {
      if (files.length === limit) break;
      files.push({
        name: entry.fileNameRaw.toString(),
        size: entry.uncompressedSize,
        crc: entry.crc32,
      });
    }
    return { files, isCut: opened.zip.entryCount > files.length };
  } finally {
    opened.zip.close();
  }
}

/**
 * The content of the file `name`, if it is not larger than `maxBytes`; `too large` if it is, undefined if there is no such
 * file. Throws an Error that says what is wrong with the zip.
 */
export async function readZipFile(
  source: ZipSource,
  name: string,
  maxBytes: number,
): Promise<Buffer | 'too large' | undefined> {
  const opened = await openZip(source);
  try {
    for await (const entry of eachEntry(opened)) {
      if (entry.fileNameRaw.toString() !== name) continue;
      return entry.uncompressedSize > maxBytes ? 'too large' : await content(opened.zip, entry);
    }
    return undefined;
  } finally {
    opened.zip.close();
  }
}

/** yauzl ends a stream that gives more than the directory says. */
async function content(zip: ZipFile, entry: Entry): Promise<Buffer> {
  const stream: Readable = await zip.openReadStreamPromise(entry);
  return buffer(stream);
}
