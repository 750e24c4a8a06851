/** The newest signed tree of a public database, in a file: a database that shows an older history later is caught. */
import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { replaceFile } from '../../fs/durable-file.js';
import { hasCode } from '../../fs/file-errors.js';
import { readRegular } from '../../fs/regular-file.js';
import { ModhavenError, errorMessage } from '../../errors.js';
import type { SeenTree } from './client.js';

export function seenTreeFile(file: string): SeenTree {
  return {
    async read() {
      try {
        return await readRegular(file);
      } catch (error) {
        if (hasCode(error, 'ENOENT')) return undefined;
        throw storageError(error);
      }
    },
    async write(note) {
      try {
        await mkdir(dirname(file), { recursive: true });
        await replaceFile(file, note);
      } catch (error) {
        throw storageError(error);
      }
    },
  };

  function storageError(error: unknown): ModhavenError {
    return new ModhavenError('STORAGE', `${file} has a problem: the newest signed tree is kept there`, {
      reason: errorMessage(error),
      remedy: 'check free space and rights of cache.dir on the modhaven server',
      cause: error,
    });
  }
}
