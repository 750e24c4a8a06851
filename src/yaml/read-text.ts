/** Reads a configuration file, but not more of it than `limits.ts` allows. */
import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { ModhavenError, errorMessage } from '../errors.js';
import { MAX_FILE_BYTES } from './limits.js';

export interface FileWords {
  /** What the file is: `the vanity file`. */
  what: string;
  /** What to do if it cannot be read. */
  remedy: string;
}

/** What a shell passes for `<(command)` and `-`: a pipe, which is read although it is not a regular file. */
const SHELL_PIPE = /^\/dev\/(?:fd\/\d+|stdin)$|^\/proc\/self\/fd\/\d+$/;

/** The text of `file`. Throws CONFIG if it cannot be read, is not a file, or is too large. */
export function readConfigText(file: string, { what, remedy }: FileWords): string {
  let bytes: Buffer | undefined;
  try {
    bytes = readBounded(file);
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

/** Undefined if there is more than may be. */
function readBounded(file: string): Buffer | undefined {
  const isPipe = SHELL_PIPE.test(file);
  // Opening a named pipe would otherwise wait for its writer, and the whole server with it.
  const handle = openSync(file, isPipe ? constants.O_RDONLY : constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    if (!isPipe && !fstatSync(handle).isFile()) throw new Error('it is not a regular file');
    const buffer = Buffer.alloc(MAX_FILE_BYTES + 1);
    let size = 0;
    while (size < buffer.length) {
      const read = readSync(handle, buffer, size, buffer.length - size, null);
      if (read === 0) return Buffer.from(buffer.subarray(0, size));
      size += read;
    }
    return undefined;
  } finally {
    closeSync(handle);
  }
}
