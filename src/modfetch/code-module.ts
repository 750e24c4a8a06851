/**
 * A module in a repository: which versions it has and what a query means.
 *
 * The rules are those of `cmd/go/internal/modfetch/coderepo.go`; where they look arbitrary, they are what the go
 * command does with `GOPROXY=direct`, and the words of refusals are its words. The values, for four modules:
 *
 *     module path      repo root         codeDir       pathMajor   tags
 *     ex.com/m         ex.com/m          ''            ''          v1.2.3, and v2.0.0 as v2.0.0+incompatible
 *     ex.com/m/v2      ex.com/m          ''            /v2         v2.0.0 (go.mod in the root or in v2/)
 *     ex.com/m/sub     ex.com/m          sub           ''          sub/v1.2.3
 *     ex.com/m/v2      ex.com/m/v2       ''            /v2         v2.0.0 (the rule names the whole path)
 */
import { ModhavenError, isNotExist } from '../errors.js';
import { isRetracted, parseGoMod, synthesizeGoMod, type VersionInterval } from '../module/go-mod.js';
import { newestRelease } from '../module/latest.js';
import { matchPathMajor, pathMajorPrefix, type ModulePath } from '../module/module-path.js';
import { isPseudoVersion, pseudoVersion, pseudoVersionRev } from '../module/pseudo-version.js';
import * as semver from '../module/semver.js';
import { isCanonicalVersion } from '../module/version.js';
import type { Origin } from '../module/origin.js';
import type { CodeRepo, Revision } from '../vcs/types.js';
import { findModuleRoot, placeModule, type ModuleRoot } from './module-root.js';
import { checkPseudoVersion } from './pseudo-check.js';

/** A version and where it comes from. */
export interface VersionInfo {
  version: string;
  /** Time of the commit. */
  time: Date;
  commit: string;
  origin: Origin;
}

export interface CodeModule {
  readonly path: ModulePath;
  /**
   * Versions by tag in semantic order, `+incompatible` ones last; and what the list depends on. With a prefix
   * (`v1.`), what the list would be if there were no other tags.
   */
  versions(prefix?: string): Promise<{ list: string[]; origin: Origin }>;
  /** What `revision` (version, tag, branch, hash, pseudo-version) is as a version of this module. */
  stat(revision: string): Promise<VersionInfo>;
  /** The head of the default branch as a version. */
  latest(): Promise<VersionInfo>;
  /** go.mod of a version whose commit is known; a made-up one where there is none. */
  goMod(version: string, commit: string): Promise<Buffer>;
  /** Where the version lies. Throws VERSION_NOT_FOUND with the go command's reason where it lies nowhere. */
  findRoot(version: string, commit: string): Promise<ModuleRoot>;
}

export interface CodeModuleOptions {
  path: ModulePath;
  /** Import path that stands for the root of the repository. */
  root: string;
  /** Directory that `root` means, of the rule (go-import's fourth field). */
  subdir: string;
  repo: CodeRepo;
}

