/**
 * Which version a commit is: the tag that was asked for, else the highest tag on it, else a pseudo-version made of the
 * newest tag before it (`cmd/go/internal/modfetch/coderepo.go`, convert). The words of refusals are those of `go`.
 */
import { ModhavenError, isNotExist } from '../errors.js';
import { isRetracted, type VersionInterval } from '../module/go-mod.js';
import { matchPathMajor, pathMajorPrefix } from '../module/module-path.js';
import type { Origin } from '../module/origin.js';
import { isPseudoVersion, pseudoVersion } from '../module/pseudo-version.js';
import type { CommitHash } from '../module/commit-hash.js';
import * as semver from '../module/semver.js';
import { isCanonicalVersion, type CanonicalVersion } from '../module/version.js';
import type { CodeRepo, Revision } from '../vcs/types.js';
import type { ModulePlace, ModuleRoot } from './repository/module-root.js';
import { checkPseudoVersion } from './repository/pseudo-check.js';

/** A version and where it comes from. */
export interface VersionInfo {
  version: CanonicalVersion;
  /** Time of the commit. */
  time: Date;
  commit: CommitHash;
  origin: Origin;
}

export interface RevisionQuestion {
  revision: Revision;
  /** The version, tag, branch or hash that was asked for; '' for nothing in particular. */
  asked: string;
  repo: CodeRepo;
  place: ModulePlace;
  /** What stands before versions in tags of the module: `sub/`, or ''. */
  tagPrefix: string;
  /** Throws where `version` of the module is not in the commit. */
  findRoot: (version: string) => Promise<ModuleRoot>;
  /** The versions that the module asks not to use. */
  retractions: () => Promise<VersionInterval[]>;
}

/** Throws VERSION_NOT_FOUND or MODULE_INVALID with the go command's reason. */
export function versionOfRevision(question: RevisionQuestion): Promise<VersionInfo> {
  return new RevisionVersion(question).find();
}

class RevisionVersion {
  private readonly question: RevisionQuestion;
  private readonly hasGoMod: () => Promise<boolean>;
  private readonly retractions: () => Promise<VersionInterval[]>;

  constructor(question: RevisionQuestion) {
    const { repo, revision } = question;
    this.question = question;
    this.hasGoMod = once(async () => (await repo.readFile(revision.hash, 'go.mod')) !== undefined);
    this.retractions = once(question.retractions);
  }

  async find(): Promise<VersionInfo> {
    const { revision, asked, repo, place, tagPrefix } = this.question;
    const pseudoMajor = pathMajorPrefix(place.pathMajor);
    if (isPseudoVersion(asked)) {
      const info = await this.accept(asked);
      await checkPseudoVersion({ version: asked, revision, repo, tagPrefix, pseudoMajor });
      return info;
    }
    const named = await this.acceptName();
    if (named !== undefined) return named;
    const { exact, highest, base } = await this.tagsOnCommit();
    if (exact !== '') return this.accept(exact);
    if (highest !== '') return this.accept(highest);
    const older = base === '' ? await this.newestBefore() : base;
    return this.accept(
      pseudoVersion({ major: pseudoMajor, older, time: revision.time, rev: revision.short }),
    );
  }

  /** The version of the tag that was asked for; undefined if there is no such tag, or if it is not on this commit. */
  private async acceptName(): Promise<VersionInfo | undefined> {
    const named = this.tagVersion(this.question.revision.name);
    if (named?.canonical !== true) return undefined;
    try {
      return await this.accept(named.version);
    } catch (error) {
      if (isNotExist(error)) return undefined;
      throw error;
    }
  }

  /**
   * What the tags on the commit stand for, '' for nothing: the version that was asked for, the highest version, and what
   * comes before a pseudo-version of the commit.
   */
  private async tagsOnCommit(): Promise<{ exact: string; highest: string; base: string }> {
    const { revision, asked } = this.question;
    let highest = '';
    let base = '';
    for (const tag of revision.tags) {
      const found = this.tagVersion(tag);
      if (found === undefined) continue;
      const { version, canonical } = found;
      if (asked !== '' && semver.compare(version, asked) === 0) {
        if (canonical) return { exact: version, highest, base };
        base = version; // v1.0.0+meta may not stand for v1.0.0, but is what came before this commit's pseudo-version
      }
      if (!canonical || semver.compare(highest, version) >= 0 || (await this.isRetracted(version))) continue;
      if (await this.mayStandFor(version)) highest = version;
    }
    return { exact: '', highest, base };
  }

  /** The version of the newest tag on the commit or before it, '' if there is none. */
  private async newestBefore(): Promise<string> {
    const { revision, repo, tagPrefix } = this.question;
    const tag = await repo.recentTag(revision.hash, tagPrefix, async (name) => {
      const version = this.tagVersion(name)?.version;
      if (version === undefined) return false;
      return (await this.mayStandFor(version)) && !(await this.isRetracted(version));
    });
    return tag === undefined ? '' : (this.tagVersion(tag)?.version ?? '');
  }

