/**
 * What a module zip holds, read from the zip itself: the name and SHA-256 of every file, and over them the `h1:` hash of
 * go.sum (Go Modules Reference, "Module zip files"). Content is hashed as a stream and never held in memory.
 */
import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { openPromise, type Entry, type Options, type ZipFile } from 'yauzl';
import { ModhavenError, errorMessage } from '../errors.js';
import { hash1, type HashedFile } from '../module/files/dirhash.js';
import { createZipEntryChecker } from '../module/files/zip-entries.js';

export interface ZipContent {
  /** Over all files. */
  hash: string;
  /** In the order of the zip; names as they stand there (`module@version/…`). */
  files: HashedFile[];
}

/** How to open a zip for `readZipContent`: names as bytes, because yauzl refuses names that the rules of modules allow. */
export const ZIP_OPTIONS = {
  decodeStrings: false,
  lazyEntries: true,
  autoClose: false,
} as const satisfies Options;

/** Of a zip from elsewhere: the names of four million empty files fit into the size that a zip may have. */
const MAX_ENTRIES = 250_000;

/**
 * The content of `file` if it is the zip of the module version `name` (`path@version`). Throws MODULE_INVALID if it
 * is not a zip, is cut off, is damaged, is larger than a module may be, has more files than `MAX_ENTRIES`, or files of another module version or with
 * names that `go` refuses.
 */
export async function readModuleZip(file: string, name: string): Promise<ZipContent> {
  try {
    const zip = await openPromise(file, ZIP_OPTIONS);
    if (zip.entryCount > MAX_ENTRIES) {
      zip.close();
      throw new Error(`it holds ${zip.entryCount} files, more than ${MAX_ENTRIES}`);
    }
    return await readZipContent(zip, createZipEntryChecker(name));
  } catch (error) {
    throw new ModhavenError('MODULE_INVALID', `not a zip of ${name}`, {
      reason: errorMessage(error),
      cause: error,
    });
  }
}

/**
 * Reads an open zip to its end, checksums included, because `go` refuses a zip with a wrong one, and closes it. `check`
 * is called with each file before it is read. Throws an Error that says what is wrong with the zip.
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

/** The SHA-256 of a file of an open zip, in hex. Throws an Error if its checksum is wrong. */
export async function hashEntry(zip: ZipFile, entry: Entry, name: string): Promise<string> {
  const hash = createHash('sha256');
  let sum = 0;
  for await (const piece of (await zip.openReadStreamPromise(entry)) as AsyncIterable<Buffer>) {
    hash.update(piece);
    sum = crc32(piece, sum);
  }
  if (sum !== entry.crc32) throw new Error(`the checksum of ${name} is wrong`);
  return hash.digest('hex');
}
