/**
 * What the GOPROXY protocol asks for, answered from the store where it can be and from the repository where not.
 *
 * The life of a version: the first time anybody asks for it, in whatever form, its `.info` is stored, and with it the
 * commit. From then on `.mod` and `.zip` are made of that commit and of no other, so that all three always describe
 * the same copy, whatever happens to the tag, the repository or the map; and what is stored never touches git again.
 */
import type { Readable } from 'node:stream';
import type { Logger } from 'pino';
import { ModhavenError, isModhavenError, isNotExist, type ErrorCode } from '../errors.js';
import type { ModulePath } from '../module/module-path.js';
import type { RepoUrl } from '../module/repo-url.js';
import * as semver from '../module/semver.js';
import { isCanonicalVersion } from '../module/version.js';
import { RefsChanged } from '../vcs/git-repo.js';
import type { CodeHost, CodeRepo, Need } from '../vcs/types.js';
import type { RepoRoot } from '../vanity/rule.js';
import { cachedLatest, cachedList, notCached } from './stored-versions.js';
import { createSingleflight } from '../concurrency/singleflight.js';
import { codeModule, type CodeModule } from './code-module.js';
import { writeModuleZip } from './module-zip.js';
import { decodeInfo, encodeInfo, type Info } from '../module/info.js';
import { choosesVersion, chooseVersion, type Chosen } from './query.js';
import { putBytes, type Part, type PartKind, type VersionStore } from '../store/version-store.js';

export interface ModuleSource {
  /** Canonical versions, oldest first. Throws MODULE_NOT_FOUND where no module is. */
  list(module: ModulePath, ask: FetchOptions): Promise<Fetched<string[]>>;
  /** The `.info` of the version that `query` (version, tag, branch, hash, `latest`, `v1`) means. */
  info(module: ModulePath, query: string, ask: FetchOptions): Promise<Fetched<Buffer>>;
  /** Makes sure that `kind` of a canonical version is in the store. */
  ensure(
    module: ModulePath,
    version: string,
    kind: 'mod' | 'zip',
    ask: FetchOptions,
  ): Promise<{ fromCache: boolean }>;
  /**
   * A zip that is not stored yet, while it comes in; undefined if it is stored by now, or for whoever waits for that.
   * Absent where zips are made here.
   */
  zipInTransit?(module: ModulePath, version: string, ask: FetchOptions): Promise<ZipStream | undefined>;
}

export interface ZipStream {
  /** Bytes, where they are known. */
  length: number | undefined;
  /** From the first byte on. Breaks off before the end if the zip turns out to be bad. */
  body: Readable;
}

/** How a question may be answered. */
export interface FetchOptions {
  /** From the store or not at all (`Disable-Module-Fetch: true`). */
  onlyCached: boolean;
}

export interface Fetched<T> {
  value: T;
  /** Whether git was left alone. */
  fromCache: boolean;
  /** Whether the answer can never change. */
  immutable: boolean;
  /** Of what may change: when it was known to be so, in milliseconds since 1970. Absent: now. */
  fetchedAt?: number;
  /** Whether it is older than `refresh` allows, because whoever knows better cannot be asked. */
  stale?: boolean;
}

/** What the refs of a moment say, in milliseconds since 1970. */
interface Dated<T> {
  value: T;
  asOf: number;
}

type Work<T> = (module: CodeModule, repo: CodeRepo) => Promise<T>;

export interface ModuleServiceOptions {
  roots: { find(path: string): Promise<Pick<RepoRoot, 'root' | 'repos' | 'subdir'>> };
  host: CodeHost;
  store: VersionStore;
  /** How old refs may be, in milliseconds (`refresh`). */
  refreshMs: () => number;
  log: Pick<Logger, 'info'>;
  /** Told of each repository in which something was found for a module. */
  onRepo?: (module: ModulePath, remote: RepoUrl, repo: CodeRepo) => void;
}

/** How often a question is put to a repository whose refs change under it. */
const MAX_ATTEMPTS = 3;

