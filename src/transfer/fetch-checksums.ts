/** The hashes that the public checksum databases record of a version; fetching them also stores the tiles that prove them. */
import { isNotExist } from '../errors.js';
import { escapePath, escapeVersion } from '../module/escaping.js';
import type { CanonicalVersion } from '../module/version.js';
import type { ModulePath } from '../module/module-path.js';
import { KNOWN_DATABASES } from '../sumdb/client/known-databases.js';
import { parseRecord, sumsIn } from '../sumdb/format/record.js';
import type { SumdbMirror } from '../sumdb/client/mirror.js';
import type { RecordedSum } from './request-list.js';

/**
 * What each database records of a public version; nothing from one that does not know it, as for a module that only the
 * company's own proxy has. Throws a HOST_ code if a database cannot be asked, CHECKSUM_DATABASE if it cannot be
 * believed.
 */
export async function fetchChecksums(
  sumdb: Pick<SumdbMirror, 'get'>,
  module: ModulePath,
  version: CanonicalVersion,
): Promise<RecordedSum[]> {
  const sums: RecordedSum[] = [];
  for (const place of KNOWN_DATABASES) {
    try {
      const { body } = await sumdb.get(place, `lookup/${escapePath(module)}@${escapeVersion(version)}`);
      const found = sumsIn(parseRecord(body).record, module, version);
      if (found !== undefined) {
        sums.push({ kind: 'zip', hash: found.zip, place }, { kind: 'mod', hash: found.mod, place });
      }
    } catch (error) {
      if (!isNotExist(error)) throw error;
    }
  }
  return sums;
}
