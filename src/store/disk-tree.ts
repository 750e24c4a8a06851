/** The names in a tree that `GOPROXY=file://` reads: which modules and versions it holds. */
import type { Stats } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { TEMPORARY } from '../fs/temporary-name.js';
import { escapePath, unescapePath, unescapeVersion, unescapedIfValid } from '../module/escaping.js';
import type { ModulePath } from '../module/module-path.js';
import { isCanonicalVersion, type CanonicalVersion } from '../module/version.js';
import { absentAsUndefined } from './storage-error.js';
import { PART_KINDS, storedName, type Part, type PartKind } from './version-store.js';

/** The file of `part` in a tree that begins at `dir`. */
export function partFile(dir: string, part: Part): string {
  return join(dir, storedName(part));
}

/** Tells a file from others of its name, before and after it. */
export function stampOf({ ino, size, mtimeMs }: Pick<Stats, 'ino' | 'size' | 'mtimeMs'>): string {
  return `${ino} ${size} ${mtimeMs}`;
}

/** The folder of the versions of a module in a tree that begins at `dir`. */
export function versionFolder(dir: string, module: ModulePath): string {
  return join(dir, escapePath(module), '@v');
}

/** The modules of a tree, sorted. Folders that cannot be the path of a module are passed over. */
export function modulesIn(dir: string): AsyncGenerator<ModulePath> {
  return modulesBelow(dir, '');
}

/** The modules in `folder`, whose path in the tree is `escaped`. */
async function* modulesBelow(folder: string, escaped: string): AsyncGenerator<ModulePath> {
  const entries = (await absentAsUndefined(readdir(folder, { withFileTypes: true }))) ?? [];
  const names = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
  for (const name of names.sort()) {
    if (escaped === '' && !name.includes('.')) continue; // not a host: checksum data lies in such a folder
    if (name !== '@v') {
      yield* modulesBelow(join(folder, name), escaped === '' ? name : `${escaped}/${name}`);
      continue;
    }
    const module = unescapedIfValid(() => unescapePath(escaped));
    if (module !== undefined) yield module;
  }
}

/** The parts that `name`, a file in the folder of a module's versions, may be; undefined for any other file. */
export function partOfName(name: string): { version: CanonicalVersion; kind: PartKind } | undefined {
  if (name.startsWith(TEMPORARY)) return undefined;
  const dot = name.lastIndexOf('.');
  const kind = PART_KINDS.find((known) => known === name.slice(dot + 1));
  if (dot < 0 || kind === undefined) return undefined;
  const version = unescapedIfValid(() => unescapeVersion(name.slice(0, dot)));
  return version !== undefined && isCanonicalVersion(version) ? { version, kind } : undefined;
}
