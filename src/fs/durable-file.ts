/**
 * Files that appear whole or not at all, and last: written under a temporary name, flushed, and put in place in one
 * step of the file system. Errors are those of the operating system.
 *
 * What only changes names and what is in memory is done synchronously: by way of a thread each such step takes several times as
 * long, and a file needs seven of them. What waits for the disk, and what is large, is left to threads.
 */
import {
  closeSync,
  fchmodSync,
  fchownSync,
  fsync,
  futimesSync,
  linkSync,
  openSync,
  renameSync,
  statSync,
  unlinkSync,
  write,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { promisify } from 'node:util';
import { diskReady } from './disk-watch.js';
import { hasCode } from './file-errors.js';
import { READING } from './regular-file.js';
import { temporaryName } from './temporary-name.js';

export interface FileOptions {
  /** Its rights. Default: 0o666, less what the umask takes away. */
  mode?: number | undefined;
  /** Whether it gets the rights and the owner of the file that it replaces, as far as this account may give them. Default: no. */
  keepsRights?: boolean | undefined;
  /** Its modification time, in milliseconds since 1970. Default: now. */
  modifiedAt?: number | undefined;
  /** Whether it outlasts a power failure, which would else leave it torn or away. Default: yes. */
  isFlushed?: boolean | undefined;
}

/** Makes `file` with this content. False, and nothing is changed, if there is a file of this name already. */
export async function createFile(
  file: string,
  content: string | Uint8Array,
  options: FileOptions = {},
): Promise<boolean> {
  return viaTemporary(file, content, options, (temporary) => linkIfFree(temporary, file));
}

/** Makes `file` with this content, in place of the one that may be there. */
export async function replaceFile(
  file: string,
  content: string | Uint8Array,
  options: FileOptions = {},
): Promise<void> {
  await viaTemporary(file, content, options, (temporary) => renameSync(temporary, file));
}

/** Gives a finished file its name. False, and nothing is changed, if there is a file of this name already. */
export async function linkFirst(finished: string, file: string): Promise<boolean> {
  await diskReady(file);
  return linkIfFree(finished, file);
}

function linkIfFree(finished: string, file: string): boolean {
  try {
    linkSync(finished, file);
    return true;
  } catch (error) {
    if (hasCode(error, 'EEXIST')) return false;
    throw error;
  }
}

/** Bytes that are written at once. */
const SMALL = 64 * 1024;

const flushDescriptor = promisify(fsync);
const writeSome = promisify(write);

async function viaTemporary<T>(
  file: string,
  content: string | Uint8Array,
  { mode = 0o666, keepsRights = false, modifiedAt, isFlushed = true }: FileOptions,
  place: (temporary: string) => T,
): Promise<T> {
  const folder = dirname(file);
  const temporary = temporaryName(folder);
  await diskReady(folder);
  const fd = openSync(temporary, 'wx', mode);
  try {
    try {
      if (keepsRights) copyRights(file, fd);
      await writeAll(fd, typeof content === 'string' ? Buffer.from(content) : content);
      if (modifiedAt !== undefined) futimesSync(fd, modifiedAt / 1000, modifiedAt / 1000);
      if (isFlushed) await flushDescriptor(fd);
    } finally {
      closeSync(fd);
    }
    const result = place(temporary);
    if (isFlushed) await flushNames(folder);
    return result;
  } finally {
    removeIfThere(temporary);
  }
}

/** Gives the open file `fd` the rights and the owner of `file`, if there is one. Only root may give a file away. */
function copyRights(file: string, fd: number): void {
  const before = statSync(file, { throwIfNoEntry: false });
  if (before === undefined) return;
  try {
    fchownSync(fd, before.uid, before.gid);
  } catch (error) {
    if (!hasCode(error, 'EPERM')) throw error;
  }
  fchmodSync(fd, before.mode & 0o7777);
}

async function writeAll(fd: number, content: Uint8Array): Promise<void> {
  for (let rest = content; rest.length > 0;) {
    const written = rest.length <= SMALL ? writeSync(fd, rest) : (await writeSome(fd, rest)).bytesWritten;
    rest = rest.subarray(written);
  }
}

function removeIfThere(file: string): void {
  try {
    unlinkSync(file);
  } catch {
    // It was renamed, or the disk is read-only by now.
  }
}

/** Flushes a file, or a folder: a new name lasts only once its folder is flushed, too. */
export async function flush(path: string): Promise<void> {
  await diskReady(path);
  const fd = openSync(path, READING);
  try {
    await flushDescriptor(fd);
  } finally {
    closeSync(fd);
  }
}

/** The flushes of folders that have not begun yet; each follows the one that runs. */
const waiting = new Map<string, Promise<void>>();
const running = new Map<string, Promise<void>>();

/**
 * Flushes the names that `folder` has now. Callers that come while it is being flushed share the next flush: of many new
 * files of one folder a few flushes make all last.
 */
export function flushNames(folder: string): Promise<void> {
  const next = waiting.get(folder);
  if (next !== undefined) return next;
  const current = running.get(folder);
  if (current === undefined) return begin(folder);
  const following = current
    .catch(() => undefined) // that was told to its own callers
    .then(() => {
      waiting.delete(folder);
      return begin(folder);
    });
  waiting.set(folder, following);
  return following;
}

function begin(folder: string): Promise<void> {
  const flushing = flush(folder).finally(() => {
    if (running.get(folder) === flushing) running.delete(folder);
  });
  running.set(folder, flushing);
  return flushing;
}
