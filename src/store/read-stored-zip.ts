/** The content of a stored zip. */
import type { ZipContent } from '../zip/check.js';
import { readZipFiles } from '../zip/reader.js';
import type { ModuleVersion, Part, VersionReader } from './version-store.js';

/**
 * Reads the zip of a version from its first to its last byte. `check` is called with each file before it is read. Throws
 * an Error that says what is wrong with the zip, also where there is none.
 */
export async function readStoredZip(
  store: VersionReader,
  { module, version }: ModuleVersion,
  check?: (name: string, size: number) => void,
): Promise<ZipContent> {
  const zip: Part = { module, version, kind: 'zip' };
  const size = (await store.size(zip)) ?? 0;
  return readZipFiles({ size, open: (range) => store.open(zip, range) }, check);
}
