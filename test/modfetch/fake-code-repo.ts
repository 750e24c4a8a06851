/** A repository in memory: one line of commits with files, and tags on them. */
import { ModhavenError } from '../../src/errors.js';
import type { CommitHash } from '../../src/module/commit-hash.js';
import * as semver from '../../src/module/semver.js';
import { tagsOf, tagsOrigin } from '../../src/vcs/objects/refs.js';
import type { CodeRepo, Revision } from '../../src/vcs/types.js';
import { refsOf } from '../support/git/git-names.js';

export interface FakeCommit {
  tags?: string[];
  files?: Record<string, string>;
}

export const FAKE_URL = 'https://git.corp.test/x.git';

/** The hash of the commit at `index`. */
export function fakeHash(index: number): CommitHash {
  return (index + 1).toString(16).padStart(2, '0').repeat(20) as CommitHash;
}

/** The time of the commit at `index`: noon of the days of March 2024. */
export function fakeTime(index: number): Date {
  return new Date(Date.UTC(2024, 2, 1 + index, 12));
}

/** The name of the commit at `index` in a pseudo-version. */
export function fakeStamp(index: number): string {
  const day = String(1 + index).padStart(2, '0');
  return `202403${day}120000-${fakeHash(index).slice(0, 12)}`;
}

/** Oldest commit first; the last one is the head of `main`. */
export function fakeCodeRepo(commits: readonly FakeCommit[]): CodeRepo {
  const refs = refsOf(
    commits.flatMap(({ tags = [] }, index) =>
      tags.map((tag) => [`refs/tags/${tag}`, fakeHash(index)] as const),
    ),
  );
  const indexOf = (commit: string) => commits.findIndex((_, index) => fakeHash(index) === commit);
  const revisionAt = (index: number, name: string): Revision => ({
    hash: fakeHash(index),
    short: fakeHash(index).slice(0, 12),
    time: fakeTime(index),
    name,
    tags: [...(commits[index]?.tags ?? [])].sort(),
    origin: { VCS: 'git', URL: FAKE_URL, Hash: fakeHash(index) },
  });
  const unused = (): never => {
    throw new Error('this needs no files of a zip');
  };
  return {
    url: FAKE_URL,
    spelling: { first: FAKE_URL, number: 0 },
    defaultBranch: 'main',
    asOf: 0,
    ensureCommit: unused,
    listFiles: unused,
    readLocalFiles: unused,
    archive: unused,
    readBlobs: unused,
    tags(prefix) {
      const list = tagsOf(refs, prefix);
      return { list, origin: tagsOrigin(FAKE_URL, prefix, list) };
    },
    stat(revision) {
      const tagged = commits.findIndex(({ tags = [] }) => tags.includes(revision));
      if (tagged >= 0) return Promise.resolve(revisionAt(tagged, revision));
      const head = revision === 'main' ? commits.length - 1 : -1;
      const index =
        head >= 0
          ? head
          : commits.findIndex((_, each) => fakeHash(each).startsWith(revision) && revision.length >= 7);
      if (index >= 0) return Promise.resolve(revisionAt(index, fakeHash(index)));
      return Promise.reject(new ModhavenError('VERSION_NOT_FOUND', `unknown revision ${revision}`));
    },
    latest: () => Promise.resolve(revisionAt(commits.length - 1, fakeHash(commits.length - 1))),
    readFile(commit, path) {
      const text = commits[indexOf(commit)]?.files?.[path];
      return Promise.resolve(text === undefined ? undefined : Buffer.from(text));
    },
    async recentTag(commit, prefix, allowed) {
      let best: string | undefined;
      for (const { name, hash } of tagsOf(refs, prefix)) {
        if (indexOf(hash) > indexOf(commit)) continue;
        const version = name.slice(prefix.length);
        const isHigher = best === undefined || semver.compare(version, best.slice(prefix.length)) > 0;
        if (semver.isValid(version) && isHigher && (await allowed(name))) best = name;
      }
      return best;
    },
    descendsFrom: (commit, { hash }) =>
      Promise.resolve(indexOf(hash) >= 0 && indexOf(hash) <= indexOf(commit)),
  };
}
