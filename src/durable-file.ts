/**
 * Files that appear whole or not at all, and last: written under a temporary name, flushed, and put in place in one
 * step of the file system. Errors are those of the operating system.
 */
import { randomBytes } from 'node:crypto';
import { link, open, rename, unlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** How the names of unfinished files begin. */
export const TEMPORARY = '.tmp-';

/** A name beside others in `folder` that no reader takes for a finished file. */
export function temporaryName(folder: string): string {
  return join(folder, `${TEMPORARY}${process.pid}-${randomBytes(6).toString('hex')}`);
}

/** Makes `file` with this content. False, and nothing is changed, if there is a file of this name already. */
export async function createFile(file: string, content: string | Uint8Array, mode = 0o666): Promise<boolean> {
  return viaTemporary(file, content, mode, async (temporary) => {
    try {
      await link(temporary, file);
      return true;
    } catch (error) {
      if (hasCode(error, 'EEXIST')) return false;
      throw error;
    }
  });
}

/** Makes `file` with this content, in place of the one that may be there. */
export async function replaceFile(file: string, content: string | Uint8Array, mode = 0o666): Promise<void> {
  await viaTemporary(file, content, mode, (temporary) => rename(temporary, file));
}

async function viaTemporary<T>(
  file: string,
  content: string | Uint8Array,
  mode: number,
  place: (temporary: string) => Promise<T>,
): Promise<T> {
  const folder = dirname(file);
  const temporary = temporaryName(folder);
  try {
    await writeFile(temporary, content, { flag: 'wx', mode, flush: true });
    const result = await place(temporary);
    await syncFolder(folder);
    return result;
  } finally {
    await unlink(temporary).catch(() => undefined);
  }
}

/** A new name lasts only once its folder is flushed, too. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Whether the operating system said `code` (`ENOENT`). */
export function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && (error as NodeJS.ErrnoException).code === code;
}
