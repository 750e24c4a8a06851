/** The composition root: settings in, a server out. Nothing here decides anything. */
import { join } from 'node:path';
import { watchFiles } from './config/watch-files.js';
import { formatProblem } from './config/yaml-source.js';
import { errorText } from './proxy/http-errors.js';
import { createDiskStore } from './proxy/disk-store.js';
import { createModuleRouter } from './proxy/module-router.js';
import { createModuleService } from './proxy/module-service.js';
import { createPushHandler } from './proxy/push-handler.js';
import { createRootFinder } from './proxy/root-finder.js';
import { createServer, type Server } from './proxy/server.js';
import type { Logger } from './log.js';
import type { ModulePath } from './module/module-path.js';
import type { RepoUrl } from './module/repo-url.js';
import { vcsSettings, type Settings } from './settings.js';
import { createGoproxyClient } from './upstream/goproxy-client.js';
import { createUpstreamModules } from './upstream/upstream-modules.js';
import { createCodeHost } from './vcs/code-host.js';
import type { CodeRepo } from './vcs/types.js';
import { createVanityStore } from './vanity/vanity-store.js';
import { isPublicHost, type VanityMap } from './vanity/vanity-map.js';
import { createDriftWatch } from './verify/drift.js';
import { createTagWatch, tagRefs } from './verify/moved-tags.js';

export interface App {
  server: Server;
  vanity: () => VanityMap;
  /** Reads both files again and logs what came of it. */
  reload(): void;
  /** Stops watching the files and ends the server in good order. */
  close(): Promise<void>;
}

export interface AppOptions {
  settings: Settings;
  log: Logger;
  version: string;
}

/** Builds the server; it does not listen yet. Throws CONFIG if vanity.yaml is bad. */
export function createApp({ settings, log, version }: AppOptions): App {
  const config = () => settings.current();
  const { cacheDir } = config();
  const startedAt = new Date();
  let vanityFile = config().vanityFile;
  let vanity = openVanity(vanityFile);
  /** Why the file that the settings name now is not in use. */
  let vanityError: Error | undefined;

  function openVanity(file: string): ReturnType<typeof createVanityStore> {
    const store = createVanityStore({ file, defaultHost: () => config().publicHost });
    warn(store.current());
    return store;
  }

  function warn(map: VanityMap): void {
    for (const warning of map.warnings) log.warn(formatProblem(map.file, warning));
  }

  const store = createDiskStore(join(cacheDir, 'download'));
  const tags = createTagWatch({
    store,
    log,
    onForeign: (module) => drift.check(module),
    refresh: (remote) => void host.open(remote, 0).catch(() => undefined),
  });
  const host = createCodeHost({
    dir: join(cacheDir, 'vcs'),
    settings: () => vcsSettings(config()),
    onRefs: (remote, listing) => tags.refs(remote, listing),
  });
  const drift = createDriftWatch({ store, host, vanity: () => vanity.current(), log });
  const refreshMs = () => config().refreshMs;
  const roots = createRootFinder({
    candidates: (path) => vanity.current().candidates(path),
    host,
    refreshMs,
  });
  const ours = createModuleService({ roots, host, store, refreshMs, log, onRepo: watchRepo });
  const proxies = () => config().upstream;
  const modules = createModuleRouter({
    ours,
    upstream: createUpstreamModules({
      client: createGoproxyClient({ proxies, patienceMs: () => config().vcsTimeoutMs }),
      store,
      tempDir: cacheDir,
      refreshMs,
      log,
    }),
    covers: (path) => vanity.current().covers(path) || isGitHost(path),
    hasUpstream: () => proxies().length > 0,
  });
  const pushes = createPushHandler({
    vanity: () => vanity.current(),
    host,
    modules: ours,
    prefetch: () => config().webhookPrefetch,
    log,
  });
  const server = createServer({
    log,
    modules,
    roots,
    store,
    vanity: () => vanity.current(),
    publicUrl: () => config().publicUrl,
    trustProxy: () => config().trustProxy,
    status,
    webhook: { secret: () => config().webhookSecret, pushes },
  });
  for (const warning of config().warnings) log.warn(warning);

  function watchRepo(module: ModulePath, remote: RepoUrl, repo: CodeRepo): void {
    tags.sees(module, remote, () => tagRefs(repo));
    drift.reached(module);
  }

  function status(): unknown {
    const map = vanity.current();
    return {
      version,
      started: startedAt.toISOString(),
      config: { file: config().file, error: settings.lastError()?.message },
      vanity: {
        file: map.file,
        rules: map.rules.length,
        hosts: [...map.hosts],
        warnings: map.warnings.map((warning) => formatProblem(map.file, warning)),
        error: (vanityError ?? vanity.lastError())?.message,
      },
      problems: host.problems().map(({ url, at, error }) => ({
        repository: url,
        at: new Date(at).toISOString(),
        text: errorText(error),
      })),
      drift: drift.report(),
      movedTags: tags.report(),
    };
  }

  /** Whether a path begins with the name of a git host that has an entry in the settings: no public module does. */
  function isGitHost(path: string): boolean {
    const [host = ''] = path.split('/', 1);
    return (
      [...config().hosts.keys()].some((key) => key.replace(/[:/].*$/, '') === host) && !isPublicHost(host)
    );
  }

  function reloadConfig(): void {
    const ignored = settings.reload();
    if (ignored === undefined) {
      log.error(
        { error: settings.lastError()?.message },
        'modhaven.yaml has an error; the settings stay as they were',
      );
      return;
    }
    log.info('modhaven.yaml read again');
    for (const name of ignored) log.warn({ setting: name }, 'this setting takes effect at the next start');
  }

  function reloadVanity(): void {
    const before = vanity.current();
    if (config().vanityFile !== vanityFile) {
      try {
        vanity = openVanity(config().vanityFile);
        vanityFile = config().vanityFile;
        vanityError = undefined;
      } catch (error) {
        vanityError = error as Error;
        log.error(
          { error: vanityError.message },
          'the new vanity file has an error; the old one stays in use',
        );
        return;
      }
    } else if (!vanity.reload()) {
      log.error(
        { error: vanity.lastError()?.message },
        'vanity.yaml has an error; the last good rules stay in use',
      );
      return;
    }
    const map = vanity.current();
    warn(map);
    log.info({ file: map.file, rules: map.rules.length }, 'vanity.yaml read again');
    drift.mapChanged(before, map);
  }

  function reload(): void {
    const before = watched().join('\n');
    reloadConfig();
    reloadVanity();
    if (watched().join('\n') === before) return;
    watcher.close();
    watcher = watchFiles(watched(), reload);
  }

  /** The file that the settings name, too, while it has an error and another one is in use. */
  const watched = () =>
    [...new Set([config().file, vanityFile, config().vanityFile])].filter((file) => file !== undefined);
  let watcher = watchFiles(watched(), reload);

  return {
    server,
    vanity: () => vanity.current(),
    reload,
    async close() {
      watcher.close();
      drift.stop();
      await server.close();
    },
  };
}
