/** Failures of the disk below a store, as the error that callers know. */
import { ModhavenError } from '../errors.js';
import { diskReason } from '../fs/disk-words.js';
import * as files from '../fs/file-errors.js';

/** The STORAGE error for a failure that the operating system reported. */
export function storageError(error: unknown): ModhavenError {
  return new ModhavenError('STORAGE', 'the cache directory of modhaven has a problem', {
    reason: diskReason(error),
    remedy: 'check free space and rights of cache.dir on the modhaven server',
    remedyBy: 'admin',
    cause: error,
  });
}

/** `work`, whose failures are STORAGE errors. */
export async function storage<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw error instanceof ModhavenError ? error : storageError(error);
  }
}

/** What `reading` reads, or undefined if there is no such file or folder. Other failures are STORAGE errors. */
export function absentAsUndefined<T>(reading: Promise<T>): Promise<T | undefined> {
  return storage(files.absentAsUndefined(reading));
}

/** Whether the operating system reported `error`, as opposed to a caller that destroyed a stream. */
export function isSystemError(error: unknown): boolean {
  return error instanceof Error && 'syscall' in error;
}
