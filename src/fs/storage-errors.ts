/** Failures of a folder of this server, as the error that callers know. */
import { ModhavenError } from '../errors.js';
import { diskReason } from './disk-words.js';

/** A folder that a failure is about. */
export interface ServerFolder {
  /** What a developer is told it is. */
  name: string;
  /** Where the admin looks. */
  place: string;
  /** What the admin does. Default: to check its free space and rights. */
  remedy?: string;
}

export const CACHE_DIR: ServerFolder = { name: 'the cache directory of modhaven', place: 'cache.dir' };

/** The STORAGE error for a `reason`. */
export function storageError(
  reason: string,
  cause: unknown,
  {
    name,
    place,
    remedy = `check free space and rights of ${place} on the modhaven server`,
  }: ServerFolder = CACHE_DIR,
): ModhavenError {
  return new ModhavenError('STORAGE', `${name} has a problem`, {
    reason,
    remedy,
    remedyBy: 'admin',
    cause,
  });
}

/** `work`, whose failures are STORAGE errors. */
export async function orStorageError<T>(work: Promise<T>, folder?: ServerFolder): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw error instanceof ModhavenError ? error : storageError(diskReason(error), error, folder);
  }
}
