/** Failures of the disk below a store, as the error that callers know. */
import { isModhavenError, type ModhavenError } from '../errors.js';
import { diskReason } from '../fs/disk-words.js';
import * as files from '../fs/file-errors.js';
import * as folders from '../fs/storage-errors.js';

/** The STORAGE error for a failure that the operating system reported. */
export function storageError(error: unknown): ModhavenError {
  return folders.storageError(diskReason(error), error);
}

/** Whether an error is one that `storageError` made: a bucket has others. */
export function isDiskProblem(error: unknown): error is ModhavenError {
  return isModhavenError(error, 'STORAGE') && error.message === folders.storageError('', error).message;
}

/** `work`, whose failures are STORAGE errors. */
export function storage<T>(work: Promise<T>): Promise<T> {
  return folders.orStorageError(work);
}

/** What `reading` reads, or undefined if there is no such file or folder. Other failures are STORAGE errors. */
export function absentAsUndefined<T>(reading: Promise<T>): Promise<T | undefined> {
  return storage(files.absentAsUndefined(reading));
}

/** Whether the operating system reported `error`, as opposed to a caller that destroyed a stream. */
export function isSystemError(error: unknown): boolean {
  return error instanceof Error && 'syscall' in error;
}
