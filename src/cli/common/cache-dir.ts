/** Whether the cache directory can be used: asked before a command does anything that would only fail later, or never end. */
import { mkdtemp, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { ModhavenError, errorMessage } from '../../errors.js';
import { makeFolder, makePrivateFolder } from '../../fs/make-folder.js';
import { cacheLayout } from '../../store/paths.js';
import { checkStateVersion } from '../../store/state-version.js';

/** Makes `cacheDir` if it is missing, tries to write there, and looks whether its layout is known. Throws CONFIG. */
export async function prepareCacheDir(cacheDir: string): Promise<void> {
  try {
    await makeFolder(cacheDir);
    await rmdir(await mkdtemp(join(cacheDir, '.probe-')));
    // A web server in front may read the finished versions; no other account may read source and names of modules.
    const { mirrors, privateAnswers } = cacheLayout(cacheDir);
    await Promise.all([makePrivateFolder(mirrors), makePrivateFolder(privateAnswers)]);
  } catch (error) {
    throw new ModhavenError('CONFIG', `the cache directory ${cacheDir} cannot be made or written`, {
      reason: errorMessage(error),
      remedy: 'set cache.dir to a directory that the account modhaven runs under may write',
      cause: error,
    });
  }
  await checkStateVersion(cacheDir);
}
