/**
 * What stands behind the server and the commands that fetch: the store, the git hosts, the upstream and the modules over
 * them, put together from the settings. Nothing here decides anything.
 */
import type { Judge } from './auth/git-host.js';
import { join } from 'node:path';
import type { Logger } from './log/log.js';
import { guarded, openChecksums, openPublished } from './checksum-services.js';
import { currentClient } from './concurrency/on-behalf-of.js';
import { NO_LEASE, type Lease } from './concurrency/lease.js';
import { passesPublicModules, type Config } from './config/load-config.js';
import { vcsSettings, type Settings } from './config/settings.js';
import { namesHostOf } from './discovery/direct-hosts.js';
import { createDiscovery, pagesThrough } from './discovery/discovery.js';
import { AnnouncingStore } from './catalog/announcing-store.js';
import { Catalog } from './catalog/catalog.js';
import { FirstFetches, type Fetcher } from './catalog/first-fetches.js';
import { HttpClient } from './http/client.js';
import { CachedModules } from './modfetch/cached.js';
import { GitSource } from './modfetch/git-source.js';
import { LastAnswers } from './modfetch/last-answers.js';
import { ObservedSource } from './modfetch/sources/observed-source.js';
import { OfflineSource } from './modfetch/sources/offline.js';
import { judgingRepository, type JudgeScope } from './modfetch/judging-repository.js';
import { rememberPrivacy } from './modfetch/private-paths.js';
import type { Modules, ModuleSource } from './modfetch/repo.js';
import type { SourceName } from './observe/events.js';
import { createRepoRoots, type HostedRepoRoots } from './modfetch/repo-root.js';
import { RoomCheckedSource } from './modfetch/sources/room-checked-source.js';
import { createModuleRouter } from './modfetch/router.js';
import { createStaleCache } from './modfetch/stale-cache.js';
import type { BlobStore } from './store/blob-store.js';
import { ObservedStore } from './store/observed-store.js';
import { openStores, type Stores } from './store/open/open-stores.js';
import type { VersionStore } from './store/version-store.js';
import type { ChecksumDatabases } from './sumdb/databases.js';
import { openOwnDatabase, type OwnDatabase, type SharedPlace } from './sumdb/log/own-database.js';
import { createGoproxyClient, type GoproxyClient } from './upstream/goproxy-client.js';
import { createSumdbSource } from './upstream/sumdb-source.js';
import { UpstreamModules } from './upstream/upstream-modules.js';
import type { VanityMap } from './vanity/vanity-map.js';
import type { RepoUrl } from './module/repo-url.js';
import { createCodeHost, isSameListing } from './vcs/code-host.js';
import { LoginTrials } from './vcs/try-login.js';
import type { CodeHost } from './vcs/types.js';
import { createDriftWatch, type DriftWatch } from './verify/drift.js';
import { createTagWatch, tagRefs, type TagWatch } from './verify/moved-tags.js';

/** A list of what a bucket has of a module is a request, or several, and costs as much as a write, in milliseconds. */
const LIST_HOLDS_MS = 10 * 60_000;

export interface Services extends Git, PrivateAndPublic {
  stores: Stores;
  /** The versions of `stores`, guarded by our own checksum database where there is one. */
  store: VersionStore;
  /** What `store` holds, for pages. */
  catalog: Catalog;
  /** The first requesters of what is in `store`, for admins. */
  firstFetches: FirstFetches;
  /** Whether a module path is private. */
  isPrivate: (path: string) => boolean;
  /** Checksum databases: public ones, passed through and kept, and our own. */
  sumdb: ChecksumDatabases;
  /** What our own checksum database has recorded; undefined if there is none. */
  ownDatabase: OwnDatabase | undefined;
  /** What asks over http. */
  http: HttpClient;
  /** Who decides by the login of a caller who may read a module; see `auth/git-host.ts`. */
  judgeOf: (module: string | undefined, scope: JudgeScope) => Promise<Judge | undefined>;
}

export interface ServicesOptions {
  settings: Pick<Settings, 'current'>;
  vanity: () => VanityMap;
  log: Logger;
  /** Called when the refs of a repository are not what they were. */
  onNewRefs?: () => void;
  /** Whom a client of `currentClient()` is. Default: only modhaven itself fetches. */
  fetcherOf?: (client: string) => Fetcher;
  /** Spares fetches that another replica is at. Default: none. */
  lease?: Lease;
}

