/** Reads the content of a zip, wherever it is kept. */
import { openZip, readZipContent, type ZipContent } from './check.js';
import type { ZipSource } from './windowed-reader.js';

/**
 * Reads a zip from its first to its last byte. `check` is called with each file before it is read. Throws an Error that
 * says what is wrong with the zip.
 */
export async function readZipFiles(
  zip: ZipSource,
  check?: (name: string, size: number) => void,
): Promise<ZipContent> {
  return readZipContent(await openZip(zip), check);
}
