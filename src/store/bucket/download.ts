/** A zip on its way from the bucket to the local disk. */
import { createHash } from 'node:crypto';
import { open, unlink, type FileHandle } from 'node:fs/promises';
import { ModhavenError, errorMessage, isModhavenError } from '../../errors.js';
import type { FileCache } from '../../fs/file-cache.js';
import type { ObjectStream } from '../../s3/bucket.js';
import type { Part } from '../version-store.js';
import type { BucketStore } from './bucket-store.js';

/** How often a download that breaks off goes on where it ended. */
const MAX_ATTEMPTS = 4;

/** What was written, and its SHA-256. */
export type Downloaded = Omit<ObjectStream, 'body'> & { file: string; sha256: Buffer };

/**
 * Writes a zip into a new file, which is the caller's to remove; a connection that breaks off is taken up where it ended.
 * Throws STORAGE where the bucket cannot be read, and DiskError where the file cannot be written.
 */
export async function download(
  store: BucketStore,
  zip: Part,
  copies: Pick<FileCache, 'takes' | 'draft'>,
): Promise<Downloaded | 'absent' | 'too large'> {
  const found = await store.fetch(zip);
  if (found === undefined) return 'absent';
  const { body, ...head } = found;
  try {
    if (!copies.takes(head.size)) return 'too large';
    const file = await onDisk(copies.draft());
    const sha256 = await writeAll(store, zip, found, file);
    return sha256 === undefined ? 'absent' : { ...head, file, sha256 };
  } finally {
    body.destroy();
  }
}

/** The SHA-256 of what was written; undefined where the object was removed meanwhile. Of what fails no file is left. */
async function writeAll(
  store: BucketStore,
  zip: Part,
  found: ObjectStream,
  path: string,
): Promise<Buffer | undefined> {
  const file = await onDisk(open(path, 'wx'));
  let sha256: Buffer | undefined;
  try {
    sha256 = await writeInto(file, store, zip, found);
  } finally {
    await file.close();
    if (sha256 === undefined) await unlink(path).catch(() => undefined);
  }
  return sha256;
}

/** Writes all of an object, of which the first answer has come. */
async function writeInto(
  file: FileHandle,
  store: BucketStore,
  zip: Part,
  first: ObjectStream,
): Promise<Buffer | undefined> {
  const hash = createHash('sha256');
  let { body } = first;
  let received = 0;
  for (let attempt = 1; ; attempt += 1) {
    try {
      for await (const piece of body as AsyncIterable<Buffer>) {
        await onDisk(file.appendFile(piece));
        hash.update(piece);
        received += piece.length;
      }
      if (received === first.size) return hash.digest();
      throw new Error('it ended too early');
    } catch (error) {
      if (error instanceof DiskError || attempt === MAX_ATTEMPTS || received >= first.size) {
        throw brokenOff(zip, error);
      }
    }
    const range = { start: received, end: first.size - 1 };
    const found = await store.fetch(zip, { range, ifMatch: first.etag });
    if (found === undefined) return undefined;
    ({ body } = found);
  }
}

/** The local disk failed, which costs a copy and no answer. */
export class DiskError extends Error {}

/** `work` on the local disk. Throws DiskError. */
export async function onDisk<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw new DiskError(errorMessage(error), { cause: error });
  }
}

function brokenOff({ module, version }: Part, error: unknown): Error {
  if (error instanceof DiskError || isModhavenError(error)) return error;
  return new ModhavenError('STORAGE', `the zip of ${module}@${version} could not be read to its end`, {
    reason: `the object store broke off: ${errorMessage(error)}`,
    remedy: 'try again; if it stays, check the object store',
    remedyBy: 'admin',
    cause: error,
  });
}
