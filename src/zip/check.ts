/**
 * What a module zip holds, read from the zip itself: the name and SHA-256 of every file, and over them the `h1:` hash of
 * go.sum (Go Modules Reference, "Module zip files"). Content streams past and is never held.
 */
import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import type { Entry, Options, ZipFile } from 'yauzl';
import { hash1, type HashedFile } from '../module/dirhash.js';

export interface ZipContent {
  /** Over all files. */
  hash: string;
  /** In the order of the zip; names as they stand there (`module@version/…`). */
  files: HashedFile[];
}

/** How to open a zip for `readZipContent`: names as bytes, because the library has opinions on names and we have ours. */
export const ZIP_OPTIONS = {
  decodeStrings: false,
  lazyEntries: true,
  autoClose: false,
} as const satisfies Options;

/**
 * Reads an open zip to its end, checksums included, because `go` refuses a zip where one is wrong, and closes it.
 * `check` sees each file before it is read. Throws an Error that says why it is no good zip.
 */
export async function readZipContent(
  zip: ZipFile,
  check: (name: string, size: number) => void = () => undefined,
): Promise<ZipContent> {
  try {
    const files: HashedFile[] = [];
    for await (const entry of zip.eachEntry()) {
      const name = entry.fileNameRaw.toString();
      check(name, entry.uncompressedSize);
      files.push({ name, sha256: await hashEntry(zip, entry, name) });
    }
    return { hash: hash1(files), files };
  } finally {
    zip.close();
  }
}

async function hashEntry(zip: ZipFile, entry: Entry, name: string): Promise<string> {
  const hash = createHash('sha256');
  let sum = 0;
  for await (const piece of (await zip.openReadStreamPromise(entry)) as AsyncIterable<Buffer>) {
    hash.update(piece);
    sum = crc32(piece, sum);
  }
  if (sum !== entry.crc32) throw new Error(`the checksum of ${name} is wrong`);
  return hash.digest('hex');
}
