/** Whether a zip from elsewhere is that of a module version, and its `h1:` hash if so. */
import { openPromise } from 'yauzl';
import { ModhavenError, errorMessage } from '../errors.js';
import { createZipEntryChecker } from '../module/zip-entries.js';
import { ZIP_OPTIONS, readZipContent } from './content.js';

/**
 * The `h1:` hash of the zip `file` of `name` (`path@version`). Throws MODULE_INVALID for what is no zip, is cut off, is
 * damaged, is larger than a module may be, or holds files of something else or with names that `go` refuses.
 */
export async function hashModuleZip(file: string, name: string): Promise<string> {
  try {
    const { hash } = await readZipContent(await openPromise(file, ZIP_OPTIONS), createZipEntryChecker(name));
    return hash;
  } catch (error) {
    throw new ModhavenError('MODULE_INVALID', `no zip of ${name}`, {
      reason: errorMessage(error),
      cause: error,
    });
  }
}
