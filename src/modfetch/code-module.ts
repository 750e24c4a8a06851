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
import { inSlices, sortInSlices, Slices } from '../concurrency/slices.js';
import { isNotExist } from '../errors.js';
import type { CommitHash } from '../module/commit-hash.js';
import type { CanonicalVersion } from '../module/version.js';
import { readGoMod, synthesizeGoMod, type VersionInterval } from '../module/go-mod.js';
import { newestRelease } from '../module/latest.js';
import { matchPathMajor, type ModulePath } from '../module/module-path.js';
import { isPseudoVersion, pseudoVersionRev } from '../module/pseudo-version.js';
import * as semver from '../module/semver.js';
import type { Origin } from '../module/origin.js';
import type { CodeRepo, Revision } from '../vcs/types.js';
import { findModuleRoot, placeModule, type ModulePlace, type ModuleRoot } from './repository/module-root.js';
import { versionOfRevision, withSubdir, type VersionInfo } from './version-of-revision.js';

export type { VersionInfo } from './version-of-revision.js';

export interface CodeModule {
  readonly path: ModulePath;
  /**
   * Versions by tag in semantic order, `+incompatible` ones last; and what the list depends on. With a prefix
   * (`v1.`), what the list would be if there were no other tags.
   */
  versions(prefix?: string): Promise<{ list: CanonicalVersion[]; origin: Origin }>;
  /** What `revision` (version, tag, branch, hash, pseudo-version) is as a version of this module. */
  stat(revision: string): Promise<VersionInfo>;
  /** The head of the default branch as a version. */
  latest(): Promise<VersionInfo>;
  /** go.mod of a version whose commit is known; a made-up one where there is none. */
  goMod(version: string, commit: CommitHash): Promise<Buffer>;
  /** Where the version lies. Throws VERSION_NOT_FOUND with the go command's reason where it lies nowhere. */
  findRoot(version: string, commit: CommitHash): Promise<ModuleRoot>;
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
export function codeModule(options: CodeModuleOptions): CodeModule {
  return new ModuleInRepo(options);
}

class ModuleInRepo implements CodeModule {
  readonly path: ModulePath;
  private readonly repo: CodeRepo;
  private readonly place: ModulePlace;
  /** What stands before versions in tags of the module: `sub/`, or ''. */
  private readonly tagPrefix: string;
  /** What `versions` has found without a prefix: several steps of one query ask for it, and there may be many tags. */
  private all: ReturnType<CodeModule['versions']> | undefined;

  constructor({ path, root, subdir, repo }: CodeModuleOptions) {
    this.path = path;
    this.repo = repo;
    this.place = placeModule(path, root, subdir);
    this.tagPrefix = this.place.codeDir === '' ? '' : `${this.place.codeDir}/`;
  }

  versions(prefix = ''): ReturnType<CodeModule['versions']> {
    return prefix === '' ? (this.all ??= this.findVersions('')) : this.findVersions(prefix);
  }

  private async findVersions(prefix: string): ReturnType<CodeModule['versions']> {
    const { repo, path, tagPrefix, place } = this;
    const { codeDir, pathMajor } = place;
    // gopkg.in/x.v2-unstable takes no tags: those belong to gopkg.in/x.v2.
    if (path.startsWith('gopkg.in/') && path.endsWith('-unstable')) {
      return { list: [], origin: { VCS: 'git', URL: repo.url } };
    }
    const tags = repo.tags(tagPrefix + prefix);
    const compatible: ReleaseTag[] = [];
    const incompatible: ReleaseTag[] = [];
    const slices = new Slices(TAGS_AT_ONCE);
    for (const { name } of tags.list) {
      if (slices.isOver()) await slices.next();
      const release = releaseTag(name.slice(tagPrefix.length));
      if (release === undefined) continue;
      // Of many tags the general rule takes longer than all else.
      if (pathMajor === '' ? isMajorZeroOrOne(release) : matchPathMajor(release.text, pathMajor)) {
        compatible.push(release);
      } else if (codeDir === '' && pathMajor === '') {
        incompatible.push(release);
      }
    }
    const list = await sortedVersions(compatible);
    if (pathMajor === '') {
      list.push(...(await this.incompatibleVersions(list.at(-1), await sortedVersions(incompatible))));
    }
    return {
      list,
      // Computed only where it is asked for: of many tags it takes longer than the list itself.
      get origin() {
        return withSubdir(tags.origin, codeDir);
      },
    };
  }

