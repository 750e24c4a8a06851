/**
 * What stands behind the server and the commands that fetch: the store, the git hosts, the upstream and the services over
 * them, put together from the settings. Nothing here decides anything.
 */
import type { Logger } from './log/log.js';
import type { ModulePath } from './module/module-path.js';
import type { RepoUrl } from './module/repo-url.js';
import { namesHostOf } from './discovery/direct-hosts.js';
import { createDiscovery, pagesThrough } from './discovery/discovery.js';
import { HttpClient } from './http/client.js';
import { openStores } from './store/open-stores.js';
import { createModuleRouter } from './modfetch/router.js';
import { createModuleService, type ModuleSource } from './modfetch/git-source.js';
import { isPrivatePath } from './modfetch/private-paths.js';
import { createRepoRoots, type RepoRoots } from './modfetch/repo-root.js';
import { createOfflineSource } from './modfetch/offline.js';
import type { ChecksumDatabases } from './sumdb/databases.js';
import type { VersionStore } from './store/version-store.js';
import type { Config } from './config/load-config.js';
import { vcsSettings, type Settings } from './config/settings.js';
import { createDatabase } from './sumdb/log/database.js';
import { guardedStore } from './sumdb/log/guarded-store.js';
import { PUBLIC_DATABASE } from './sumdb/client/known-databases.js';
import { openOwnDatabase, type OwnDatabase } from './sumdb/log/own-database.js';
import { publicDatabase } from './sumdb/client/public-database.js';
import { createGoproxyClient } from './upstream/goproxy-client.js';
import { createStaleCache } from './upstream/stale-cache.js';
import { createSumdbMirror } from './sumdb/client/mirror.js';
import { createSumdbSource } from './upstream/sumdb-source.js';
import { createUpstreamModules } from './upstream/upstream-modules.js';
import type { VanityMap } from './vanity/vanity-map.js';
import { createCodeHost } from './vcs/code-host.js';
import { isSameListing } from './vcs/git-repo.js';
import type { CodeHost, CodeRepo } from './vcs/types.js';
import { createDriftWatch, type DriftWatch } from './verify/drift.js';
import { createTagWatch, tagRefs, type TagWatch } from './verify/moved-tags.js';

export interface Services {
  store: VersionStore;
  host: CodeHost;
  roots: RepoRoots;
  /** The modules of our own rules. */
  ours: ModuleSource;
  /** All modules: ours, and public ones through the upstream. */
  modules: ModuleSource;
  /** Whether a module path is private. */
  isPrivate: (path: string) => boolean;
  /** Checksum databases: public ones, passed through and kept, and our own. */
  sumdb: ChecksumDatabases;
  /** What our own checksum database has recorded; undefined if there is none. */
  logbook: OwnDatabase | undefined;
  drift: DriftWatch;
  tags: TagWatch;
}

export interface ServicesOptions {
  settings: Pick<Settings, 'current'>;
  vanity: () => VanityMap;
  log: Logger;
  /** Told that the refs of a repository are not what they were. */
  onNewRefs?: () => void;
}

export function createServices({ settings, vanity, log, onNewRefs }: ServicesOptions): Services {
  const config = () => settings.current();
  const { cacheDir } = config();
  const refreshMs = () => config().refreshMs;
  const proxies = () => config().upstream;
  const isPrivate = (path: string) => isPrivatePath(path, vanity(), config().hosts.keys());

  const { layout, versions } = openStores(config());
  const own = config().sumdb;
  const logbook = own === undefined ? undefined : openOwnDatabase(cacheDir, own, log);
  const store =
    logbook === undefined
      ? versions
      : guardedStore(versions, { recorded: logbook.recorded, onDifference: logbook.alarm });
  const tags = createTagWatch({
    store,
    log,
    onForeign: (module) => drift.check(module),
    refresh: (remote) => void host.open(remote, 0).catch(() => undefined),
  });
  const host = createCodeHost({
    dir: layout.mirrors,
    settings: () => vcsSettings(config()),
    onRefs: (remote, listing, before) => {
      tags.refs(remote, listing);
      if (before !== undefined && !isSameListing(listing, before)) onNewRefs?.();
    },
  });
  const drift = createDriftWatch({ store, host, vanity, log });
  const roots = createRepoRoots({ candidates: (path) => vanity().candidates(path), host, refreshMs });
  const ours = createModuleService({ roots, host, store, refreshMs, log, onRepo: watchRepo });
  const http = createHttp(config);
  const client = createGoproxyClient({ http, proxies, timeoutMs: () => config().vcsTimeoutMs });
  const directly = createModuleService({
    ...{ store, refreshMs, log },
    roots: createDiscovery({
      hosts: () => config().directHosts,
      timeoutMs: () => config().vcsTimeoutMs,
      refreshMs,
      get: pagesThrough(http, () => config().vcsConnectTimeoutMs),
    }),
    // Its own mirrors: a host that is not ours might send git to one that is.
    host: createCodeHost({
      dir: layout.directMirrors,
      settings: () => ({ ...vcsSettings(config()), followRedirects: false }),
    }),
  });
  const direct = (path: string) => (namesHostOf(config().directHosts, path) ? directly : undefined);
  const upstream = createUpstreamModules({
    ...{ client, store, direct },
    lastKnown: createStaleCache({ dir: layout.upstream, log }),
    tempDir: layout.root,
    refreshMs,
    staleAfterMs: () => config().vcsConnectTimeoutMs,
    log,
  });
  const hasUpstream = () => proxies().length > 0 || config().directHosts.size > 0;
  const offline = createOfflineSource({ store, unknown: ours });
  const modules = createModuleRouter({
    ours,
    upstream,
    offline,
    covers: isPrivate,
    hasUpstream,
    // Private by its login alone: then the proxies of the list are passed over, and the rules have nothing to say.
    direct: (path) => (vanity().covers(path) ? undefined : direct(path)),
  });
  const mirror = createSumdbMirror({
    dir: layout.checksums,
    source: createSumdbSource({ client, proxies }),
    isOnline: hasUpstream,
    isPrivate,
    refreshMs,
    log,
  });

  const published = publicDatabase({
    verifier: PUBLIC_DATABASE,
    through: mirror,
    dir: layout.seenTrees,
    log,
  });
  const database =
    logbook === undefined
      ? undefined
      : createDatabase({
          name: logbook.name,
          log: logbook.log,
          modules,
          store,
          isPrivate,
          publicSums: (module, version) => published.lookup(module, version),
          logger: log,
        });
  const sumdb: ChecksumDatabases = {
    get: (name, path) => (name === database?.name ? database.get(path) : mirror.get(name, path)),
  };

  function watchRepo(module: ModulePath, remote: RepoUrl, repo: CodeRepo): void {
    tags.sees(module, remote, () => tagRefs(repo));
    drift.reached(module);
  }

  return { store, host, roots, ours, modules, isPrivate, sumdb, logbook, drift, tags };
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