/** Throws MODULE_NOT_FOUND where a repository at `root` cannot hold `path`. */
export function codeModule({ path, root, subdir, repo }: CodeModuleOptions): CodeModule {
  const place = placeModule(path, root, subdir);
  const { codeDir, pathPrefix, pathMajor } = place;
  const tagPrefix = codeDir === '' ? '' : `${codeDir}/`;
  const pseudoMajor = pathMajorPrefix(pathMajor);

  async function versions(prefix = ''): Promise<{ list: string[]; origin: Origin }> {
    // gopkg.in/x.v2-unstable takes no tags: those belong to gopkg.in/x.v2.
    if (path.startsWith('gopkg.in/') && path.endsWith('-unstable'))
      return { list: [], origin: { VCS: 'git', URL: repo.url } };
    const tags = repo.tags(tagPrefix + prefix);
    const compatible: string[] = [];
    const incompatible: string[] = [];
    for (const { name } of tags.list) {
      const version = name.slice(tagPrefix.length);
      if (version === '' || version !== semver.canonical(version) || isPseudoVersion(version)) continue;
      if (matchPathMajor(version, pathMajor)) compatible.push(version);
      else if (codeDir === '' && pathMajor === '' && !isMajorZeroOrOne(version)) incompatible.push(version);
    }
    const list = semver.sortVersions(compatible);
    if (pathMajor === '')
      list.push(...(await incompatibleVersions(list.at(-1), semver.sortVersions(incompatible))));
    return {
      list,
      get origin() {
        return withSubdir(tags.origin);
      },
    };
  }

  /** Left out: all if the newest compatible version has a go.mod, a whole major if its newest version has one. */
  async function incompatibleVersions(newest: string | undefined, candidates: string[]): Promise<string[]> {
    if (candidates.length === 0 || (newest !== undefined && (await hasGoMod(newest)))) return [];
    const newestOfMajor = new Map(candidates.map((version) => [semver.major(version), version]));
    const legacy = new Set<string>();
    for (const [major, version] of newestOfMajor) if (!(await hasGoMod(version))) legacy.add(major);
    return candidates
      .filter((version) => legacy.has(semver.major(version)))
      .map((version) => `${version}+incompatible`);
  }

  async function hasGoMod(tag: string): Promise<boolean> {
    const { hash } = await repo.stat(tag);
    return (await repo.readFile(hash, 'go.mod')) !== undefined;
  }

  function findRoot(version: string, commit: string): Promise<ModuleRoot> {
    return findModuleRoot({
      place,
      version,
      revision: revisionOf(version),
      read: (file) => repo.readFile(commit, file),
    });
  }

  async function goMod(version: string, commit: string): Promise<Buffer> {
    const { goMod } = await findRoot(version, commit);
    return goMod ?? synthesizeGoMod(path);
  }

  /** The versions that the newest release asks not to use. Unreadable means none, as for the go command. */
  async function retractions(): Promise<VersionInterval[]> {
    try {
      const compatible = (await versions()).list.filter((version) => !version.endsWith('+incompatible'));
      const newest = newestRelease(compatible);
      if (newest === undefined) return [];
      const { hash } = await repo.stat(revisionOf(newest));
      return parseGoMod(await goMod(newest, hash)).retract;
    } catch (error) {
      if (isNotExist(error)) return [];
      throw error;
    }
  }

  function revisionOf(version: string): string {
    if (!semver.isValid(version)) return version;
    if (isPseudoVersion(version)) return pseudoVersionRev(version);
    return tagPrefix + version.replace(/\+incompatible$/, '');
  }

  function withSubdir({ VCS, URL, ...rest }: Origin): Origin {
    return { VCS, URL, ...(codeDir === '' ? {} : { Subdir: codeDir }), ...rest };
  }

  /** The Origin of an answer; a pseudo-version that was derived also depends on the tags it was derived from. */
  function originOf(revision: Revision, version: string, asked: string): Origin {
    const { VCS, URL, Hash, Ref } = revision.origin;
    const origin: Origin = { VCS, URL };
    if (Hash !== undefined) origin.Hash = Hash;
    if (isPseudoVersion(version) && (version !== asked || !version.startsWith('v0.0.0-'))) {
      const tags = repo.tags(pathMajor === '' ? tagPrefix : `${tagPrefix}${pathMajor.slice(1)}.`).origin;
      if (tags.TagPrefix !== undefined) origin.TagPrefix = tags.TagPrefix;
      if (tags.TagSum !== undefined) origin.TagSum = tags.TagSum;
    }
    if (Ref !== undefined) origin.Ref = Ref;
    return withSubdir(origin);
  }

  /** The version of `revision` that was found for `asked` ('' where nothing in particular was asked for). */
  async function toVersion(revision: Revision, asked: string): Promise<VersionInfo> {
    const goModAt = once(async () => (await repo.readFile(revision.hash, 'go.mod')) !== undefined);
    const intervals = once(retractions);

    async function mayBeIncompatible(version: string): Promise<boolean> {
      if (codeDir !== '' || pathMajor !== '' || (await goModAt())) return false;
      if (version === '' || asked.endsWith('+incompatible')) return true;
      return (await repo.readFile(revision.hash, `${semver.major(version)}/go.mod`)) === undefined;
    }

    async function accept(candidate: string): Promise<VersionInfo> {
      await findRoot(candidate, revision.hash);
      let version = candidate === asked.replace(/\+incompatible$/, '') ? asked : candidate;
      const base = version.replace(/\+incompatible$/, '');
      let refusal: string | undefined;
      if (!matchPathMajor(base, pathMajor)) {
        if (await mayBeIncompatible(base)) version = `${base}+incompatible`;
        else if (pathMajor !== '')
          refusal = 'module path includes a major version suffix, so major version must match';
        else
          refusal = `module contains a go.mod file, so module path must match major version ("${pathPrefix}/${semver.major(version)}")`;
      } else if (version.endsWith('+incompatible')) {
        refusal = `+incompatible suffix not allowed: major version ${semver.major(version)} is compatible`;
      }
      // Whoever asks for a canonical version gets this one or none.
      if (asked !== '' && isCanonicalVersion(asked)) {
        const askedBase = asked.replace(/\+incompatible$/, '');
        if (askedBase !== base)
          throw new ModhavenError(
            'VERSION_NOT_FOUND',
            `resolves to version ${version} (${askedBase} is not a tag)`,
          );
      }
      if (refusal !== undefined) throw new ModhavenError('MODULE_INVALID', refusal);
      return {
        version,
        time: revision.time,
        commit: revision.hash,
        origin: originOf(revision, version, asked),
      };
    }

    const retracted = async (version: string) => isRetracted(await intervals(), version);

    if (isPseudoVersion(asked)) {
      const info = await accept(asked);
      await checkPseudoVersion({ version: asked, revision, repo, tagPrefix, pseudoMajor });
      return info;
    }

    const named = tagVersion(revision.name);
    if (named?.canonical === true) {
      try {
        return await accept(named.version);
      } catch (error) {
        if (!isNotExist(error)) throw error;
      }
    }

    let highest = '';
    let base = '';
    for (const tag of revision.tags) {
      const found = tagVersion(tag);
      if (found === undefined) continue;
      const { version, canonical } = found;
      if (asked !== '' && semver.compare(version, asked) === 0) {
        if (canonical) return accept(version);
        base = version; // v1.0.0+meta may not stand for v1.0.0, but is what came before this commit's pseudo-version
      }
      if (!canonical || semver.compare(highest, version) >= 0 || (await retracted(version))) continue;
      if (matchPathMajor(version, pathMajor) || (await mayBeIncompatible(version))) highest = version;
    }
    if (highest !== '') return accept(highest);

    if (base === '') {
      const tag = await repo.recentTag(revision.hash, tagPrefix, async (name) => {
        const version = tagVersion(name)?.version;
        if (version === undefined) return false;
        return (
          (matchPathMajor(version, pathMajor) || (await mayBeIncompatible(version))) &&
          !(await retracted(version))
        );
      });
      base = tag === undefined ? '' : (tagVersion(tag)?.version ?? '');
    }
    return accept(
      pseudoVersion({ major: pseudoMajor, older: base, time: revision.time, rev: revision.short }),
    );
  }

  /** The version in a tag of this module; not canonical if something follows it (`v1.0.0+meta`). */
  function tagVersion(tag: string): { version: string; canonical: boolean } | undefined {
    if (!tag.startsWith(tagPrefix) || isPseudoVersion(tag)) return undefined;
    const name = tag.slice(tagPrefix.length);
    const version = semver.canonical(name);
    if (version === '' || !name.startsWith(version)) return undefined;
    return { version, canonical: version === name };
  }

  return {
    path,
    versions,
    findRoot,
    goMod,
    stat: async (revision) => toVersion(await repo.stat(revisionOf(revision)), revision),
    latest: async () => toVersion(await repo.latest(), ''),
  };
}

function isMajorZeroOrOne(version: string): boolean {
  return ['v0', 'v1'].includes(semver.major(version));
}

function once<T>(work: () => Promise<T>): () => Promise<T> {
  let result: Promise<T> | undefined;
  return () => (result ??= work());
}
