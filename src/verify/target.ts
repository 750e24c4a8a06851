/**
 * The repositories that a map names, asked as the server would ask them: by its own source, and nothing is kept.
 *
 * One `Target` sees one moment. A repository is asked for its refs once, however many versions are looked for in it, and
 * one that failed is not asked again.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monotonicNow } from '../concurrency/monotonic-clock.js';
import { isModhavenError, isNotExist } from '../errors.js';
import { goModHash } from '../module/files/dirhash.js';
import type { CanonicalVersion } from '../module/version.js';
import type { ModulePath } from '../module/module-path.js';
import { createDiskStore } from '../store/disk/disk-store.js';
import { CachedModules } from '../modfetch/cached.js';
import { GitSource } from '../modfetch/git-source.js';
import { hashZip } from '../modfetch/hash-zip.js';
import type { ModuleSource, SourceZip } from '../modfetch/repo.js';
import { createRepoRoots, type RepoRoots } from '../modfetch/repo-root.js';
import { versionsOfTag } from '../modfetch/repository/tag-modules.js';
import { decodeInfo } from '../module/info.js';
import type { VersionStore } from '../store/version-store.js';
import type { RepoRoot } from '../vanity/rule.js';
import { repoKey } from '../module/repo-url.js';
import type { CodeHost, CodeRepo } from '../vcs/types.js';
import { readStoredZip } from '../store/read-stored-zip.js';

/** What a version is in a repository. */
export interface Fingerprint {
  /** Address of the repository that has it. */
  repository: string;
  commit: string;
  /** `h1:` hash of go.mod. */
  mod: string;
  /** `h1:` hash of the zip; undefined where the go command refuses to make one. */
  zip: string | undefined;
  /** Why there is no zip. */
  zipProblem: string | undefined;
}

export interface Target {
  /** Addresses, with their directories, where `module` may live; empty if no rule covers it. */
  addresses(module: ModulePath): string[];
  /** With `pinned`, an `.info`: the version is the commit that it names, wherever its tag is. Throws what stands in the way. */
  fingerprint(module: ModulePath, version: CanonicalVersion, pinned?: Buffer): Promise<Fingerprint>;
  /** SHA-256 of the files in the zip, by their path in the module. */
  files(module: ModulePath, version: CanonicalVersion): Promise<Map<string, string>>;
  /** Versions by tag; empty where there is no such module. */
  versions(module: ModulePath): Promise<CanonicalVersion[]>;
  /** The modules that the tags of the repository of `path` may be about; empty where there is none. */
  modules(path: string): Promise<ModulePath[]>;
}

export interface TargetOptions {
  candidates: (path: string) => RepoRoot[];
  host: CodeHost;
}

export function createTarget(options: TargetOptions): Target {
  return new RepositoryTarget(options);
}

class RepositoryTarget implements Target {
  private readonly candidates: TargetOptions['candidates'];
  private readonly host: CodeHost;
  private readonly roots: RepoRoots;
  private readonly source: ModuleSource;

  constructor({ candidates, host }: TargetOptions) {
    this.candidates = candidates;
    this.host = frozen(host);
    this.roots = createRepoRoots({ candidates, host: this.host, refreshMs: () => 1 });
    this.source = new GitSource({ roots: this.roots, host: this.host, refreshMs: () => 1 });
  }

  addresses(module: ModulePath): string[] {
    return addressesOf(this.candidates(module));
  }

  async fingerprint(module: ModulePath, version: CanonicalVersion, pinned?: Buffer): Promise<Fingerprint> {
    const { source } = this;
    const info = decodeInfo(pinned ?? (await source.info(module, version)).info);
    const { mod } = await source.mod(module, version, info);
    const zip = await zipHash(source.zip(module, version, info));
    return {
      repository: info.Origin?.URL ?? '',
      commit: info.Origin?.Hash ?? '',
      mod: goModHash(mod),
      ...zip,
    };
  }

  async files(module: ModulePath, version: CanonicalVersion): Promise<Map<string, string>> {
    const dir = await mkdtemp(join(tmpdir(), 'modhaven-verify-'));
    try {
      const store = createDiskStore(dir);
      const modules = new CachedModules(this.source, store, { log: { warn: () => undefined } });
      await (await modules.zip(module, version)).stored();
      return await storedFiles(store, module, version);
    } finally {
      await rm(dir, { recursive: true, force: true });
    }
  }

