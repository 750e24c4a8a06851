/** Blobs as files: names are paths below `dir`, the time of a blob is the modification time of its file. */
import { createHash } from 'node:crypto';
import { statSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { dirname, join, relative, sep } from 'node:path';
import { isDiskFresh } from '../../fs/disk-watch.js';
import { createFile, replaceFile } from '../../fs/durable-file.js';
import { TEMPORARY } from '../../fs/temporary-name.js';
import { inFolder, removeFile } from '../../fs/empty-folders.js';
import { hasCode } from '../../fs/file-errors.js';
import { makePrivateFolder } from '../../fs/make-folder.js';
import { lockPath } from '../../fs/path-lock.js';
import { openRegular, readOpened } from '../../fs/regular-file.js';
import {
  checkBlobName,
  type BlobOptions,
  type BlobStore,
  type ReplaceOptions,
  type StoredBlob,
} from '../blob-store.js';
import { absentAsUndefined, storage, storageError } from '../storage-error.js';

/** The store in `dir`, which is made when something is stored; a private one for this account alone. */
export function createDiskBlobStore(dir: string, { isPrivate = false } = {}): BlobStore {
  return new DiskBlobStore(dir, isPrivate);
}

/** A comparison and a rename take milliseconds: a lock that is older belongs to a process that was killed. */
const LOCK = { staleMs: 5_000, waitMs: 10_000 };

/** Bytes of a file: the list of a module with a million versions has half of it. */
const MAX_BLOB = 32 * 1024 * 1024;

class DiskBlobStore implements BlobStore {
  private readonly dir: string;
  private readonly isPrivate: boolean;

  constructor(dir: string, isPrivate: boolean) {
    this.dir = dir;
    this.isPrivate = isPrivate;
  }

  async get(name: string): Promise<StoredBlob | undefined> {
    const path = this.fileOf(name);
    // Most are asked for to find that there is none. By way of a thread that takes ten times as long.
    if (isDiskFresh(path) && !isThere(path)) return undefined;
    const file = await absentAsUndefined(openRegular(path));
    if (file === undefined) return undefined;
    const { handle, stats } = file;
    try {
      const bytes = await storage(readOpened(file, MAX_BLOB));
      return { bytes, asOf: stats.mtimeMs, tag: tagOf(bytes) };
    } finally {
      await handle.close();
    }
  }

  async putIfAbsent(name: string, bytes: Buffer, { asOf }: BlobOptions = {}): Promise<boolean> {
    const file = this.fileOf(name);
    return storage(this.inFolder(file, () => createFile(file, bytes, { modifiedAt: asOf })));
  }

  async replace(name: string, bytes: Buffer, { asOf, expected }: ReplaceOptions = {}): Promise<boolean> {
    const file = this.fileOf(name);
    const write = () => replaceFile(file, bytes, { modifiedAt: asOf });
    if (expected === undefined) {
      await storage(this.inFolder(file, write));
      return true;
    }
    // The lock lies in the folder, which is made for it and therefore stays.
    const lock = await storage(lockPath(file, LOCK));
    try {
      if ((await this.get(name))?.tag !== expected) return false;
      await storage(write());
      return true;
    } finally {
      await lock.release();
    }
  }

  async remove(name: string): Promise<void> {
    await storage(removeFile(this.fileOf(name), this.dir));
  }

  async *names(): AsyncGenerator<string> {
    const entries = await absentAsUndefined(readdir(this.dir, { recursive: true, withFileTypes: true }));
    for (const entry of entries ?? []) {
      const isBlob = entry.isFile() && !entry.name.startsWith(TEMPORARY) && !entry.name.endsWith('.lock');
      if (isBlob) yield relative(this.dir, join(entry.parentPath, entry.name)).split(sep).join('/');
    }
  }

  /** `work`, which makes `file`, after what is missing of its folders was made. */
  private async inFolder<T>(file: string, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (!hasCode(error, 'ENOENT')) throw error;
    }
    if (this.isPrivate && !isThere(this.dir)) await makePrivateFolder(this.dir);
    return inFolder(dirname(file), work);
  }

  private fileOf(name: string): string {
    checkBlobName(name);
    return join(this.dir, name);
  }
}

/** Throws STORAGE where the file system does not say. */
function isThere(file: string): boolean {
  try {
    return statSync(file, { throwIfNoEntry: false }) !== undefined;
  } catch (error) {
    throw storageError(error);
  }
}

function tagOf(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('base64url');
}