export function createServices(options: ServicesOptions): Services {
  const { settings, vanity, log, fetcherOf = () => ({ kind: 'server' }) } = options;
  const config = () => settings.current();
  const { cacheDir, sumdb: own } = config();
  const stores = openStores(config(), log);
  const ownDatabase =
    own && openOwnDatabase(cacheDir, own, log, { shared: sharedLogs(stores), disk: stores.disk });
  const isPrivate = rememberPrivacy(vanity, config);
  const http = createHttp(config);
  const client = createGoproxyClient({
    http,
    proxies: () => config().upstream,
    timeoutMs: () => config().vcsTimeoutMs,
  });
  const reached: BaseParts = { ...options, config, stores, isPrivate, http, client };
  const published = openPublished({
    layout: stores.layout,
    blobs: stores.checksums,
    isPrivate,
    log,
    source: createSumdbSource({ client, proxies: () => config().upstream }),
    isOnline: () => passesPublicModules(config()),
    refreshMs: () => config().refreshMs,
  });
  const inner = guarded(new ObservedStore(stores.versions), isPrivate, published, ownDatabase);
  const catalog = new Catalog({
    listing: inner.listing,
    onError: (error) => log.error({ err: error }, 'the store could not be listed'),
  });
  const firstFetches = new FirstFetches({
    blobs: stores.fetched,
    onError: (error) =>
      log.warn({ err: error }, 'the first requesters of some versions could not be written down'),
  });
  const store = new AnnouncingStore(inner, (version) => {
    catalog.stored(version);
    firstFetches.note(version, fetcherOf(currentClient()));
    git.tags.stored(version);
  });
  const shared: StoreParts = { ...reached, store };
  const git = openGit(shared);
  const fetched = openModules(shared, git);
  const { disk } = stores;
  const sumdb = openChecksums({ isPrivate, log, disk }, published, fetched.modules, ownDatabase);
  const judgeOf = createJudges(shared, git);
  const rulesChanged = () => {
    git.roots.forget();
    fetched.rulesChanged();
  };
  return {
    ...git,
    ...fetched,
    rulesChanged,
    stores,
    store,
    catalog,
    firstFetches,
    isPrivate,
    sumdb,
    ownDatabase,
    http,
    judgeOf,
  };
}

interface BaseParts extends ServicesOptions {
  config: () => Config;
  stores: Stores;
  isPrivate: (path: string) => boolean;
  http: HttpClient;
  client: GoproxyClient;
}

interface StoreParts extends BaseParts {
  store: VersionStore;
}

/** Where replicas share the logs of checksum databases; undefined where they lie below `cache.dir`. */
export function sharedLogs({ bucket, ownDatabases, layout }: Stores): SharedPlace | undefined {
  if (bucket === undefined) return undefined;
  return { blobs: ownDatabases, copies: join(layout.copies, 'sumdb'), place: bucket.place };
}

/** The repositories of the rules, and what watches them. */
interface Git {
  host: CodeHost;
  roots: HostedRepoRoots;
  /** Its host announced a push: see `CodeHost.refresh`. */
  pushed: CodeHost['refresh'];
  drift: DriftWatch;
  tags: TagWatch;
}

function openGit({ config, vanity, stores, store, isPrivate, log, onNewRefs }: StoreParts): Git {
  const tags = createTagWatch({
    store,
    log,
    ...(stores.bucket !== undefined && { listHoldsMs: LIST_HOLDS_MS }),
    onForeign: (module) => drift.check(module),
    refresh: (remote) => void host.open(remote, 0).catch(() => undefined),
  });
  const host = createCodeHost({
    dir: stores.layout.mirrors,
    settings: () => vcsSettings(config()),
    onRefs: (remote, listing, before) => {
      tags.refs(remote, listing);
      if (before !== undefined && !isSameListing(listing, before)) onNewRefs?.();
    },
  });
  const drift = createDriftWatch({ store, host, vanity, log });
  const roots = createRepoRoots({
    candidates: (path) => vanity().candidates(path),
    host,
    refreshMs: () => config().refreshMs,
    isPublic: (path) => !isPrivate(path) && !passesPublicModules(config()),
  });
  const pushed = (repo: RepoUrl) => {
    roots.forget(repo);
    return host.refresh(repo);
  };
  return { host, roots, pushed, drift, tags };
}

/** Repositories that are asked with the login of a caller, never with ours. */
function createJudges({ config, vanity, stores }: StoreParts, { roots }: Git): Services['judgeOf'] {
  const trials = new LoginTrials({ dir: stores.layout.mirrors, settings: () => vcsSettings(config()) });
  return async (module, scope) => {
    const found = await judgingRepository({ vanity, roots }, module, scope);
    if (found === undefined) return undefined;
    const { repo, isOwn } = found;
    return { key: repo.gitUrl, host: repo.host, isOwn, ask: (login) => trials.ask(repo, login) };
  };
}

