/**
 * The checksum data of a store that lies in a bucket, as a folder: exports and imports read it as they read that of a disk.
 * Brought to the local disk for as long as they take; what an import writes goes back into the bucket.
 */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { forEach } from '../concurrency/for-each.js';
import { ModhavenError } from '../errors.js';
import { temporaryName } from '../fs/temporary-name.js';
import { createDiskBlobStore } from '../store/disk/disk-blob-store.js';
import type { BlobStore } from '../store/blob-store.js';

/** Blobs that are read at once. */
const PARALLEL = 16;

export interface ChecksumFolder {
  /** The folder above `sumdb/`. */
  root: string;
  /** Puts what was written below `sumdb/` into the store, too; undefined where the folder is the store. */
  keep: ((name: string, bytes: Buffer) => Promise<void>) | undefined;
}

/** What `work` makes of a folder, below `dir`, with all of `blobs`. Throws STORAGE. */
export async function withChecksumFolder<T>(
  blobs: BlobStore,
  dir: string,
  work: (folder: ChecksumFolder) => Promise<T>,
): Promise<T> {
  const root = temporaryName(dir);
  const local = createDiskBlobStore(join(root, 'sumdb'), { isPrivate: true });
  const tags = new Map<string, string>();
  try {
    await forEach(blobs.names(), PARALLEL, async (name) => {
      const found = await blobs.get(name);
      if (found === undefined) return; // removed meanwhile
      tags.set(name, found.tag);
      await local.putIfAbsent(name, found.bytes, { asOf: found.asOf });
    });
    return await work({ root, keep: (name, bytes) => keep(blobs, name, bytes, tags.get(name)) });
  } finally {
    await rm(root, { recursive: true, force: true });
  }
}

/** In place of what was read before, which decided over `bytes`. */
async function keep(
  blobs: BlobStore,
  name: string,
  bytes: Buffer,
  before: string | undefined,
): Promise<void> {
  const isKept =
    before === undefined
      ? await blobs.putIfAbsent(name, bytes)
      : await blobs.replace(name, bytes, { expected: before });
  if (isKept || (await blobs.get(name))?.bytes.equals(bytes) === true) return;
  throw new ModhavenError('STORAGE', `sumdb/${name} was changed by another process meanwhile`, {
    remedy: 'run the import again',
  });
}