export function createModuleService(options: ModuleServiceOptions): ModuleSource {
  const { roots, host, store, refreshMs, log } = options;
  const flights = createSingleflight();

  /**
   * Runs `work` on the module in the first of its repositories that can answer. What is not found in any is a fact only
   * if all of them could be asked.
   */
  async function inModule<T>(
    path: ModulePath,
    subject: string,
    work: Work<T>,
    how: { refetch?: boolean; need?: Need } = {},
  ): Promise<T> {
    const { refetch = true, need = 'trees' } = how;
    const { repos, ...root } = await roots.find(path);
    const failures: unknown[] = [];
    for (const remote of repos) {
      try {
        const result = await inRepo(remote, path, root, work, { refetch, need });
        if (repos.length > 1)
          log.info({ module: path, repository: remote.url }, 'answered by one of several repositories');
        return result;
      } catch (error) {
        failures.push(error);
      }
    }
    throw describe(subject, mostTelling(failures));
  }

  /** The versions that any of the repositories of a module has; those that cannot be asked now are left out. */
  async function listVersions(path: ModulePath): Promise<Dated<string[]>> {
    const { repos, ...root } = await roots.find(path);
    const answers = await Promise.allSettled(
      repos.map((remote) =>
        inRepo(
          remote,
          path,
          root,
          async (module, { asOf }) => {
            const { list } = await module.versions();
            // No versions: then the head of the default branch says whether there is a module at all.
            if (list.length === 0) await module.latest();
            return { value: list, asOf };
          },
          { refetch: false, need: 'trees' },
        ),
      ),
    );
    const lists = answers.flatMap((answer) => (answer.status === 'fulfilled' ? [answer.value] : []));
    if (lists.length > 1) {
      const value = semver.sortVersions([...new Set(lists.flatMap((list) => list.value))]);
      return { value, asOf: Math.min(...lists.map(({ asOf }) => asOf)) };
    }
    const [list] = lists;
    if (list !== undefined) return list;
    const failures = answers.flatMap((answer) =>
      answer.status === 'rejected' ? [answer.reason as unknown] : [],
    );
    throw describe(path, mostTelling(failures));
  }

  /** With `refetch`, asks again with new refs if nothing was found and the refs were from before the question. */
  async function inRepo<T>(
    remote: RepoUrl,
    path: ModulePath,
    { root, subdir }: Pick<RepoRoot, 'root' | 'subdir'>,
    work: Work<T>,
    { refetch, need }: { refetch: boolean; need: Need },
  ): Promise<T> {
    const askedAt = Date.now();
    for (let maxAge = refreshMs(), attempt = 1; ; maxAge = 0, attempt += 1) {
      let asOf = askedAt;
      try {
        const repo = await host.open(remote, maxAge, need);
        asOf = repo.asOf;
        const result = await work(codeModule({ path, root, subdir, repo }), repo);
        options.onRepo?.(path, remote, repo); // now it is known to be a module: a path that anybody makes up is not
        return result;
      } catch (error) {
        const stale = error instanceof RefsChanged || (refetch && isNotExist(error) && asOf < askedAt);
        if (!stale || attempt >= MAX_ATTEMPTS) throw error;
      }
    }
  }

  /** The stored `.info` of a version, made if need be; then the commit is brought along with what is needed of it. */
  async function pin(path: ModulePath, version: string, need: Need = 'trees'): Promise<Info> {
    const part: Part = { module: path, version, kind: 'info' };
    const stored = await store.read(part);
    if (stored !== undefined) return decodeInfo(stored);
    const subject = `${path}@${version}`;
    return flights.run(`info ${subject}`, async () => {
      const found = await inModule(path, subject, (module) => module.stat(version), { need });
      if (found.version !== version)
        throw new ModhavenError(
          'VERSION_NOT_FOUND',
          `not found: ${subject}: this commit is ${found.version}`,
        );
      await putBytes(store, part, encodeInfo(found.version, found.time, found.origin));
      // Read back: another process may have been faster, and its answer is the one that counts.
      return decodeInfo((await store.read(part)) ?? encodeInfo(found.version, found.time, found.origin));
    });
  }

  /** Runs `work` on the very commit that a version was pinned to. */
  async function atCommit<T>(
    path: ModulePath,
    version: string,
    need: Need,
    work: (module: CodeModule, repo: CodeRepo, commit: string) => Promise<T>,
  ): Promise<T> {
    const subject = `${path}@${version}`;
    // An .info that came from an upstream, before a rule made the module ours, may name no commit.
    const commit =
      (await pin(path, version, need)).Origin?.Hash ??
      (await inModule(path, subject, (module) => module.stat(version))).commit;
    return inModule(
      path,
      subject,
      async (module, repo) => {
        await bring(repo, commit, version);
        return work(module, repo, commit);
      },
      { need },
    );
  }

  async function bring(repo: CodeRepo, commit: string, version: string): Promise<void> {
    try {
      await repo.ensureCommit(commit);
    } catch (error) {
      if (!isModhavenError(error, 'VERSION_NOT_FOUND')) throw error;
      throw new ModhavenError('VERSION_GONE', `${version} was commit ${commit.slice(0, 12)}, which is gone`, {
        reason: `no branch or tag of ${repo.url} leads to it any more: the tag was moved or the history rewritten`,
        remedy: 'restore the commit (push it under a branch or tag), or release a new version',
        cause: error,
      });
    }
  }

  async function resolveQuery(
    path: ModulePath,
    query: string,
  ): Promise<{ version: string; info: Buffer; asOf: number }> {
    const chooses = choosesVersion(query);
    const work: Work<Chosen & { asOf: number }> = async (module, { asOf }) => {
      const chosen = chooses ? await chooseVersion(module, query) : await module.stat(query);
      return { ...chosen, asOf };
    };
    // What chooses among versions may be as old as a list; a name that is not there may have been pushed just now.
    const found = await inModule(path, `${path}@${query}`, work, { refetch: !chooses });
    await pin(path, found.version);
    const info = encodeInfo(found.version, found.time, found.origin);
    return { version: found.version, info, asOf: found.asOf };
  }

  return {
    async list(path, { onlyCached }) {
      if (onlyCached) return { value: await cachedList(store, path), fromCache: true, immutable: false };
      const { value, asOf } = await flights.run(`list ${path}`, () => listVersions(path));
      return { value, fromCache: false, immutable: false, fetchedAt: asOf };
    },

    async info(path, query, { onlyCached }) {
      const canonical = isCanonicalVersion(query);
      if (canonical) {
        const stored = await store.read({ module: path, version: query, kind: 'info' });
        if (stored !== undefined) return { value: stored, fromCache: true, immutable: true };
      }
      if (onlyCached) {
        if (query !== 'latest') throw notCached(`${path}@${query}`);
        return { value: await cachedLatest(store, path), fromCache: true, immutable: false };
      }
      const found = await flights.run(`query ${path}@${query}`, () => resolveQuery(path, query));
      const { version, info, asOf } = found;
      if (version !== query) return { value: info, fromCache: false, immutable: false, fetchedAt: asOf };
      const value = (await store.read({ module: path, version, kind: 'info' })) ?? info;
      return { value, fromCache: false, immutable: true };
    },

    async ensure(path, version, kind, { onlyCached }) {
      const subject = `${path}@${version}`;
      if (!isCanonicalVersion(version))
        throw new ModhavenError('VERSION_NOT_FOUND', `not found: ${subject}: version is not canonical`, {
          remedy: `ask for @v/${version}.info first: it says which version this is`,
        });
      if (await isComplete(path, version, kind)) return { fromCache: true };
      if (onlyCached) throw notCached(`${subject} (.${kind})`);
      await flights.run(`${kind} ${subject}`, () =>
        kind === 'mod' ? makeMod(path, version) : makeZip(path, version),
      );
      return { fromCache: false };
    },
  };

  async function isComplete(module: ModulePath, version: string, kind: PartKind): Promise<boolean> {
    return (await store.size({ module, version, kind })) !== undefined;
  }

  async function makeMod(path: ModulePath, version: string): Promise<void> {
    await atCommit(path, version, 'trees', async (module, _repo, commit) => {
      await storeMod(module, version, commit);
    });
  }

  async function storeMod(module: CodeModule, version: string, commit: string): Promise<void> {
    const part: Part = { module: module.path, version, kind: 'mod' };
    await putBytes(store, part, await module.goMod(version, commit));
  }

  async function makeZip(path: ModulePath, version: string): Promise<void> {
    await atCommit(path, version, 'files', async (module, repo, commit) => {
      // With it, so that a version whose zip is there is complete, also as a GOPROXY=file:// tree.
      if (!(await isComplete(path, version, 'mod'))) await storeMod(module, version, commit);
      const { directory } = await module.findRoot(version, commit);
      let hash = '';
      const zip: Part = { module: path, version, kind: 'zip' };
      await store.put(zip, async (sink) => {
        hash = await writeModuleZip({ repo, commit, directory, name: `${path}@${version}` }, sink);
        // The hash first: whoever finds the zip can rely on it being there.
        await putBytes(store, { ...zip, kind: 'ziphash' }, Buffer.from(hash));
      });
    });
  }
}

/** An outage before a fact: what could not be asked everywhere is not known to be absent. */
function mostTelling(failures: unknown[]): unknown {
  return failures.find((failure) => !isNotExist(failure)) ?? failures[0];
}

const FACT_WORD: Partial<Record<ErrorCode, string>> = {
  MODULE_NOT_FOUND: 'not found: ',
  VERSION_NOT_FOUND: 'not found: ',
  REPO_NOT_FOUND: 'not found: ',
  VERSION_GONE: 'gone: ',
  MODULE_INVALID: 'invalid: ',
};

/** The error with what it was about in front: `go` shows only this text. */
function describe(subject: string, error: unknown): unknown {
  if (!isModhavenError(error) || error.message.includes(`${subject}:`)) return error;
  const { code, message, reason, remedy } = error;
  return new ModhavenError(code, `${FACT_WORD[code] ?? ''}${subject}: ${message}`, {
    reason,
    remedy,
    cause: error,
  });
}
