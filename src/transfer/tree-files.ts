/** Writes files of an exported tree: a file appears whole under its name, or not at all. */
import { link } from 'node:fs/promises';
import { dirname } from 'node:path';
import { ModhavenError, errorMessage } from '../errors.js';
import { writeTimestamped } from '../fs/timestamped-file.js';
import { absentAsUndefined, hasCode } from '../fs/file-errors.js';
import { makeFolder } from '../fs/make-folder.js';
import { readRegular } from '../fs/regular-file.js';

/** Makes `file` another name of `from`, unless it exists. Returns false if the file system cannot do that. */
export async function linkIntoTree(from: string, file: string): Promise<boolean> {
  try {
    await makeFolder(dirname(file));
  } catch (error) {
    throw treeError(error);
  }
  try {
    await link(from, file);
    return true;
  } catch (error) {
    if (hasCode(error, 'EEXIST')) return true;
    // Another file system, one without links, or too many of them.
    if (hasCode(error, 'EXDEV', 'EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK', 'EACCES')) return false;
    throw treeError(error);
  }
}

/** Makes `file` hold `bytes`: a reader sees the old content or the new one. Throws STORAGE. */
export async function replaceInTree(file: string, bytes: Buffer): Promise<void> {
  try {
    const known = await absentAsUndefined(readRegular(file));
    if (known?.equals(bytes) !== true) await writeTimestamped(file, { bytes, askedAt: Date.now() });
  } catch (error) {
    throw treeError(error);
  }
}

/** The STORAGE error for a tree that cannot be written. */
export function treeError(error: unknown): ModhavenError {
  return new ModhavenError('STORAGE', 'the export cannot be written', {
    reason: errorMessage(error),
    remedy: 'check free space and rights of the folder',
    cause: error,
  });
}
