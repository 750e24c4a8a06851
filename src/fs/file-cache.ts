/**
 * Local copies of what lies elsewhere, in a folder that is bounded in bytes: the least recently used go first. The folder
 * may be removed at any time, and several processes may share it.
 *
 * A copy is its content and, behind it, the SHA-256 of that. It is checked when it is opened for the first time after the
 * start, and again when its file is another one: a damaged copy is removed and counts as absent. A file that is open
 * stays readable when it is removed.
 */
import { createHash } from 'node:crypto';
import type { Stats } from 'node:fs';
import {
  appendFile,
  mkdir,
  readdir,
  rename,
  rm,
  stat,
  unlink,
  utimes,
  type FileHandle,
} from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { LRUCache } from 'lru-cache';
import { TEMPORARY, temporaryName } from './temporary-name.js';
import { makePrivateFolder } from './make-folder.js';
import { absentAsUndefined } from './file-errors.js';
import { ownerState } from './process-tag.js';
import { openRegular, streamRegular } from './regular-file.js';

/** Bytes behind the content. */
const DIGEST_BYTES = 32;
/** Copies of which the outcome of the check is remembered. */
const MAX_REMEMBERED = 100_000;
/** How exactly the last use of a copy is kept, in milliseconds: each note is a write. */
const USE_STEP_MS = 60_000;
/** Room is made when so much of the limit was added, down to so much of it: other processes add at the same time. */
const SWEEP = { after: 1 / 16, to: 3 / 4 };

export interface CachedFile {
  /** Of the content, in bytes. */
  readonly size: number;
  readonly handle: FileHandle;
}

export class FileCache {
  private readonly dir: string;
  private readonly maxBytes: number;
  private readonly checked = new LRUCache<string, string>({ max: MAX_REMEMBERED });
  /** Files that are being hashed, by name and stamp. */
  private readonly hashing = new Map<string, Promise<Buffer>>();
  private added = Infinity;
  private sweeping: Promise<void> | undefined;

  /** Holds up to `maxBytes` in `dir`, which is made when something is kept. */
  constructor(dir: string, maxBytes: number) {
    this.dir = dir;
    this.maxBytes = maxBytes;
  }

  /** Whether a copy of `bytes` is worth its room. */
  takes(bytes: number): boolean {
    return bytes <= this.maxBytes / 4;
  }

  /** The copy of this name, to be closed by the caller; undefined if there is none that is whole. Never fails. */
  async open(name: string): Promise<CachedFile | undefined> {
    let handle: FileHandle | undefined;
    try {
      const opened = await absentAsUndefined(openRegular(join(this.dir, name)));
      if (opened === undefined) return undefined;
      const { stats } = opened;
      handle = opened.handle;
      if (await this.isWhole(name, handle, stats)) return { size: stats.size - DIGEST_BYTES, handle };
      await this.remove(name);
    } catch {
      // A disk that cannot be read has no copies.
    }
    await handle?.close().catch(() => undefined);
    return undefined;
  }

  /** The content of a copy. */
  async read(name: string): Promise<Buffer | undefined> {
    const file = await this.open(name);
    if (file === undefined) return undefined;
    try {
      const bytes = Buffer.allocUnsafeSlow(file.size);
      const { bytesRead } = await file.handle.read(bytes, 0, file.size, 0);
      return bytesRead === file.size ? bytes : undefined;
    } catch {
      return undefined;
    } finally {
      await file.handle.close().catch(() => undefined);
    }
  }

  /** A name for a file that will be kept: beside the others, so that it can be put in place. Throws what the system says. */
  async draft(): Promise<string> {
    await makePrivateFolder(this.dir);
    return temporaryName(this.dir);
  }

