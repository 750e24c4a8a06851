/**
 * Which module versions a tag may stand for (Go Modules Reference, "Mapping versions to commits"), by its name alone:
 *
 *   root ex.com/m   v1.2.3        ex.com/m@v1.2.3
 *                   v2.0.0        ex.com/m/v2@v2.0.0, or where there is no go.mod ex.com/m@v2.0.0+incompatible
 *                   sub/v1.2.3    ex.com/m/sub@v1.2.3
 *                   sub/v2.0.0    ex.com/m/sub/v2@v2.0.0
 *   with subdir s   s/v1.2.3      ex.com/m@v1.2.3
 *   root ex.com/v2  v2.0.0        ex.com/v2@v2.0.0
 *
 * Whether the commit holds such a module only its files can tell.
 */
import { isModulePath, matchPathMajor, splitPathVersion, type ModulePath } from '../../module/module-path.js';
import { isPseudoVersion } from '../../module/pseudo-version.js';
import * as semver from '../../module/semver.js';
import type { RepoRoot } from '../../vanity/rule.js';

export interface TaggedVersion {
  path: ModulePath;
  version: string;
}

/** What `tag` (without `refs/tags/`) of the repository of `root` may stand for, the likeliest first. */
export function versionsOfTag(
  { root, subdir }: Pick<RepoRoot, 'root' | 'subdir'>,
  tag: string,
): TaggedVersion[] {
  const slash = tag.lastIndexOf('/');
  const version = tag.slice(slash + 1);
  if (version === '' || version !== semver.canonical(version) || isPseudoVersion(version)) return [];
  const directory = tag.slice(0, Math.max(slash, 0));
  const below = withoutSubdir(directory, subdir);
  if (below === undefined) return [];

  const base = below === '' ? root : `${root}/${below}`;
  const pathMajor = splitPathVersion(base)?.pathMajor;
  // A directory named v2 is part of the module path's major version, never of its tags.
  if (pathMajor === undefined || (below !== '' && pathMajor !== '')) return [];
  const candidates: [path: string, version: string][] = [];
  if (matchPathMajor(version, pathMajor)) {
    candidates.push([base, version]);
  } else if (pathMajor === '') {
    candidates.push([`${base}/${semver.major(version)}`, version]);
    if (directory === '') candidates.push([base, `${version}+incompatible`]);
  }
  return candidates.flatMap(([path, version]) => (isModulePath(path) ? [{ path, version }] : []));
}

/** The directory of the module below that of the root: `a/s` with subdir `s` → `a`. */
function withoutSubdir(directory: string, subdir: string): string | undefined {
  if (subdir === '') return directory;
  if (directory === subdir) return '';
  return directory.endsWith(`/${subdir}`) ? directory.slice(0, -subdir.length - 1) : undefined;
}
