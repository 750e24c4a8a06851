/** Folders that come and go with the files in them. */
import { mkdirSync } from 'node:fs';
import { rmdir, unlink } from 'node:fs/promises';
import { dirname, sep } from 'node:path';
import { absentAsUndefined, hasCode } from './file-errors.js';

/** How often a folder is made again that another process removes because it is empty. */
const MAX_ATTEMPTS = 10;

/**
 * The result of `work`, which makes a file in `folder`. Most often the folder is there; where it is not, or was removed
 * meanwhile, it is made and `work` tried again. Throws what the file system throws.
 */
export async function inFolder<T>(folder: string, work: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work();
    } catch (error) {
      if (!hasCode(error, 'ENOENT') || attempt > MAX_ATTEMPTS) throw error;
    }
    try {
      mkdirSync(folder, { recursive: true });
    } catch (error) {
      if (!hasCode(error, 'ENOENT')) throw error; // another process removes what was just made
    }
  }
}

/** Removes a file, and the folders below `root` that are empty then. There need not be one. */
export async function removeFile(file: string, root: string): Promise<void> {
  await absentAsUndefined(unlink(file));
  await removeEmptyFolders(dirname(file), root);
}

/** Removes `folder` and those above it, up to `root`, which stays, as far as they are empty. Never fails. */
export async function removeEmptyFolders(folder: string, root: string): Promise<void> {
  for (let at = folder; at.startsWith(root + sep); at = dirname(at)) {
    const isRemoved = await rmdir(at).then(
      () => true,
      () => false, // it is not empty, or another process removed it
    );
    if (!isRemoved) return;
  }
}
