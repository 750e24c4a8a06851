/**
 * The `h1:` hash of a module zip on disk, recomputed from its content (Go Modules Reference, "go.sum files"), in memory
 * that does not grow with the zip. Says as well whether it is a zip of this module at all.
 */
import { createHash } from 'node:crypto';
import { openPromise, type Entry, type ZipFile } from 'yauzl';
import { ModhavenError, errorMessage } from '../errors.js';
import { hash1, type HashedFile } from '../module/dirhash.js';
import { ZIP_LIMITS } from '../module/zip-files.js';

/**
 * Hashes the zip `file` of `name` (`path@version`). Throws MODULE_INVALID for what is no zip, is cut off, is damaged, is
 * larger than a module may be, or holds files of something else.
 */
export async function hashModuleZip(file: string, name: string): Promise<string> {
  try {
    const zip = await openPromise(file, { lazyEntries: true, autoClose: false });
    try {
      return hash1(await hashEntries(zip, name));
    } finally {
      zip.close();
    }
  } catch (error) {
    if (error instanceof ModhavenError) throw error;
    throw new ModhavenError('MODULE_INVALID', `no zip of ${name}`, {
      reason: errorMessage(error),
      cause: error,
    });
  }
}

async function hashEntries(zip: ZipFile, name: string): Promise<HashedFile[]> {
  const files: HashedFile[] = [];
  let left: number = ZIP_LIMITS.zip;
  for await (const entry of zip.eachEntry()) {
    if (entry.fileName.endsWith('/')) continue;
    if (!entry.fileName.startsWith(`${name}/`))
      throw new ModhavenError('MODULE_INVALID', `no zip of ${name}`, {
        reason: `it holds ${entry.fileName}`,
      });
    left -= entry.uncompressedSize;
    if (left < 0)
      throw new ModhavenError('MODULE_INVALID', `no zip of ${name}`, {
        reason: `its content is larger than ${ZIP_LIMITS.zip} bytes`,
      });
    files.push({ name: entry.fileName, sha256: await hashEntry(zip, entry) });
  }
  return files;
}

async function hashEntry(zip: ZipFile, entry: Entry): Promise<string> {
  const hash = createHash('sha256');
  for await (const piece of (await zip.openReadStreamPromise(entry)) as AsyncIterable<Buffer>)
    hash.update(piece);
  return hash.digest('hex');
}
