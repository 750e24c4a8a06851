/**
 * The disk storage of Athens as a source of versions: `<module>/<version>/{go.mod,<version>.info,source.zip}`. Paths and
 * versions stand there as they are, upper-case letters included (gomods/athens, pkg/storage/fs and pkg/paths).
 */
import type { Stats } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { isModulePath, type ModulePath } from '../module/module-path.js';
import { isCanonicalVersion, type CanonicalVersion } from '../module/version.js';
import type { Part, PartKind, VersionReader } from '../store/version-store.js';
import { absentAsUndefined } from '../fs/file-errors.js';
import { readRegular, streamRegular } from '../fs/regular-file.js';

/** The name of every zip there. */
export const ATHENS_ZIP = 'source.zip';

/** The storage in `dir`. Methods throw the error of the file system for a file that cannot be read. */
export function createAthensSource(dir: string): VersionReader {
  const fileOf = ({ module, version, kind }: Part) => join(dir, module, version, fileName(version, kind));
  const statOf = (part: Part): Promise<Stats | undefined> => absentAsUndefined(stat(fileOf(part)));

  return {
    async size(part) {
      // Athens keeps no hashes.
      return part.kind === 'ziphash' ? undefined : (await statOf(part))?.size;
    },
    async read(part) {
      return part.kind === 'ziphash' ? undefined : absentAsUndefined(readRegular(fileOf(part)));
    },
    open: (part, range) => streamRegular(fileOf(part), range),
    async versions(module, kind) {
      if (kind === 'ziphash') return [];
      const found: CanonicalVersion[] = [];
      for (const version of (await folders(join(dir, module))).filter(isCanonicalVersion)) {
        if ((await statOf({ module, version, kind })) !== undefined) found.push(version);
      }
      return found;
    },
    modules: () => modulesBelow(dir, ''),
  };
}

function fileName(version: string, kind: PartKind): string {
  if (kind === 'mod') return 'go.mod';
  return kind === 'zip' ? ATHENS_ZIP : `${version}.${kind}`;
}

async function* modulesBelow(dir: string, path: string): AsyncGenerator<ModulePath> {
  const names = await folders(join(dir, path));
  // `v2` of a module is a folder like any other; only `v2.0.0` is that of a version.
  if (names.some(isCanonicalVersion) && isModulePath(path)) yield path;
  for (const name of names.sort()) {
    if (!isCanonicalVersion(name)) yield* modulesBelow(dir, path === '' ? name : `${path}/${name}`);
  }
}

async function folders(folder: string): Promise<string[]> {
  const entries = (await absentAsUndefined(readdir(folder, { withFileTypes: true }))) ?? [];
  return entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
}
