/**
 * Tags that no longer are where they were when their versions were served. They are never followed: what was served
 * stays. They are reported, once, because other users may get other bytes, and `go.sum` will say so.
 *
 * Looked at whenever a host is asked for refs anyway, for the modules that were asked for before. Only the repository
 * that a version came from can move its tag; where a rule has led elsewhere since, a tag that differs from the beginning
 * is a matter of content, which others look into, and only what happens to it from then on is a move.
 */
import { LRUCache } from 'lru-cache';
import { atMost } from '../concurrency/at-most.js';
import type { Logger } from 'pino';
import { monotonicNow } from '../concurrency/monotonic-clock.js';
import { errorMessage } from '../errors.js';
import { occurred } from '../observe/observe.js';
import type { ModulePath } from '../module/module-path.js';
import type { CanonicalVersion } from '../module/version.js';
import { isPseudoVersion } from '../module/pseudo-version.js';
import { repoKey, type RepoUrl } from '../module/repo-url.js';
import type { ModuleVersion, VersionStore } from '../store/version-store.js';
import type { CodeRepo } from '../vcs/types.js';
import { checkInfo } from './check-parts.js';

/** A tag that was moved or deleted. */
export interface MovedTag {
  module: string;
  version: CanonicalVersion;
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
  /** `module` was asked for, and may be in `remote`. */
  sees(module: ModulePath, remote: RepoUrl, refs: () => TagRefs): void;
  /** This process has stored something of a version. */
  stored(version: ModuleVersion): void;
  /** The host of `remote` was asked for its refs. */
  refs(remote: RepoUrl, refs: TagRefs): void;
  report(): MovedTag[];
  /** Resolves when all that was seen is compared. */
  idle(): Promise<void>;
}

/** The tags of a repository at one moment. */
export interface TagRefs {
  /** Finds a commit by `refs/tags/NAME`. */
  refs: Pick<ReadonlyMap<string, string>, 'get'>;
  /** When the host was asked, in milliseconds since 1970. */
  askedAt: number;
}

export interface TagWatchOptions {
  store: Pick<VersionStore, 'versions' | 'read'>;
  /**
   * How long a list of the stored versions of a module holds, in milliseconds; what this process stores is known without
   * one. Default: a new list each time, which a disk has at hand.
   */
  listHoldsMs?: number | undefined;
  log: Pick<Logger, 'warn' | 'error'>;
  /** Called with modules whose tags differ in a repository that their versions did not come from. */
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

export function createTagWatch(options: TagWatchOptions): TagWatch {
  return new MovedTags(options);
}

/** The modules of a repository, and its tags as its host listed them last. */
interface KnownRemote {
  modules: Set<ModulePath>;
  latest: TagRefs;
}

class MovedTags implements TagWatch {
  private readonly options: TagWatchOptions;
  private readonly known = new LRUCache<string, KnownRemote>(atMost(MAX_REMOTES));
  private readonly recorded = new LRUCache<ModulePath, Map<CanonicalVersion, Recorded | undefined>>({
    maxSize: MAX_VERSIONS,
    sizeCalculation: (versions) => versions.size + 1,
  });
  /** When the stored versions of a module were listed, in milliseconds since 1970. */
  private readonly listedAt = new LRUCache<ModulePath, number>(atMost(MAX_REMOTES));
  /** What this process has stored, and has not looked at yet. */
  private readonly unread = new LRUCache<ModulePath, Set<CanonicalVersion>>(atMost(MAX_REMOTES));
  private readonly moved = new LRUCache<string, MovedTag>(atMost(MAX_VERSIONS));
  /** By version and repository, where the tag of a version from elsewhere was first seen. */
  private readonly foreign = new LRUCache<string, string>(atMost(MAX_VERSIONS));
  private queue: Promise<void> = Promise.resolve();
  /** What waits in the queue: each at most once, however often its refs are asked for. */
  private readonly waiting = new Set<string>();

  constructor(options: TagWatchOptions) {
    this.options = options;
  }

  sees(module: ModulePath, remote: RepoUrl, refs: () => TagRefs): void {
    let entry = this.known.get(repoKey(remote));
    if (entry?.modules.has(module) === true) return;
    entry ??= { modules: new Set(), latest: refs() };
    entry.modules.add(module);
    this.known.set(repoKey(remote), entry);
    this.enqueue(module, remote);
  }

  stored({ module, version }: ModuleVersion): void {
    if (this.options.listHoldsMs === undefined) return;
    this.unread.set(module, (this.unread.get(module) ?? new Set()).add(version));
  }

  refs(remote: RepoUrl, latest: TagRefs): void {
    const entry = this.known.get(repoKey(remote));
    if (entry === undefined) return;
    entry.latest = latest;
    for (const module of entry.modules) this.enqueue(module, remote);
  }

