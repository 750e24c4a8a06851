/**
 * Repositories on this machine. git says of one that it may not read, or that is damaged, what it says of one that is not there:
 * "does not appear to be a git repository". Only the last is a fact.
 */
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { diskReason } from '../../fs/disk-words.js';
import { hasCode } from '../../fs/file-errors.js';

/** What a repository has in its folder, whatever else is damaged; nothing for the folder itself. */
const PARTS = ['', 'objects', 'HEAD'];

/** Why the repository at `path` cannot be read although something of it is there; undefined if nothing is. */
export async function whyNotAbsent(path: string): Promise<string | undefined> {
  for (const folder of [path, `${path}.git`, join(path, '.git')]) {
    for (const part of PARTS) {
      try {
        await stat(join(folder, part));
        if (part !== '') return 'there is a repository, but git cannot read it: it is damaged';
      } catch (error) {
        if (!hasCode(error, 'ENOENT', 'ENOTDIR')) return diskReason(error);
      }
    }
  }
  return undefined;
}
