/**
 * Where a module lies in its repository (`cmd/go/internal/modfetch/coderepo.go`, newCodeRepo and findDir).
 *
 * The path and the rule say which directory it must be; a go.mod there, or none, says whether it is. The values, for
 * four modules:
 *
 *     module path      repo root         codeDir       pathMajor   go.mod in
 *     ex.com/m         ex.com/m          ''            ''          the root, or nowhere
 *     ex.com/m/v2      ex.com/m          ''            /v2         the root or v2/, claiming /v2
 *     ex.com/m/sub     ex.com/m          sub           ''          sub/
 *     ex.com/m/v2      ex.com/m/v2       ''            /v2         the root (the rule names the whole path)
 */
import { posix } from 'node:path';
import { ModhavenError } from '../errors.js';
import { goModModulePath } from '../module/go-mod.js';
import { hasPathPrefix, pathMajorPrefix, splitPathVersion, type ModulePath } from '../module/module-path.js';
import * as semver from '../module/semver.js';

/** What path and rule alone say. */
export interface ModulePlace {
  path: ModulePath;
  /** Import path that stands for the root of the repository. */
  root: string;
  /** Directory of the module, without the one that a major version may have of its own; '' for the root. */
  codeDir: string;
  /** The path without `pathMajor`, but the whole path where the rule names it whole. */
  pathPrefix: string;
  /** `/v2`, `.v2` or ''. */
  pathMajor: string;
}

/** Where the files of a version lie in its commit. */
export interface ModuleRoot {
  /** '' for the root of the repository. */
  directory: string;
  /** Raw blob of go.mod; undefined where the module has none. */
  goMod: Buffer | undefined;
}

/** Throws MODULE_NOT_FOUND where a repository at `root` cannot hold `path`; `subdir` is the directory `root` means. */
export function placeModule(path: ModulePath, root: string, subdir: string): ModulePlace {
  const split = splitPathVersion(path);
  if (split === undefined) throw new ModhavenError('MODULE_NOT_FOUND', `invalid module path "${path}"`);
  const { pathMajor } = split;
  const pathPrefix = root === path ? path : split.prefix;
  if (!hasPathPrefix(pathPrefix, root)) {
    throw new ModhavenError('MODULE_NOT_FOUND', `repository rooted at ${root} cannot contain module ${path}`);
  }
  const codeDir = joinPath(pathPrefix.slice(root.length).replace(/^\/+|\/+$/g, ''), subdir);
  return { path, root, codeDir, pathPrefix, pathMajor };
}

export interface RootSearch {
  place: ModulePlace;
  version: string;
  /** What `version` is called in the repository, for messages. */
  revision: string;
  /** The raw blob of a file in the version's commit. */
  read: (file: string) => Promise<Buffer | undefined>;
}

/** Throws VERSION_NOT_FOUND with the go command's reason where the version is nowhere. */
export async function findModuleRoot({ place, version, revision, read }: RootSearch): Promise<ModuleRoot> {
  const { path, root, codeDir, pathPrefix, pathMajor } = place;
  const refuse = (why: string, reason?: string): never => {
    throw new ModhavenError('VERSION_NOT_FOUND', `${why} at revision ${revision}`, { reason });
  };
  const file1 = joinPath(codeDir, 'go.mod');
  const goMod1 = await read(file1);
  const path1 = goMod1 === undefined ? '' : goModModulePath(goMod1);
  const found1 =
    goMod1 !== undefined && (isSameMajor(path1, pathMajor) || isGopkgReplacement(path1, pathMajor));

  // For /v2, go.mod may claim v2 in the directory itself or in its v2 subdirectory, not in both.
  const inSubdirectory = pathMajor !== '' && root !== path && !pathMajor.startsWith('.');
  if (inSubdirectory) {
    const directory = joinPath(codeDir, pathMajor.slice(1));
    const goMod2 = await read(joinPath(directory, 'go.mod'));
    const path2 = goMod2 === undefined ? '' : goModModulePath(goMod2);
    const found2 = goMod2 !== undefined && isSameMajor(path2, pathMajor);
    if (found1 && found2) {
      return refuse(
        `${pathPrefix}/${file1} and ...${pathMajor}/go.mod both have ...${pathMajor} module paths`,
      );
    }
    if (found2) return { directory, goMod: goMod2 };
    if (goMod2 !== undefined) {
      const file2 = `${root}/${joinPath(directory, 'go.mod')}`;
      if (path2 === '') return refuse(`${file2} is missing module path`);
      return refuse(`${file2} has non-...${pathMajor} module path "${path2}"`);
    }
  }
  if (found1) return { directory: codeDir, goMod: goMod1 };
  if (goMod1 !== undefined) {
    const suffix = inSubdirectory ? ` (and ...${pathMajor}/go.mod does not exist)` : '';
    if (path1 === '') return refuse(`${file1} is missing module path${suffix}`);
    if (pathMajor !== '') return refuse(`${file1} has non-...${pathMajor} module path "${path1}"${suffix}`);
    if (splitPathVersion(path1) === undefined) {
      return refuse(`${file1} has malformed module path "${path1}"${suffix}`);
    }
    return refuse(`${file1} has post-${semver.major(version)} module path "${path1}"${suffix}`);
  }
  // Without a go.mod a module can only be the root of the repository, at v0 or v1.
  if (codeDir === '' && (pathMajor === '' || pathMajor.startsWith('.'))) {
    return { directory: '', goMod: undefined };
  }
  const missing = inSubdirectory ? `${pathPrefix}/go.mod and ...${pathMajor}/go.mod` : `${pathPrefix}/go.mod`;
  return refuse(
    `missing ${missing}`,
    'without a go.mod there, this path is a package of another module, or nothing',
  );
}

/** `path.Join`: joined and cleaned, '' for nothing. */
function joinPath(...elements: string[]): string {
  const joined = posix.join(...elements).replace(/\/$/, '');
  return joined === '.' ? '' : joined;
}

/** Whether a go.mod that says `modulePath` may serve versions of major version `pathMajor`. */
function isSameMajor(modulePath: string, pathMajor: string): boolean {
  if (modulePath === '') return false;
  const major = splitPathVersion(modulePath)?.pathMajor;
  if (major === undefined) return false;
  if (pathMajor === '') return ['', 'v0', 'v1'].includes(pathMajorPrefix(major));
  return major !== '' && pathMajor.slice(1) === major.slice(1);
}

/** A bug that became a promise: gopkg.in modules may stand in for unversioned paths (golang/go#34254). */
function isGopkgReplacement(modulePath: string, pathMajor: string): boolean {
  return pathMajor === '' && modulePath.startsWith('gopkg.in/');
}
