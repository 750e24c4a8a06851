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
import { ModhavenError } from '../../errors.js';
import { goModModulePath } from '../../module/go-mod.js';
import {
  hasPathPrefix,
  pathMajorPrefix,
  splitPathVersion,
  type ModulePath,
} from '../../module/module-path.js';
import * as semver from '../../module/semver.js';

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

/** A directory in which the go.mod of a module may lie. */
interface RootCandidate extends ModuleRoot {
  /** The module path that its go.mod says; '' where it says none, or there is none. */
  claims: string;
  /** Whether that may be the module. */
  isRight: boolean;
}

/** Throws VERSION_NOT_FOUND with the go command's reason where the version is nowhere. */
export async function findModuleRoot({ place, version, revision, read }: RootSearch): Promise<ModuleRoot> {
  const { path, root, codeDir, pathPrefix, pathMajor } = place;
  const refuse = (why: string, reason?: string): never => {
    throw new ModhavenError('VERSION_NOT_FOUND', `${why} at revision ${revision}`, { reason });
  };
  const look = async (directory: string): Promise<RootCandidate> => {
    const goMod = await read(joinPath(directory, 'go.mod'));
    const claims = goMod === undefined ? '' : goModModulePath(goMod);
    return { directory, goMod, claims, isRight: goMod !== undefined && mayServe(claims, pathMajor) };
  };
  const first = await look(codeDir);
  // For /v2, go.mod may claim v2 in the directory itself or in its v2 subdirectory, not in both.
  const inSubdirectory = pathMajor !== '' && root !== path && !pathMajor.startsWith('.');
  const second = inSubdirectory ? await look(joinPath(codeDir, pathMajor.slice(1))) : undefined;
  if (second?.isRight === true && first.isRight) {
    const file = `${pathPrefix}/${joinPath(codeDir, 'go.mod')}`;
    return refuse(`${file} and ...${pathMajor}/go.mod both have ...${pathMajor} module paths`);
  }
  if (second?.isRight === true) return rootOf(second);
  if (second?.goMod !== undefined) return refuse(whyNotInSubdirectory(second, place));
  if (first.isRight) return rootOf(first);
  if (first.goMod !== undefined) {
    const suffix = inSubdirectory ? ` (and ...${pathMajor}/go.mod does not exist)` : '';
    return refuse(whyNotHere(first, place, version) + suffix);
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

function rootOf({ directory, goMod }: RootCandidate): ModuleRoot {
  return { directory, goMod };
}

function whyNotInSubdirectory(
  { directory, claims }: RootCandidate,
  { root, pathMajor }: ModulePlace,
): string {
  const file = `${root}/${joinPath(directory, 'go.mod')}`;
  if (claims === '') return `${file} is missing module path`;
  return `${file} has non-...${pathMajor} module path "${claims}"`;
}

function whyNotHere(
  { directory, claims }: RootCandidate,
  { pathMajor }: ModulePlace,
  version: string,
): string {
  const file = joinPath(directory, 'go.mod');
  if (claims === '') return `${file} is missing module path`;
  if (pathMajor !== '') return `${file} has non-...${pathMajor} module path "${claims}"`;
  const kind = splitPathVersion(claims) === undefined ? 'malformed' : `post-${semver.major(version)}`;
  return `${file} has ${kind} module path "${claims}"`;
}

/** `path.Join`: joined and cleaned, '' for nothing. */
function joinPath(...elements: string[]): string {
  const joined = posix.join(...elements).replace(/\/$/, '');
  return joined === '.' ? '' : joined;
}

/** Whether a go.mod that says `modulePath` may serve versions of major version `pathMajor`. */
function mayServe(modulePath: string, pathMajor: string): boolean {
  return isSameMajor(modulePath, pathMajor) || isGopkgReplacement(modulePath, pathMajor);
}

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