  /** Keeps the finished file `draft`, whose content has this SHA-256, as the copy of this name. Throws what the system says. */
  async keep(name: string, draft: string, sha256: Buffer): Promise<void> {
    const file = join(this.dir, name);
    await appendFile(draft, sha256);
    await mkdir(dirname(file), { recursive: true });
    await rename(draft, file);
    const stats = await stat(file);
    this.checked.set(name, stampOf(stats));
    this.grew(stats.size);
  }

  /** Forgets a copy. There need not be one. */
  async remove(name: string): Promise<void> {
    this.checked.delete(name);
    await rm(join(this.dir, name), { force: true }).catch(() => undefined);
  }

  /** Forgets all copies. */
  async clear(): Promise<void> {
    this.checked.clear();
    await rm(this.dir, { recursive: true, force: true }).catch(() => undefined);
  }

  /** Resolves when no room is being made any more. */
  async settled(): Promise<void> {
    await this.sweeping;
  }

  private async isWhole(name: string, handle: FileHandle, stats: Stats): Promise<boolean> {
    if (stats.size < DIGEST_BYTES) return false;
    if (this.checked.get(name) !== stampOf(stats)) {
      const digest = Buffer.alloc(DIGEST_BYTES);
      await handle.read(digest, 0, DIGEST_BYTES, stats.size - DIGEST_BYTES);
      if (!(await this.hash(name, stats)).equals(digest)) return false;
      this.checked.set(name, stampOf(stats));
    }
    this.used(name, stats);
    return true;
  }

  /** Once for all who open a large copy at the same time. */
  private hash(name: string, stats: Stats): Promise<Buffer> {
    const key = `${stampOf(stats)} ${name}`;
    const running = this.hashing.get(key);
    if (running !== undefined) return running;
    const begun = sha256Of(join(this.dir, name), stats.size - DIGEST_BYTES).finally(() =>
      this.hashing.delete(key),
    );
    this.hashing.set(key, begun);
    return begun;
  }

  /** The modification time of a copy is its last use. */
  private used(name: string, stats: Stats): void {
    const now = Date.now();
    if (now - stats.mtimeMs < USE_STEP_MS) return;
    void utimes(join(this.dir, name), now / 1000, now / 1000).catch(() => undefined);
  }

  private grew(bytes: number): void {
    this.added += bytes;
    if (this.added < this.maxBytes * SWEEP.after || this.sweeping !== undefined) return;
    this.added = 0;
    this.sweeping = this.sweep()
      .catch(() => undefined)
      .finally(() => (this.sweeping = undefined));
  }

  /** Removes what was not used for longest, and what killed processes left. */
  private async sweep(): Promise<void> {
    const files: { name: string; bytes: number; usedAt: number }[] = [];
    for (const entry of await readdir(this.dir, { recursive: true, withFileTypes: true })) {
      if (!entry.isFile()) continue;
      const file = join(entry.parentPath, entry.name);
      if (entry.name.startsWith(TEMPORARY)) {
        if (ownerState(entry.name) === 'dead') await unlink(file).catch(() => undefined);
        continue;
      }
      const stats = await absentAsUndefined(stat(file));
      if (stats !== undefined) files.push({ name: file, bytes: stats.size, usedAt: stats.mtimeMs });
    }
    let total = files.reduce((sum, { bytes }) => sum + bytes, 0);
    if (total <= this.maxBytes * (1 - SWEEP.after)) return;
    for (const { name, bytes } of files.sort((a, b) => a.usedAt - b.usedAt)) {
      if (total <= this.maxBytes * SWEEP.to) return;
      await unlink(name).catch(() => undefined);
      total -= bytes;
    }
  }
}

/** Tells a file from others of its name. Its times are notes of its use. */
function stampOf({ ino, size }: Stats): string {
  return `${ino} ${size}`;
}

async function sha256Of(file: string, size: number): Promise<Buffer> {
  const hash = createHash('sha256');
  if (size > 0) {
    for await (const piece of streamRegular(file, { end: size - 1 })) hash.update(piece as Buffer);
  }
  return hash.digest();
}
