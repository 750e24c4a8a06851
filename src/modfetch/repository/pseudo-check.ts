/**
 * Whether a pseudo-version is right about its commit.
 *
 * Without this check anyone could name a commit by an arbitrarily high version and so pin a dependency, and one
 * commit would have endlessly many names (`coderepo.go`, validatePseudoVersion). The base must be a tag on an
 * ancestor; any such tag will do, because which tags existed when the version was first written down is not known.
 */
import { ModhavenError } from '../../errors.js';
import { isWritableTime } from '../../module/info.js';
import { pseudoVersionBase, pseudoVersionRev, pseudoVersionTime } from '../../module/pseudo-version.js';
import * as semver from '../../module/semver.js';
import type { CodeRepo, Revision } from '../../vcs/types.js';

export interface PseudoCheck {
  version: string;
  revision: Revision;
  repo: CodeRepo;
  /** What stands before versions in tags of the module (`sub/`, or ''). */
  tagPrefix: string;
  /** The major version the module path demands, '' for v0 and v1. */
  pseudoMajor: string;
}

/** Throws VERSION_NOT_FOUND with the go command's reason if the pseudo-version is not a true one. */
export async function checkPseudoVersion(check: PseudoCheck): Promise<void> {
  const { version, revision, repo, tagPrefix, pseudoMajor } = check;
  const refuse = (why: string): never => {
    throw new ModhavenError('VERSION_NOT_FOUND', `invalid pseudo-version: ${why}`);
  };
  const rev = pseudoVersionRev(version);
  if (rev !== revision.short) {
    if (rev.startsWith(revision.short)) {
      refuse(`revision is longer than canonical (expected ${revision.short})`);
    }
    if (revision.short.startsWith(rev)) {
      refuse(`revision is shorter than canonical (expected ${revision.short})`);
    }
    refuse(`does not match short name of revision (expected ${revision.short})`);
  }
  if (pseudoVersionTime(version).getTime() !== revision.time.getTime()) {
    const expected = isWritableTime(revision.time)
      ? revision.time.toISOString().replace(/\D/g, '').slice(0, 14)
      : 'a year after 9999';
    refuse(`does not match version-control timestamp (expected ${expected})`);
  }

  const base = pseudoVersionBase(version.replace(/\+incompatible$/, ''));
  if (base === '') {
    if (pseudoMajor === '' && semver.major(version) === 'v1') {
      refuse('major version without preceding tag must be v0, not v1');
    }
    return;
  }
  for (const tag of revision.tags) {
    if (withoutPrefix(tag, tagPrefix) === base) {
      refuse(
        `tag (${tag}) found on revision ${rev} is already canonical, so should not be replaced with a pseudo-version derived from that tag`,
      );
    }
  }
  const candidates = repo
    .tags(tagPrefix + base)
    .list.filter((tag) => semver.compare(withoutPrefix(tag.name, tagPrefix), base) === 0);
  if (candidates.length === 0) refuse(`preceding tag (${base}) not found`);
  for (const tag of candidates) {
    if (await repo.descendsFrom(revision.hash, tag)) return;
  }
  refuse(`revision ${rev} is not a descendent of preceding tag (${candidates.at(-1)?.name ?? base})`);
}

function withoutPrefix(tag: string, prefix: string): string {
  return tag.startsWith(prefix) ? tag.slice(prefix.length) : tag;
}
