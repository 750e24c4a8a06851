/**
 * What a module zip holds, read from the zip itself: the name and SHA-256 of every file, and over them the `h1:` hash of
 * go.sum (Go Modules Reference, "Module zip files"). Content is hashed as a stream and never held in memory.
 */
import { createHash, hash as oneShotHash } from 'node:crypto';
import { pipeline } from 'node:stream/promises';
import { crc32, createInflateRaw, inflateRawSync } from 'node:zlib';
import { fromRandomAccessReaderPromise, type Entry, type Options, type ZipFile } from 'yauzl';
import { Slices } from '../concurrency/slices.js';
import { ModhavenError, errorMessage } from '../errors.js';
import { hash1, type HashedFile } from '../module/files/dirhash.js';
import { createZipEntryChecker } from '../module/files/zip-entries.js';
import { DEFLATED, STORED } from './records.js';
import { WindowedReader, zipInFile, zipInMemory, type ZipSource } from './windowed-reader.js';

export interface ZipContent {
  /** Over all files. */
  hash: string;
  /** In the order of the zip; names as they stand there (`module@version/…`). */
  files: HashedFile[];
}

/** A zip that is open, to be closed. */
export interface OpenZip {
  zip: ZipFile;
  reader: WindowedReader;
}

/** Names as bytes, because yauzl refuses names that the rules of modules allow. */
const ZIP_OPTIONS = {
  decodeStrings: false,
  lazyEntries: true,
  autoClose: false,
} as const satisfies Options;

/**
 * Files up to this size, in bytes, are inflated at once, from a window on the zip, which takes half a millisecond: a stream for
 * each takes ten times as long where they are tiny. 147 public zips (105 MB) take 0.6 of the processor time that they took with
 * 16 KiB here and the streams of yauzl, which go to a thread for each 16 KiB.
 */
const SMALL_FILE = 128 * 1024;
/** What is read in one slice of the event loop: files, and pieces of this size of larger ones. It takes a few milliseconds. */
const PIECES_AT_ONCE = 32;
const PIECE = 16 * 1024;

/** Of a zip from elsewhere: the names of four million empty files fit into the size that a zip may have. */
const MAX_ENTRIES = 250_000;

/**
 * The content of a zip, its bytes or the file with this path, if it is that of the module version `name` (`path@version`). Throws MODULE_INVALID if it
 * is not a zip, is cut off, is damaged, is larger than a module may be, has more files than `MAX_ENTRIES`, or files of another module version or with
 * names that `go` refuses.
 */
export async function readModuleZip(source: string | Buffer, name: string): Promise<ZipContent> {
  try {
    const opened =
      typeof source === 'string' ? await openZipFile(source) : await openZip(zipInMemory(source));
    const { zip } = opened;
    if (zip.entryCount > MAX_ENTRIES) {
      zip.close();
      throw new Error(`it holds ${zip.entryCount} files, more than ${MAX_ENTRIES}`);
    }
    return await readZipContent(opened, createZipEntryChecker(name));
  } catch (error) {
    throw new ModhavenError('MODULE_INVALID', `not a zip of ${name}`, {
      reason: errorMessage(error),
      cause: error,
    });
  }
}

/** Opens a zip. Throws an Error that says why it is not one; the source is closed then. */
export async function openZip(source: ZipSource): Promise<OpenZip> {
  const reader = new WindowedReader(source);
  try {
    return { reader, zip: await fromRandomAccessReaderPromise(reader, source.size, ZIP_OPTIONS) };
  } catch (error) {
    await source.close?.();
    throw isTooLong(error) ? new Error('bytes follow behind its end', { cause: error }) : error;
  }
}

/** yauzl says it in three questions, one of which repeats bytes of the zip. */
function isTooLong(error: unknown): boolean {
  return errorMessage(error).startsWith('Invalid comment length');
}