  report(): MovedTag[] {
    return [...this.moved.values()].reverse(); // oldest first
  }

  idle(): Promise<void> {
    return this.queue;
  }

  private enqueue(module: ModulePath, remote: RepoUrl): void {
    const key = `${module} ${repoKey(remote)}`;
    if (this.waiting.has(key)) return;
    this.waiting.add(key);
    this.queue = this.queue
      .then(() => {
        this.waiting.delete(key);
        return this.compare(module, remote);
      })
      .catch((error: unknown) => {
        this.options.log.error({ module, error: errorMessage(error) }, 'tags could not be compared');
      });
  }

  private async compare(module: ModulePath, remote: RepoUrl): Promise<void> {
    const versions = await this.load(module);
    // The latest, not those that led here: a version may have been stored meanwhile, by newer ones.
    const latest = this.known.get(repoKey(remote))?.latest;
    if (latest === undefined) return;
    let isOutdated = false;
    for (const [version, origin] of versions) {
      if (origin === undefined) continue;
      const subject = `${module}@${version} ${repoKey(remote)}`;
      const now = latest.refs.get(origin.ref);
      const move = { module, version, remote, origin, now };
      if (now === origin.commit) {
        this.moved.delete(subject);
        if (origin.url !== remote.url) this.foreign.set(subject, origin.commit);
      } else if (origin.readAt >= latest.askedAt) {
        isOutdated = true;
      } else if (origin.url === remote.url) {
        this.note(subject, move);
      } else {
        this.compareForeign(subject, move);
      }
    }
    if (isOutdated) this.options.refresh(remote);
  }

  private compareForeign(subject: string, move: Move): void {
    const first = this.foreign.get(subject);
    if (first === undefined || first === '') {
      this.foreign.set(subject, move.now ?? '');
      if (first === undefined || move.now !== undefined) this.options.onForeign(move.module);
    } else if (first === move.now) {
      this.moved.delete(subject);
    } else {
      this.note(subject, move);
    }
  }

  private note(subject: string, { module, version, remote, origin, now }: Move): void {
    const before = this.moved.get(subject);
    if (before !== undefined && before.now === now) return;
    const tag = origin.ref.slice('refs/tags/'.length);
    const facts = { module, version, repository: remote.url, tag, served: origin.commit, now };
    this.moved.set(subject, { ...facts, seen: new Date().toISOString() });
    occurred({ type: 'moved-tag', module, version });
    this.options.log.warn(
      facts,
      now === undefined
        ? 'a tag was deleted; the version stays as it was served'
        : 'a tag was moved; it is not followed, the version stays as it was served',
    );
  }

  /** What is recorded of the versions of a module; undefined for those that no tag stands for. */
  private async load(module: ModulePath): Promise<Map<CanonicalVersion, Recorded | undefined>> {
    const versions = new Map(this.recorded.get(module));
    const unread = [...(this.unread.get(module) ?? [])];
    for (const version of this.isListed(module) ? unread : await this.list(module)) {
      if (versions.has(version)) continue;
      const info = await this.options.store.read({ module, version, kind: 'info' });
      if (info !== undefined) versions.set(version, recordedIn(info, version));
    }
    this.recorded.set(module, versions);
    for (const version of unread) this.unread.get(module)?.delete(version);
    return versions;
  }

  private isListed(module: ModulePath): boolean {
    const age = monotonicNow() - (this.listedAt.get(module) ?? -Infinity);
    return this.recorded.has(module) && age < (this.options.listHoldsMs ?? 0);
  }

  private async list(module: ModulePath): Promise<CanonicalVersion[]> {
    const now = monotonicNow();
    const versions = await this.options.store.versions(module, 'info');
    this.listedAt.set(module, now);
    return versions;
  }
}

/** Undefined for a version that no tag stands for. */
function recordedIn(info: Buffer, version: CanonicalVersion): Recorded | undefined {
  if (isPseudoVersion(version)) return undefined;
  const { Hash, Ref, URL } = checkInfo(info, version, true).info?.Origin ?? {};
  if (Hash === undefined || URL === undefined || Ref?.startsWith('refs/tags/') !== true) return undefined;
  return { commit: Hash, ref: Ref, url: URL, readAt: monotonicNow() };
}

/** The tags of `repo`, by name once one is looked for: most lists of many tags are of modules of which nothing is stored. */
export function tagRefs(repo: CodeRepo): TagRefs {
  const { list } = repo.tags('');
  let byRef: Map<string, string> | undefined;
  const get = (ref: string) => {
    byRef ??= new Map(list.map(({ name, hash }) => [`refs/tags/${name}`, hash]));
    return byRef.get(ref);
  };
  return { refs: { get }, askedAt: repo.asOf };
}

interface Move {
  module: ModulePath;
  version: CanonicalVersion;
  remote: RepoUrl;
  origin: Recorded;
  now: string | undefined;
}
