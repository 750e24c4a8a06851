/**
 * Tags that no longer are where they were when their versions were served. They are never followed: what was served
 * stays. They are reported, once, because somebody else may get other bytes, and `go.sum` will say so.
 *
 * Looked at whenever a host is asked for refs anyway, for the modules that somebody asked for before. Only the repository
 * that a version came from can move its tag; where a rule has led elsewhere since, a tag that differs from the beginning
 * is a matter of content, which others look into, and only what happens to it from then on is a move.
 */
import { LRUCache } from 'lru-cache';
import type { Logger } from 'pino';
import { monotonicNow } from '../concurrency/monotonic-clock.js';
import { errorMessage } from '../errors.js';
import type { ModulePath } from '../module/module-path.js';
import { isPseudoVersion } from '../module/pseudo-version.js';
import type { RepoUrl } from '../module/repo-url.js';
import type { VersionStore } from '../store/version-store.js';
import type { CodeRepo } from '../vcs/types.js';
import { checkInfo } from './check-parts.js';

/** A tag that was moved or deleted. */
export interface MovedTag {
  module: string;
  version: string;
  repository: string;
  /** Without `refs/tags/`. */
  tag: string;
  /** The commit that is served. */
  served: string;
  /** The commit the tag is on now; undefined if it was deleted. */
  now: string | undefined;
  /** When it was first seen, ISO 8601. */
  seen: string;
}

export interface TagWatch {
  /** Somebody asked for `module`, which may be in `remote`. */
  sees(module: ModulePath, remote: RepoUrl, refs: () => TagRefs): void;
  /** The host of `remote` was asked for its refs. */
  refs(remote: RepoUrl, refs: TagRefs): void;
  report(): MovedTag[];
  /** Resolves when all that was seen is compared. */
  idle(): Promise<void>;
}

/** The tags of a repository at one moment. */
export interface TagRefs {
  /** Commits by `refs/tags/NAME`. */
  refs: ReadonlyMap<string, string>;
  /** When the host was asked, in milliseconds since 1970. */
  askedAt: number;
}

export interface TagWatchOptions {
  store: VersionStore;
  log: Pick<Logger, 'warn' | 'error'>;
  /** Told of modules whose tags differ in a repository that their versions did not come from. */
  onForeign: (module: ModulePath) => void;
  /** Asks the host of `remote` for its refs, which then come in by `refs`. */
  refresh: (remote: RepoUrl) => void;
}

interface Recorded {
  commit: string;
  /** `refs/tags/NAME`. */
  ref: string;
  url: string;
  /** When we read this, in milliseconds since 1970: refs from before may be older than the version. */
  readAt: number;
}

/** Versions whose commits are kept in memory. */
const MAX_VERSIONS = 200_000;
/** Repositories whose modules are known. */
const MAX_REMOTES = 10_000;

