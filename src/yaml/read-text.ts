/** Reads a configuration file, but not more of it than `limits.ts` allows. */
import { ModhavenError, errorMessage } from '../errors.js';
import { readNamedSync } from '../fs/regular-file.js';
import { MAX_FILE_BYTES } from './limits.js';

export interface FileWords {
  /** What the file is: `the vanity file`. */
  what: string;
  /** What to do if it cannot be read. */
  remedy: string;
}

/** The text of `file`. Throws CONFIG if it cannot be read, is not a file, or is too large. */
export function readConfigText(file: string, { what, remedy }: FileWords): string {
  let bytes: Buffer | undefined;
  try {
    bytes = readNamedSync(file, MAX_FILE_BYTES);
  } catch (error) {
    throw new ModhavenError('CONFIG', `${file}: ${what} cannot be read`, {
      reason: errorMessage(error),
      remedy,
      cause: error,
    });
  }
  if (bytes !== undefined) return bytes.toString('utf8');
  throw new ModhavenError('CONFIG', `${file}: ${what} is larger than ${MAX_FILE_BYTES / 2 ** 20} MiB`, {
    reason: 'no configuration file may be larger',
    remedy: 'rules that differ in a name can be one rule with {name}',
  });
}