interface PrivateAndPublic {
  /** The modules of our own rules. */
  ours: Modules;
  /** All modules: ours, and public ones through the upstream. */
  modules: Modules;
  /** What may change has changed (a push, new refs): answers from now on are from after this call. */
  changed: () => void;
  /** The rules or the settings have changed. */
  rulesChanged: () => void;
}

function openModules(shared: StoreParts, { host, roots, drift, tags }: Git): PrivateAndPublic {
  const { config, vanity, stores, store, isPrivate, client, log, lease = NO_LEASE } = shared;
  const refreshMs = () => config().refreshMs;
  const git = new GitSource({
    roots,
    host,
    refreshMs,
    log,
    onRepo: (module, remote, repo) => {
      tags.sees(module, remote, () => tagRefs(repo));
      drift.reached(module);
    },
  });
  const fetching = (name: SourceName, source: ModuleSource) =>
    new ObservedSource(name, new RoomCheckedSource(source, stores.room, stores.disk));
  const gitSource = fetching('git', git);
  const directSource = fetching('discovery', openDirect(shared, refreshMs));
  const isDirect = (path: string) => namesHostOf(config().directHosts, path);
  const proxies = new UpstreamModules({
    client,
    tempDir: stores.layout.root,
    direct: (path) => (isDirect(path) ? directSource : undefined),
  });
  const upstreamSource = fetching('upstream', proxies);
  /** Answers of git may be as old as its refs, which know their own age. */
  const lastPrivate = openLastAnswers(shared, stores.privateAnswers, () => 0);
  const lastPublic = openLastAnswers(shared, stores.upstream, refreshMs);

  const ours = new CachedModules(gitSource, store, { log, lease, lastAnswers: lastPrivate });
  const direct = new CachedModules(directSource, store, { log, lease, lastAnswers: lastPrivate });
  const upstream = new CachedModules(upstreamSource, store, {
    log,
    lease,
    lastAnswers: lastPublic,
    orStored: true,
    areApart: true,
  });
  const offlineSource = new ObservedSource(
    'offline',
    new OfflineSource({
      store,
      unknown: git,
      isDamaged: async (version) => (await stores.seals.of(version))?.reason === 'damaged',
    }),
  );
  const offline = new CachedModules(offlineSource, store, { log, isLocal: true });
  const all = [ours, direct, upstream, offline];
  return {
    ours,
    modules: createModuleRouter({
      ours,
      upstream,
      offline,
      covers: isPrivate,
      hasUpstream: () => passesPublicModules(config()),
      // Private by its login alone: then the proxies of the list are passed over, and the rules have nothing to say.
      direct: (path) => (!vanity().covers(path) && isDirect(path) ? direct : undefined),
    }),
    changed: () => all.forEach((modules) => modules.changed()),
    rulesChanged: () => all.forEach((modules) => modules.rulesChanged()),
  };
}

/** Modules of named hosts, out of the repositories that their go-import pages name. */
function openDirect({ config, stores, http, log }: StoreParts, refreshMs: () => number): ModuleSource {
  return new GitSource({
    refreshMs,
    log,
    roots: createDiscovery({
      hosts: () => config().directHosts,
      timeoutMs: () => config().vcsTimeoutMs,
      refreshMs,
      get: pagesThrough(http, () => config().vcsConnectTimeoutMs),
    }),
    // Its own mirrors: a host that is not ours might send git to one that is.
    host: createCodeHost({
      dir: stores.layout.directMirrors,
      settings: () => ({ ...vcsSettings(config()), followRedirects: false }),
    }),
  });
}

function openLastAnswers(
  { config, log }: StoreParts,
  blobs: BlobStore,
  freshForMs: () => number,
): LastAnswers {
  return new LastAnswers({
    staleCache: createStaleCache({ blobs, log }),
    freshForMs,
    staleAfterMs: () => config().vcsConnectTimeoutMs,
    log,
  });
}

/** Public modules as the upstream answers now; it is not kept. Its zips must not be asked for. */
export function openUpstream(config: Config): ModuleSource {
  const http = createHttp(() => config);
  const proxies = () => config.upstream;
  const client = createGoproxyClient({ http, proxies, timeoutMs: () => config.vcsTimeoutMs });
  return new UpstreamModules({ client, tempDir: config.cacheDir });
}

/** What is asked over http but git itself; a host counts as named where any setting names it. */
function createHttp(config: () => Config): HttpClient {
  const isNamed = (url: URL) => {
    const { hosts, directHosts, upstream } = config();
    return (
      hosts.has(url.host) ||
      hosts.has(url.hostname) ||
      directHosts.has(url.host) ||
      upstream.some((proxy) => new URL(proxy.url).origin === url.origin)
    );
  };
  return new HttpClient({ hosts: () => config().hosts, isNamed, env: process.env });
}
