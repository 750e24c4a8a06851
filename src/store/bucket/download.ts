/** A zip on its way from the bucket to the local disk. */
import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import { ModhavenError, errorMessage, isModhavenError } from '../../errors.js';
import type { ObjectStream } from '../../s3/bucket.js';
import type { Part } from '../version-store.js';
import type { BucketStore } from './bucket-store.js';

/** How often a download that breaks off goes on where it ended. */
const MAX_ATTEMPTS = 4;

/** What was written, and its SHA-256. */
export type Downloaded = Omit<ObjectStream, 'body'> & { sha256: Buffer };

/** Writes the object into the new file `draft`; a connection that breaks off is taken up where it ended. */
export async function download(
  store: BucketStore,
  zip: Part,
  draft: string,
): Promise<Downloaded | undefined> {
  const hash = createHash('sha256');
  const file = await onDisk(open(draft, 'wx'));
  let first: Omit<ObjectStream, 'body'> | undefined;
  let received = 0;
  try {
    for (let attempt = 1; ; attempt += 1) {
      const range = first && { start: received, end: first.size - 1 };
      const found = await store.fetch(zip, { range, ifMatch: first?.etag });
      if (found === undefined) return undefined;
      first ??= found;
      try {
        for await (const piece of found.body as AsyncIterable<Buffer>) {
          await onDisk(file.appendFile(piece));
          hash.update(piece);
          received += piece.length;
        }
        if (received === first.size) return { ...first, sha256: hash.digest() };
        throw new Error('it ended too early');
      } catch (error) {
        if (error instanceof DiskError || attempt === MAX_ATTEMPTS || received >= first.size) {
          throw brokenOff(zip, error);
        }
      }
    }
  } finally {
    await file.close();
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
