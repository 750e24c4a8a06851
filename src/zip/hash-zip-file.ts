import { openPromise } from 'yauzl';
import { errorMessage } from '../errors.js';
import { ZIP_OPTIONS, readZipContent } from './check.js';

/** The `h1:` hash of what a zip holds, or why it is not a good zip. */
export type ZipVerdict = { hash: string } | { problem: string };

/** Reads the zip `file` to its end. Throws what the operating system says if it cannot be read. */
export async function hashZipFile(file: string): Promise<ZipVerdict> {
  try {
    return { hash: (await readZipContent(await openPromise(file, ZIP_OPTIONS))).hash };
  } catch (error) {
    if (error instanceof Error && 'syscall' in error) throw error;
    return { problem: errorMessage(error) };
  }
}
