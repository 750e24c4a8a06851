/** The public checksum database: what it says of public modules is proved here before it enters our own log. */
import { join } from 'node:path';
import type { Logger } from 'pino';
import type { ChecksumDatabases } from '../databases.js';
import { createSumdbClient, type SumdbClient } from './client.js';
import type { Verifier } from '../format/note.js';
import { seenTreeFile } from './seen-tree.js';

export interface PublicDatabaseOptions {
  /** Whose key it has. */
  verifier: Verifier;
  /** Passes its answers on; need not be trusted. */
  through: ChecksumDatabases;
  /** Where the newest signed tree that was seen is kept. */
  dir: string;
  log: Pick<Logger, 'error'>;
}

export function publicDatabase({ verifier, through, dir, log }: PublicDatabaseOptions): SumdbClient {
  const { name } = verifier;
  return createSumdbClient({
    verifier,
    seen: seenTreeFile(join(dir, name, 'latest')),
    log,
    get: async (path) => (await through.get(name, path)).body,
  });
}
