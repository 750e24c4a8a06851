/**
 * The repositories that everything is measured with. Each has the versions v1.0.0 and v1.1.0 at least; v1.1.0 changes
 * few files, as a next version does.
 */
import {
  commitCommand,
  commitSeries,
  type CommitCommand,
  type FileChange,
} from '../../test/support/git/fast-import.js';
import type { GitRepo } from '../../test/support/git/git-repo.js';
import { goSource, incompressible } from './content.js';

/** The vanity host of every module here. */
export const HOST = 'bench.example';

export interface CorpusRepo {
  /** `small042`: the repository `small042.git`. */
  name: string;
  /** Fills an empty repository. */
  build: (repo: GitRepo, name: string) => Promise<void>;
}

/**
 * The module of a repository. Its path ends in `.git`, so that the go command itself knows where the repository is
 * and needs no page that says so.
 */
export function moduleOf(name: string): string {
  return `${HOST}/${name}.git`;
}

export const SMALL_COUNT = 100;
export const SMALLS = Array.from({ length: SMALL_COUNT }, (_, i) => smallName(i));

/** Sizes at which growth is measured. */
export const TAG_COUNTS = [10, 100, 1_000, 10_000, 100_000] as const;
export const VERSION_COUNTS = [10, 100, 1_000, 10_000] as const;

const MIB = 1024 * 1024;

export const REPOS: readonly CorpusRepo[] = [
  ...SMALLS.map((name, i) => ({ name, build: small(i) })),
  { name: 'medium', build: sources({ files: 1_500, bytes: 4_096 }) },
  { name: 'history', build: sources({ files: 2_000, bytes: 4_096, commits: 5_000 }) },
  { name: 'files10000', build: sources({ files: 10_000, bytes: 1_024 }) },
  { name: 'zip5m', build: binaries({ files: 5, bytes: MIB }) },
  { name: 'zip200m', build: binaries({ files: 40, bytes: 5 * MIB }) },
  { name: 'refused2g', build: zeros({ files: 160, bytes: 13 * MIB }) },
  ...TAG_COUNTS.map((count) => ({ name: `tags-${count}`, build: tags(count) })),
  ...VERSION_COUNTS.map((count) => ({ name: `versions-${count}`, build: versions(count) })),
];

type Build = CorpusRepo['build'];

function smallName(i: number): string {
  return `small${String(i).padStart(3, '0')}`;
}

/** A module with a zip of 20 KB that needs two others, as nodes of a binary tree do. */
function small(i: number): Build {
  const needs = [2 * i + 1, 2 * i + 2].filter((child) => child < SMALL_COUNT).map(smallName);
  const requirements = needs.map((name) => `require ${moduleOf(name)} v1.0.0\n`).join('');
  return async (repo, name) => {
    const files = Object.fromEntries(
      Array.from({ length: 10 }, (_, n) => [`file${n}.go`, goSource('small', `${name}/${n}`, 10_000)]),
    );
    repo.write({ 'go.mod': `module ${moduleOf(name)}\n\ngo 1.21\n\n${requirements}`, ...files });
    await repo.commit('first');
    await repo.tag('v1.0.0');
    await nextVersion(repo, { 'file0.go': goSource('small', `${name}/next`, 10_000) });
  };
}

/** Source files, fifty in a directory; with a number of commits that change one file each before v1.0.0. */
function sources({ files, bytes, commits = 0 }: { files: number; bytes: number; commits?: number }): Build {
  const pathOf = (i: number) => `pkg${Math.floor(i / 50)}/file${i % 50}.go`;
  const content = (i: number, name: string, edit: number) =>
    goSource(`pkg${Math.floor(i / 50)}`, `${name}/${i}/${edit}`, bytes);
  return async (repo, name) => {
    repo.write({ 'go.mod': goMod(name) });
    for (let i = 0; i < files; i++) repo.write({ [pathOf(i)]: content(i, name, 0) });
    const first = await repo.commit('first');
    if (commits > 0) {
      const series = commitSeries(commits, [first], (n, parents) => {
        const i = (n * 7) % files;
        const data = Buffer.from(content(i, name, n + 1));
        return commit(n + 1, parents, [{ kind: 'inline', path: pathOf(i), mode: '100644', data }]);
      });
      await repo.fastImport(series);
    }
    await repo.tag('v1.0.0');
    const changed = [0, 1, 2, 3, 4].map((i) => i * 51);
    await nextVersion(repo, Object.fromEntries(changed.map((i) => [pathOf(i), content(i, name, -1)])));
  };
}

/** Commit number `n` of the default branch, a minute after the one before. */
function commit(n: number, parents: CommitCommand['parents'], changes: readonly FileChange[]): CommitCommand {
  const person = `Gopher <gopher@example.com> ${1_704_067_200 + 60 * n} +0000`;
  return {
    ref: 'refs/heads/main',
    author: person,
    committer: person,
    message: `commit ${n}`,
    parents,
    changes,
  };
}

/** Files that do not compress, a few in each commit. */
function binaries({ files, bytes }: { files: number; bytes: number }): Build {
  return async (repo, name) => {
    repo.write({ 'go.mod': goMod(name), 'doc.go': goSource('data', name, 1_000) });
    for (let i = 0; i < files; i += 5) {
      for (let n = i; n < i + 5; n++) {
        repo.write({ [`data/${n}.bin`]: incompressible(`${name}/${n}`, bytes) });
      }
      await repo.commit(`files from ${i}`);
    }
    await repo.tag('v1.0.0');
    await nextVersion(repo, { 'data/0.bin': incompressible(`${name}/next`, bytes) });
  };
}

/** More content than a module zip may have, in a repository of some kilobytes: one file under many names. */
function zeros({ files, bytes }: { files: number; bytes: number }): Build {
  return async (repo, name) => {
    const first = await repo
      .write({ 'go.mod': goMod(name), '0.bin': Buffer.alloc(bytes) })
      .commit('one file');
    const hash = await repo.rev(`${first}:0.bin`);
    const names = Array.from({ length: files - 1 }, (_, i) => `${i + 1}.bin`);
    const changes = names.map((path) => ({ kind: 'object', path, mode: '100644', hash }) as const);
    await repo.fastImport(commitCommand(commit(1, [first], changes)));
    await repo.tag('v1.0.0');
    await nextVersion(repo, { 'doc.go': goSource('data', name, 1_000) });
  };
}

/** Tags on one commit. */
function tags(count: number): Build {
  return async (repo, name) => {
    await repo.write({ 'go.mod': goMod(name) }).commit('only');
    await repo.manyTags(versionNames(count));
  };
}

/** As many commits as versions. */
function versions(count: number): Build {
  return async (repo, name) => {
    await repo.write({ 'go.mod': goMod(name) }).commit('first');
    await repo.manyCommits(count - 1);
    const commits = (await repo.git('rev-list', '--reverse', 'refs/heads/main')).trim().split('\n');
    const resets = versionNames(count).map(
      (tag, i) => `reset refs/tags/${tag}\nfrom ${commits[i] ?? ''}\n\n`,
    );
    await repo.fastImport(resets.join(''));
  };
}

/** v1.0.0, v1.1.0, v1.2.0 and so on. */
function versionNames(count: number): string[] {
  return Array.from({ length: count }, (_, i) => `v1.${i}.0`);
}

async function nextVersion(repo: GitRepo, files: Record<string, string | Uint8Array>): Promise<void> {
  await repo.at('2024-06-01T00:00:00Z').write(files).commit('next');
  await repo.tag('v1.1.0');
}

function goMod(name: string): string {
  return `module ${moduleOf(name)}\n\ngo 1.21\n`;
}
