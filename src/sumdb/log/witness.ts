/**
 * The witness: the newest signed tree of a log, kept away from the log itself, beside the key. A log that is put back
 * to an older state is consistent in itself; only this tells that it once was larger, before anybody appends other
 * records at the same places and every developer's go reports a fork.
 */
import { replaceFile } from '../../fs/durable-file.js';
import { hasCode } from '../../fs/file-errors.js';
import { readRegular, readRegularSync } from '../../fs/regular-file.js';
import { ModhavenError, errorMessage } from '../../errors.js';
import type { Verifier } from '../format/note.js';
import { openTree, type SignedTree } from '../format/tree-head.js';

export interface Witness {
  readonly file: string;
  /** Undefined if there is none yet. Throws STORAGE if it is not of this key, or damaged. */
  read(): SignedTree | undefined;
  /** Remembers a tree, unless a larger one is remembered already. */
  advance(head: SignedTree): Promise<void>;
}

export function createWitness(file: string, verifier: Verifier): Witness {
  function read(): SignedTree | undefined {
    try {
      return openTree(readRegularSync(file), verifier);
    } catch (error) {
      throwUnlessAbsent(file, error);
      return undefined;
    }
  }

  /** The same by way of a thread: the disk may hang. */
  async function readLater(): Promise<SignedTree | undefined> {
    try {
      return openTree(await readRegular(file), verifier);
    } catch (error) {
      throwUnlessAbsent(file, error);
      return undefined;
    }
  }

  return {
    file,
    read,
    async advance(head) {
      const known = await readLater();
      if (known !== undefined && known.size >= head.size) return;
      try {
        await replaceFile(file, head.note, { mode: 0o644 });
      } catch (error) {
        throw new ModhavenError('STORAGE', `the witness ${file} of the checksum database cannot be written`, {
          reason: errorMessage(error),
          remedy: 'give the account modhaven runs under the right to write there, or set sumdb.witness_file',
          remedyBy: 'admin',
          cause: error,
        });
      }
    },
  };
}

function throwUnlessAbsent(file: string, error: unknown): void {
  if (hasCode(error, 'ENOENT')) return;
  throw new ModhavenError('STORAGE', `the witness ${file} of the checksum database cannot be used`, {
    reason: errorMessage(error),
    remedy:
      'it belongs to the key: a new key needs a new name (docs/checksum-database.md); else restore it, or, if there is no backup, remove it and run "modhaven sumdb verify --renew-witness"',
    remedyBy: 'admin',
    cause: error,
  });
}