  private async mayStandFor(version: string): Promise<boolean> {
    const { pathMajor } = this.question.place;
    return matchPathMajor(version, pathMajor) || (await this.mayBeIncompatible(version));
  }

  private async mayBeIncompatible(version: string): Promise<boolean> {
    const { asked, repo, revision, place } = this.question;
    if (place.codeDir !== '' || place.pathMajor !== '' || (await this.hasGoMod())) return false;
    if (version === '' || asked.endsWith('+incompatible')) return true;
    return (await repo.readFile(revision.hash, `${semver.major(version)}/go.mod`)) === undefined;
  }

  private async isRetracted(version: string): Promise<boolean> {
    return isRetracted(await this.retractions(), version);
  }

  /** `candidate` as the version of the commit, with `+incompatible` where it needs that. */
  private async accept(candidate: string): Promise<VersionInfo> {
    const { revision, asked, findRoot } = this.question;
    await findRoot(candidate);
    const wanted = candidate === asked.replace(/\+incompatible$/, '') ? asked : candidate;
    const base = wanted.replace(/\+incompatible$/, '');
    const { version, refusal } = await this.judge(wanted, base);
    // A caller that asks for a canonical version gets this one or none.
    if (asked !== '' && isCanonicalVersion(asked)) {
      const askedBase = asked.replace(/\+incompatible$/, '');
      if (askedBase !== base) {
        throw new ModhavenError(
          'VERSION_NOT_FOUND',
          `resolves to version ${version} (${askedBase} is not a tag)`,
        );
      }
    }
    if (refusal !== undefined) throw new ModhavenError('MODULE_INVALID', refusal);
    if (!isCanonicalVersion(version)) {
      // A pseudo-version with build metadata, as v0.0.0-20240103230203-5ffdbd82a64e+meta.
      throw new ModhavenError('VERSION_NOT_FOUND', `version ${version} is not canonical`);
    }
    return {
      version,
      time: revision.time,
      commit: revision.hash,
      origin: this.originOf(version),
    };
  }

  /** How `version` is written for this module path, and why the two do not fit. */
  private async judge(version: string, base: string): Promise<{ version: string; refusal?: string }> {
    const { pathMajor, pathPrefix } = this.question.place;
    const major = semver.major(version);
    if (matchPathMajor(base, pathMajor)) {
      if (!version.endsWith('+incompatible')) return { version };
      const refusal = `+incompatible suffix not allowed: major version ${major} is compatible`;
      return { version, refusal };
    }
    if (await this.mayBeIncompatible(base)) return { version: `${base}+incompatible` };
    const refusal =
      pathMajor !== ''
        ? 'module path includes a major version suffix, so major version must match'
        : `module contains a go.mod file, so module path must match major version ("${pathPrefix}/${major}")`;
    return { version, refusal };
  }

  /** The Origin of an answer; a pseudo-version that was derived also depends on the tags it was derived from. */
  private originOf(version: string): Origin {
    const { revision, asked, repo, place, tagPrefix } = this.question;
    const { VCS, URL, Hash, Ref } = revision.origin;
    const origin: Origin = { VCS, URL };
    if (Hash !== undefined) origin.Hash = Hash;
    if (isPseudoVersion(version) && (version !== asked || !version.startsWith('v0.0.0-'))) {
      const { pathMajor } = place;
      const tags = repo.tags(pathMajor === '' ? tagPrefix : `${tagPrefix}${pathMajor.slice(1)}.`).origin;
      if (tags.TagPrefix !== undefined) origin.TagPrefix = tags.TagPrefix;
      if (tags.TagSum !== undefined) origin.TagSum = tags.TagSum;
    }
    if (Ref !== undefined) origin.Ref = Ref;
    return withSubdir(origin, place.codeDir);
  }

  /** The version in a tag of this module; not canonical if something follows it (`v1.0.0+meta`). */
  private tagVersion(tag: string): { version: string; canonical: boolean } | undefined {
    const { tagPrefix } = this.question;
    if (!tag.startsWith(tagPrefix) || isPseudoVersion(tag)) return undefined;
    const name = tag.slice(tagPrefix.length);
    const version = semver.canonical(name);
    if (version === '' || !name.startsWith(version)) return undefined;
    return { version, canonical: version === name };
  }
}

/** An Origin of a module in the directory `codeDir` of its repository. */
export function withSubdir({ VCS, URL, ...rest }: Origin, codeDir: string): Origin {
  return { VCS, URL, ...(codeDir === '' ? {} : { Subdir: codeDir }), ...rest };
}

function once<T>(work: () => Promise<T>): () => Promise<T> {
  let result: Promise<T> | undefined;
  return () => (result ??= work());
}