  async stat(revision: string): Promise<VersionInfo> {
    return this.toVersion(await this.repo.stat(this.revisionOf(revision)), revision);
  }

  async latest(): Promise<VersionInfo> {
    return this.toVersion(await this.repo.latest(), '');
  }

  findRoot(version: string, commit: CommitHash): Promise<ModuleRoot> {
    return findModuleRoot({
      place: this.place,
      version,
      revision: this.revisionOf(version),
      read: (file) => this.repo.readFile(commit, file),
    });
  }

  async goMod(version: string, commit: CommitHash): Promise<Buffer> {
    const { goMod } = await this.findRoot(version, commit);
    return goMod ?? synthesizeGoMod(this.path);
  }

  /** Left out: all if the newest compatible version has a go.mod, a whole major if its newest version has one. */
  private async incompatibleVersions(
    newest: string | undefined,
    candidates: CanonicalVersion[],
  ): Promise<CanonicalVersion[]> {
    if (candidates.length === 0 || (newest !== undefined && (await this.hasGoMod(newest)))) return [];
    const newestOfMajor = new Map(candidates.map((version) => [semver.major(version), version]));
    const legacy = new Set<string>();
    for (const [major, version] of newestOfMajor) if (!(await this.hasGoMod(version))) legacy.add(major);
    return candidates
      .filter((version) => legacy.has(semver.major(version)))
      .map((version): CanonicalVersion => `${version}+incompatible`);
  }

  private async hasGoMod(tag: string): Promise<boolean> {
    const { hash } = await this.repo.stat(tag);
    return (await this.repo.readFile(hash, 'go.mod')) !== undefined;
  }

  /** The versions that the newest release asks not to use. Unreadable means none, as for the go command. */
  private async retractions(): Promise<VersionInterval[]> {
    try {
      const { list } = await this.versions();
      const newest = newestRelease(list.filter((version) => !version.endsWith('+incompatible')));
      if (newest === undefined) return [];
      const { hash } = await this.repo.stat(this.revisionOf(newest));
      return (await inSlices(readGoMod(await this.goMod(newest, hash)))).retract;
    } catch (error) {
      if (isNotExist(error)) return [];
      throw error;
    }
  }

  /** What `version` is called in the repository. */
  private revisionOf(version: string): string {
    if (!semver.isValid(version)) return version;
    if (isPseudoVersion(version)) return pseudoVersionRev(version);
    return this.tagPrefix + version.replace(/\+incompatible$/, '');
  }

  /** The version of `revision` that was found for `asked` ('' where nothing in particular was asked for). */
  private toVersion(revision: Revision, asked: string): Promise<VersionInfo> {
    return versionOfRevision({
      revision,
      asked,
      repo: this.repo,
      place: this.place,
      tagPrefix: this.tagPrefix,
      findRoot: (version) => this.findRoot(version, revision.hash),
      retractions: () => this.retractions(),
    });
  }
}

/** Tags that are read in one turn: there may be a hundred thousand. */
const TAGS_AT_ONCE = 5_000;

/** The version in a tag of the module. */
type ReleaseTag = semver.SemverParts<CanonicalVersion>;

/** `name`, which is what follows the prefix in a tag, if it is a version as it stands; `+incompatible` is never in a tag. */
function releaseTag(name: string): ReleaseTag | undefined {
  const parts = semver.parseCanonical(name);
  return parts !== undefined && isRelease(parts) ? parts : undefined;
}

/** Of a canonical version: whether a tag may have this name. */
function isRelease(parts: semver.SemverParts): parts is ReleaseTag {
  return parts.prerelease === '' || !isPseudoVersion(parts.text);
}

async function sortedVersions(releases: ReleaseTag[]): Promise<CanonicalVersion[]> {
  return (await sortInSlices(releases, semver.compareParts)).map(({ text }) => text);
}

function isMajorZeroOrOne({ major }: ReleaseTag): boolean {
  return major === '0' || major === '1';
}
