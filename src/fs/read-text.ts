/** Files that modhaven.yaml names, read as a whole. */
import { ModhavenError, errorMessage } from '../errors.js';
import { readNamedSync } from './regular-file.js';

/** Bytes of a file: 200,000 users, and more than any certificate. It is read again while the server runs. */
const MAX_BYTES = 16 * 1024 * 1024;

/** The text of `file`. Throws CONFIG, with this remedy, where it cannot be read, is not a file, or is too large. */
export function readText(file: string, remedy: string): string {
  let bytes: Buffer | undefined;
  try {
    bytes = readNamedSync(file, MAX_BYTES);
  } catch (error) {
    throw new ModhavenError('CONFIG', `cannot read ${file}`, { reason: errorMessage(error), remedy });
  }
  if (bytes !== undefined) return bytes.toString('utf8');
  throw new ModhavenError('CONFIG', `${file} is larger than ${MAX_BYTES / 2 ** 20} MiB`, { remedy });
}
