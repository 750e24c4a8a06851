/** Failures of a disk, in words for an operator who has to mend it. */
import { accessSync, constants, statfsSync } from 'node:fs';
import { dirname } from 'node:path';
import { errorMessage } from '../errors.js';

const WORDS: Record<string, string> = {
  ENOSPC: 'the disk is full',
  EDQUOT: 'the disk quota is used up',
  EROFS: 'the disk is read-only',
  EACCES: 'the account of modhaven has no right to do that',
  EPERM: 'the account of modhaven has no right to do that',
  EIO: 'the disk cannot be read or written',
  ENAMETOOLONG: 'the name is too long for the disk',
  EMFILE: 'too many files are open',
  ENFILE: 'too many files are open',
};

/** `the disk is full (ENOSPC: no space left on device, write)`. */
export function diskReason(error: unknown): string {
  const { code = '', syscall, path } = error instanceof Error ? (error as NodeJS.ErrnoException) : {};
  // Of a folder that cannot be made on a disk that is read-only or full, Node says that it is not there.
  const known = code === 'ENOENT' && syscall === 'mkdir' && path !== undefined ? whyNotWritable(path) : code;
  const words = WORDS[known];
  return words === undefined ? errorMessage(error) : `${words} (${errorMessage(error)})`;
}

/** Whether the operating system reported `error`, and it is one of a disk that is full, broken or closed to us. */
export function isDiskFailure(error: unknown): boolean {
  const { code = '', syscall } = error instanceof Error ? (error as NodeJS.ErrnoException) : {};
  return syscall !== undefined && syscall !== 'connect' && WORDS[code] !== undefined;
}

/** The code of the system for the nearest folder above `path` that is there; empty if something can be made in it. */
function whyNotWritable(path: string): string {
  for (let folder = dirname(path); ; folder = dirname(folder)) {
    try {
      accessSync(folder, constants.W_OK);
      return isFull(folder) ? 'ENOSPC' : '';
    } catch (error) {
      const { code = '' } = error as NodeJS.ErrnoException;
      if (code !== 'ENOENT' || folder === dirname(folder)) return code;
    }
  }
}

/** Whether the disk of `folder` has no room, or no inode, for a new file. Disks without a number of inodes say 0 of 0. */
function isFull(folder: string): boolean {
  const { bavail, files, ffree } = statfsSync(folder);
  return bavail === 0 || (files > 0 && ffree === 0);
}