/** Opens the zip `file`. Throws what the operating system says, or an Error that says why it is not a zip. */
export async function openZipFile(file: string): Promise<OpenZip> {
  return openZip(await zipInFile(file));
}

/**
 * Reads an open zip to its end, checksums included, because `go` refuses a zip with a wrong one, and closes it. `check`
 * is called with each file before it is read. Throws an Error that says what is wrong with the zip.
 */
export async function readZipContent(
  opened: OpenZip,
  check: (name: string, size: number) => void = () => undefined,
): Promise<ZipContent> {
  try {
    const files: HashedFile[] = [];
    for await (const entry of eachEntry(opened)) {
      const name = entry.fileNameRaw.toString();
      check(name, entry.uncompressedSize);
      files.push({ name, sha256: await hashEntry(opened, entry, name) });
    }
    return { hash: hash1(files), files };
  } finally {
    opened.zip.close();
  }
}

/** The entries of an open zip in its order; others get their turn between them. */
export async function* eachEntry({ zip }: OpenZip): AsyncGenerator<Entry> {
  const slices = new Slices(PIECES_AT_ONCE);
  for await (const entry of zip.eachEntry()) {
    yield entry;
    if (slices.isOver(Math.ceil(Math.min(entry.uncompressedSize, SMALL_FILE) / PIECE))) await slices.next();
  }
}

/** The SHA-256 of a file of an open zip, in hex. Throws an Error if its checksum is wrong. */
export async function hashEntry(opened: OpenZip, entry: Entry, name: string): Promise<string> {
  const small = await smallContent(opened, entry);
  if (small !== undefined && crc32(small) === entry.crc32) return oneShotHash('sha256', small, 'hex');
  const hash = createHash('sha256');
  let [size, sum] = [0, 0];
  // What is wrong with a small one is said here, too.
  for await (const piece of contentOf(opened, entry)) {
    size += piece.length;
    if (size > entry.uncompressedSize) throw new Error(`${name} has too many bytes`);
    hash.update(piece);
    sum = crc32(piece, sum);
  }
  if (size < entry.uncompressedSize) throw new Error(`${name} has not enough bytes: ${size}`);
  if (sum !== entry.crc32) throw new Error(`the checksum of ${name} is wrong`);
  return hash.digest('hex');
}

/** Bytes that are inflated in one step: each is a trip to a thread. */
const INFLATED_AT_ONCE = 128 * 1024;

/** The content of a file piece by piece, which may have another length than the directory says. */
async function* contentOf({ zip }: OpenZip, entry: Entry): AsyncGenerator<Buffer> {
  if (entry.compressionMethod !== DEFLATED || entry.isEncrypted()) {
    yield* (await zip.openReadStreamPromise(entry)) as AsyncIterable<Buffer>;
    return;
  }
  const deflated = await zip.openReadStreamPromise(entry, { decodeFileData: false });
  const inflater = createInflateRaw({ chunkSize: INFLATED_AT_ONCE });
  const feeding = pipeline(deflated, inflater);
  feeding.catch(() => undefined); // the reader of the inflater gets the error
  yield* inflater as AsyncIterable<Buffer>;
  await feeding;
}

/** The content of a small file; undefined of a large one, and where it is not what the directory says. */
async function smallContent({ zip, reader }: OpenZip, entry: Entry): Promise<Buffer | undefined> {
  const { compressedSize, uncompressedSize: size } = entry;
  if (Math.max(compressedSize, size) > SMALL_FILE || !entry.canDecodeFileData()) return undefined;
  const { fileDataStart } = await zip.readLocalFileHeaderPromise(entry, { minimal: true });
  const data = await reader.bytes(fileDataStart, fileDataStart + compressedSize);
  if (entry.compressionMethod === STORED) return data;
  try {
    const content = inflateRawSync(data, { maxOutputLength: size + 1, chunkSize: Math.max(64, size + 1) });
    return content.length === size ? content : undefined;
  } catch {
    return undefined;
  }
}