export function createTagWatch({ store, log, onForeign, refresh }: TagWatchOptions): TagWatch {
  const known = new LRUCache<string, { modules: Set<ModulePath>; latest: TagRefs }>({ max: MAX_REMOTES });
  const recorded = new LRUCache<ModulePath, Map<string, Recorded | undefined>>({
    maxSize: MAX_VERSIONS,
    sizeCalculation: (versions) => versions.size + 1,
  });
  const moved = new Map<string, MovedTag>();
  /** By version and repository, where the tag of a version from elsewhere was first seen. */
  const foreign = new LRUCache<string, string>({ max: MAX_VERSIONS });
  let queue: Promise<void> = Promise.resolve();
  /** What waits in the queue: each at most once, however often its refs are asked for. */
  const waiting = new Set<string>();

  function enqueue(module: ModulePath, remote: RepoUrl): void {
    const key = `${module} ${remote.gitUrl}`;
    if (waiting.has(key)) return;
    waiting.add(key);
    queue = queue
      .then(() => {
        waiting.delete(key);
        return compare(module, remote);
      })
      .catch((error: unknown) => {
        log.error({ module, error: errorMessage(error) }, 'tags could not be compared');
      });
  }

  async function compare(module: ModulePath, remote: RepoUrl): Promise<void> {
    const versions = await load(module);
    // The latest, not those that led here: a version may have been stored meanwhile, by newer ones.
    const latest = known.get(remote.gitUrl)?.latest;
    if (latest === undefined) return;
    let stale = false;
    for (const [version, origin] of versions) {
      if (origin === undefined) continue;
      const subject = `${module}@${version} ${remote.gitUrl}`;
      const now = latest.refs.get(origin.ref);
      const move = { module, version, remote, origin, now };
      if (now === origin.commit) {
        moved.delete(subject);
        if (origin.url !== remote.url) foreign.set(subject, origin.commit);
      } else if (origin.readAt >= latest.askedAt) stale = true;
      else if (origin.url === remote.url) tell(subject, move);
      else compareForeign(subject, move);
    }
    if (stale) refresh(remote);
  }

  function compareForeign(subject: string, move: Move): void {
    const first = foreign.get(subject);
    if (first === undefined || first === '') {
      foreign.set(subject, move.now ?? '');
      if (first === undefined || move.now !== undefined) onForeign(move.module);
    } else if (first === move.now) moved.delete(subject);
    else tell(subject, move);
  }

  function tell(subject: string, { module, version, remote, origin, now }: Move): void {
    const before = moved.get(subject);
    if (before !== undefined && before.now === now) return;
    const tag = origin.ref.slice('refs/tags/'.length);
    const facts = { module, version, repository: remote.url, tag, served: origin.commit, now };
    moved.set(subject, { ...facts, seen: new Date().toISOString() });
    log.warn(
      facts,
      now === undefined
        ? 'a tag was deleted; the version stays as it was served'
        : 'a tag was moved; it is not followed, the version stays as it was served',
    );
  }

  /** What is recorded of the versions of a module; undefined for those that no tag stands for. */
  async function load(module: ModulePath): Promise<Map<string, Recorded | undefined>> {
    const versions = new Map(recorded.get(module));
    for (const version of await store.versions(module, 'info')) {
      if (versions.has(version)) continue;
      versions.set(version, isPseudoVersion(version) ? undefined : await read(module, version));
    }
    recorded.set(module, versions);
    return versions;
  }

  async function read(module: ModulePath, version: string): Promise<Recorded | undefined> {
    const bytes = await store.read({ module, version, kind: 'info' });
    const { Hash, Ref, URL } =
      (bytes === undefined ? undefined : checkInfo(bytes, version, true).info?.Origin) ?? {};
    if (Hash === undefined || URL === undefined || Ref?.startsWith('refs/tags/') !== true) return undefined;
    return { commit: Hash, ref: Ref, url: URL, readAt: monotonicNow() };
  }

  return {
    sees(module, remote, refs) {
      let entry = known.get(remote.gitUrl);
      if (entry?.modules.has(module) === true) return;
      entry ??= { modules: new Set(), latest: refs() };
      entry.modules.add(module);
      known.set(remote.gitUrl, entry);
      enqueue(module, remote);
    },

    refs(remote, latest) {
      const entry = known.get(remote.gitUrl);
      if (entry === undefined) return;
      entry.latest = latest;
      for (const module of entry.modules) enqueue(module, remote);
    },

    report: () => [...moved.values()],
    idle: () => queue,
  };
}

/** The tags of `repo`. */
export function tagRefs(repo: CodeRepo): TagRefs {
  const tags = repo.tags('').list.map(({ name, hash }) => [`refs/tags/${name}`, hash] as const);
  return { refs: new Map(tags), askedAt: repo.asOf };
}

interface Move {
  module: ModulePath;
  version: string;
  remote: RepoUrl;
  origin: Recorded;
  now: string | undefined;
}
