/** Blobs as files: names are paths below `dir`, the time of a blob is the modification time of its file. */
import { createHash } from 'node:crypto';
import { open, readdir } from 'node:fs/promises';
import { dirname, join, relative, sep } from 'node:path';
import { TEMPORARY, createFile, replaceFile } from '../../fs/durable-file.js';
import { inFolder, removeFile } from '../../fs/empty-folders.js';
import { makePrivateFolder } from '../../fs/make-folder.js';
import { lockPath } from '../../fs/path-lock.js';
import {
  checkBlobName,
  type BlobOptions,
  type BlobStore,
  type ReplaceOptions,
  type StoredBlob,
} from '../blob-store.js';
import { absentAsUndefined, storage } from '../storage-error.js';

/** The store in `dir`, which is made when something is stored; a private one for this account alone. */
export function createDiskBlobStore(dir: string, { isPrivate = false } = {}): BlobStore {
  return new DiskBlobStore(dir, isPrivate);
}

/** A comparison and a rename take milliseconds: a lock that is older belongs to a process that was killed. */
const LOCK = { staleMs: 5_000, waitMs: 10_000 };

class DiskBlobStore implements BlobStore {
  private readonly dir: string;
  private readonly isPrivate: boolean;

  constructor(dir: string, isPrivate: boolean) {
    this.dir = dir;
    this.isPrivate = isPrivate;
  }

  async get(name: string): Promise<StoredBlob | undefined> {
    const file = await absentAsUndefined(open(this.fileOf(name), 'r'));
    if (file === undefined) return undefined;
    try {
      const bytes = await storage(file.readFile());
      return { bytes, asOf: (await storage(file.stat())).mtimeMs, tag: tagOf(bytes) };
    } finally {
      await file.close();
    }
  }

  async putIfAbsent(name: string, bytes: Buffer, { asOf }: BlobOptions = {}): Promise<boolean> {
    const file = await this.fileToWrite(name);
    return storage(inFolder(dirname(file), () => createFile(file, bytes, { modifiedAt: asOf })));
  }

  async replace(name: string, bytes: Buffer, { asOf, expected }: ReplaceOptions = {}): Promise<boolean> {
    const file = await this.fileToWrite(name);
    const write = () => replaceFile(file, bytes, { modifiedAt: asOf });
    if (expected === undefined) {
      await storage(inFolder(dirname(file), write));
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

  private async fileToWrite(name: string): Promise<string> {
    const file = this.fileOf(name);
    if (this.isPrivate) await storage(makePrivateFolder(this.dir));
    return file;
  }

  private fileOf(name: string): string {
    checkBlobName(name);
    return join(this.dir, name);
  }
}

function tagOf(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('base64url');
}
