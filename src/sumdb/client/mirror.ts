/** Public checksum databases, passed on and kept, by name: `mirrored-database.ts` says what is kept of each. */
import { ModhavenError } from '../../errors.js';
import type { SumdbAnswer } from '../databases.js';
import type { Verifier } from '../format/note.js';
import { parseSumdbRequest } from '../format/request.js';
import { knownDatabase } from './known-databases.js';
import { MirroredDatabase, type MirroredDatabaseOptions } from './mirrored-database.js';

export interface SumdbMirror {
  /**
   * What database `name` says to `path`, decoded, without a slash before it. Throws INVALID_PATH or INVALID_VERSION for
   * malformed lookups, MODULE_NOT_FOUND for private modules and for what is not to be had, a HOST_ code or
   * CHECKSUM_DATABASE where the database cannot be asked or is not to be believed.
   */
  get(name: string, path: string): Promise<SumdbAnswer>;
}

export interface SumdbMirrorOptions extends MirroredDatabaseOptions {
  /** Keys by the name of the database. Default: those that the go command knows. */
  verifierOf?: (name: string) => Verifier | undefined;
}

export function createSumdbMirror(options: SumdbMirrorOptions): SumdbMirror {
  const { verifierOf = knownDatabase } = options;
  const databases = new Map<string, MirroredDatabase>();
  return {
    async get(name, path) {
      const verifier = verifierOf(name);
      if (verifier === undefined) throw unknownDatabase(name);
      const database = databases.get(name) ?? new MirroredDatabase(verifier, options);
      databases.set(name, database); // there are no more than keys that are known
      return database.get(parseSumdbRequest(path));
    },
  };
}

function unknownDatabase(name: string): ModhavenError {
  return new ModhavenError(
    'MODULE_NOT_FOUND',
    `not found: no checksum database ${name} comes through this server`,
    {
      remedy: 'go asks the database itself; for private modules set GONOSUMDB as "modhaven env" prints',
    },
  );
}