  versions(module: ModulePath): Promise<CanonicalVersion[]> {
    return noneIfAbsent(async () => (await this.source.list(module)).versions);
  }

  modules(path: string): Promise<ModulePath[]> {
    return noneIfAbsent(async () => {
      const found = await this.roots.find(path);
      const [first] = found.repos;
      if (first === undefined) return [];
      const tags = (await this.host.open(first, 1)).tags('').list;
      const paths = tags.flatMap(({ name }) => versionsOfTag(found, name).map((version) => version.path));
      // A longer rule may have taken a part of the repository for itself.
      return [...new Set(paths)].filter((module) =>
        this.candidates(module).some(({ root, rule }) => root === found.root && rule === found.rule),
      );
    });
  }
}

/** What `list` lists; nothing where its host says that what it asks for does not exist. */
async function noneIfAbsent<T>(list: () => Promise<T[]>): Promise<T[]> {
  try {
    return await list();
  } catch (error) {
    if (isNotExist(error)) return [];
    throw error;
  }
}

/** The hash of a zip, or why the go command refuses to make one. */
async function zipHash(zip: Promise<SourceZip>): Promise<Pick<Fingerprint, 'zip' | 'zipProblem'>> {
  try {
    return { zip: await hashZip(await zip), zipProblem: undefined };
  } catch (error) {
    if (!isModhavenError(error, 'MODULE_INVALID')) throw error;
    return { zip: undefined, zipProblem: error.message };
  }
}

/** SHA-256 of the files in a stored zip, by their path in the module. */
export async function storedFiles(
  store: VersionStore,
  module: ModulePath,
  version: CanonicalVersion,
): Promise<Map<string, string>> {
  const { files } = await readStoredZip(store, { module, version });
  return new Map(files.map(({ name, sha256 }) => [name.slice(`${module}@${version}/`.length), sha256]));
}

/** `URL`, or `URL DIRECTORY` where the module's root is a directory, of every place. */
export function addressesOf(roots: RepoRoot[]): string[] {
  return roots.flatMap(({ repos, subdir }) =>
    repos.map(({ url }) => (subdir === '' ? url : `${url} ${subdir}`)),
  );
}

/** `host` at one moment: each repository as it was when it was first asked for, also if that was a failure. */
function frozen(host: CodeHost): CodeHost {
  const since = monotonicNow();
  const failures = new Map<string, Error>();
  return {
    refresh: (remote) => host.refresh(remote),
    problems: () => host.problems(),
    async open(remote, maxAgeMs) {
      const failure = failures.get(repoKey(remote));
      if (failure !== undefined) throw failure;
      try {
        // 0 comes from a caller whose refs led nowhere: they have changed under way.
        // Every version that is looked for is read whole in the end.
        const repo = await host.open(remote, maxAgeMs === 0 ? 0 : monotonicNow() - since + 1, 'files');
        return neverOutdated(repo);
      } catch (error) {
        if (error instanceof Error) failures.set(repoKey(remote), error);
        throw error;
      }
    },
  };
}

/** `repo` with refs that count as new whenever they are looked at, so that a host is not asked for newer ones. */
function neverOutdated(repo: CodeRepo): CodeRepo {
  return {
    url: repo.url,
    spelling: repo.spelling,
    defaultBranch: repo.defaultBranch,
    asOf: Infinity,
    ensureCommit: (commit) => repo.ensureCommit(commit),
    tags: (prefix) => repo.tags(prefix),
    stat: (revision) => repo.stat(revision),
    latest: () => repo.latest(),
    readFile: (commit, path) => repo.readFile(commit, path),
    recentTag: (commit, prefix, allowed) => repo.recentTag(commit, prefix, allowed),
    descendsFrom: (commit, tag) => repo.descendsFrom(commit, tag),
    listFiles: (commit, directory) => repo.listFiles(commit, directory),
    readLocalFiles: (commit, directory) => repo.readLocalFiles(commit, directory),
    archive: (commit, path, unchanged) => repo.archive(commit, path, unchanged),
    readBlobs: (commit, ids, maxBytes) => repo.readBlobs(commit, ids, maxBytes),
  };
}
