/**
 * Files that appear whole or not at all, and last: written under a temporary name, flushed, and put in place in one
 * step of the file system. Errors are those of the operating system.
 */
import { randomBytes } from 'node:crypto';
import { link, open, rename, unlink, utimes, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { hasCode } from './file-errors.js';
import { processTag } from './process-tag.js';

/** How the names of unfinished files begin. */
export const TEMPORARY = '.tmp-';

/** A name beside others in `folder` that no reader takes for a finished file. */
export function temporaryName(folder: string): string {
  return join(folder, `${TEMPORARY}${processTag()}-${randomBytes(6).toString('hex')}`);
}

export interface FileOptions {
  /** Its rights. Default: 0o666, less what the umask takes away. */
  mode?: number | undefined;
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
  return viaTemporary(file, content, options, (temporary) => linkFirst(temporary, file));
}

/** Makes `file` with this content, in place of the one that may be there. */
export async function replaceFile(
  file: string,
  content: string | Uint8Array,
  options: FileOptions = {},
): Promise<void> {
  await viaTemporary(file, content, options, (temporary) => rename(temporary, file));
}

/** Gives a finished file its name. False, and nothing is changed, if there is a file of this name already. */
export async function linkFirst(finished: string, file: string): Promise<boolean> {
  try {
    await link(finished, file);
    return true;
  } catch (error) {
    if (hasCode(error, 'EEXIST')) return false;
    throw error;
  }
}

async function viaTemporary<T>(
  file: string,
  content: string | Uint8Array,
  { mode = 0o666, modifiedAt, isFlushed = true }: FileOptions,
  place: (temporary: string) => Promise<T>,
): Promise<T> {
  const folder = dirname(file);
  const temporary = temporaryName(folder);
  try {
    await writeFile(temporary, content, { flag: 'wx', mode, flush: isFlushed });
    if (modifiedAt !== undefined) await utimes(temporary, modifiedAt / 1000, modifiedAt / 1000);
    const result = await place(temporary);
    if (isFlushed) await flush(folder);
    return result;
  } finally {
    await unlink(temporary).catch(() => undefined);
  }
}

/** Flushes a file, or a folder: a new name lasts only once its folder is flushed, too. */
export async function flush(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
