/**
 * Which layout a cache directory has: one number in `<cache.dir>/version`, so that a later program can upgrade an older
 * directory, and an older program leaves a later one alone. A directory without the file has the first layout.
 */
import { join } from 'node:path';
import { ModhavenError, errorMessage } from '../errors.js';
import { replaceFile } from '../fs/durable-file.js';
import { hasCode } from '../fs/file-errors.js';
import { readRegularText } from '../fs/regular-file.js';

/** Upgrades a directory from one layout to the next. May be run again after it was broken off, and beside readers. */
export type Migration = (cacheDir: string) => Promise<void>;

/** The first one leads from layout 1 to layout 2, and so on: this program writes the layout after the last. */
const MIGRATIONS: readonly Migration[] = [];

const FIRST = 1;

/** Throws CONFIG if `cacheDir` has a layout that this program does not know, or a broken number. */
export async function checkStateVersion(cacheDir: string, migrations = MIGRATIONS): Promise<number> {
  const file = join(cacheDir, 'version');
  const text = await readRegularText(file).catch((error: unknown) => {
    if (hasCode(error, 'ENOENT', 'ENOTDIR')) return String(FIRST);
    throw new ModhavenError('CONFIG', `${file} cannot be read`, {
      reason: errorMessage(error),
      cause: error,
    });
  });
  if (!/^[1-9]\d{0,5}\n?$/.test(text)) {
    throw new ModhavenError('CONFIG', `${file} does not hold the number of a layout`, {
      remedy: 'put it back from the backup; without the file the directory counts as layout 1',
    });
  }
  const [found, known] = [Number(text), FIRST + migrations.length];
  if (found <= known) return found;
  throw new ModhavenError('CONFIG', `${cacheDir} was written by a later version of modhaven`, {
    reason: `its layout is ${found}, and this program knows up to ${known}`,
    remedy: 'run the later version, or restore the backup from before the upgrade',
  });
}

/** Upgrades `cacheDir` to the layout of this program, and writes that down. Throws as `checkStateVersion` does, and STORAGE. */
export async function upgradeLayout(cacheDir: string, migrations = MIGRATIONS): Promise<void> {
  const found = await checkStateVersion(cacheDir, migrations);
  const file = join(cacheDir, 'version');
  for (const [index, migrate] of migrations.slice(found - FIRST).entries()) {
    await migrate(cacheDir);
    // After each: one that is broken off begins again where it was.
    await replaceFile(file, `${found + index + 1}\n`);
  }
  if (found === FIRST && migrations.length === 0) await replaceFile(file, `${FIRST}\n`);
}
