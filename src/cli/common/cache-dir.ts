/** Whether the cache directory can be used: asked before a command does anything that would only fail later, or never end. */
import { mkdtemp, realpath, rmdir, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
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

/**
 * Throws CONFIG if `dir`, which need not be there, is `cacheDir` or lies in it, by whatever name: the files of a tree beside
 * those of the cache would be taken for its own.
 */
export async function checkIsOutside(dir: string, cacheDir: string): Promise<void> {
  const cache = await stat(cacheDir).catch(() => undefined);
  if (cache === undefined) return;
  for (let at = await realPathOf(resolve(dir)); ; at = dirname(at)) {
    const found = await stat(at).catch(() => undefined);
    if (found?.ino === cache.ino && found.dev === cache.dev) {
      throw new ModhavenError('CONFIG', `${dir} is in the cache directory ${cacheDir}, or is that itself`, {
        remedy: 'name a folder outside of cache.dir',
      });
    }
    if (dirname(at) === at) return;
  }
}

/** `path` without links, as far as it is there. */
async function realPathOf(path: string): Promise<string> {
  try {
    return await realpath(path);
  } catch {
    const parent = dirname(path);
    return parent === path ? path : join(await realPathOf(parent), basename(path));
  }
}
