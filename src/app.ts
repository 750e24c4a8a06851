/** The composition root: settings in, a server out. Nothing here decides anything. */
import { monotonicNow } from './concurrency/monotonic-clock.js';
import { createServices } from './services.js';
import { watchFiles } from './config/watch-files.js';
import { formatProblem } from './yaml/problems.js';
import type { Logger } from './log/log.js';
import { createResponseCache } from './proxy/response-cache.js';
import { createTrust } from './proxy/client-address.js';
import { errorText } from './proxy/http-errors.js';
import { Maintenance } from './gc/maintenance.js';
import { replaceable } from './gc/replaceable.js';
import { watchPurges } from './store/purge.js';
import { createPushHandler } from './webhook/push-handler.js';
import { createServer, type Server } from './proxy/server.js';
import type { Settings } from './config/settings.js';
import type { VanityMap } from './vanity/vanity-map.js';
import { vanityInUse } from './vanity/vanity-in-use.js';

export interface App {
  server: Server;
  vanity: () => VanityMap;
  /** Reads both files again and logs what came of it. */
  reload(): void;
  /** Begins to look after the cache directory: what may be removed, what may be damaged. */
  maintain(): void;
  /** Stops watching the files and ends the server in good order. */
  close(): Promise<void>;
}

export interface AppOptions {
  settings: Settings;
  log: Logger;
  /** Takes a finished line of the log, where such lines can be made by hand. */
  writeLine?: ((line: string) => void) | undefined;
  version: string;
  /** The processes that accept the connections and ask this one; absent: this one does it all. */
  workers?: AppWorkers;
}

/** What the workers are told. */
export interface AppWorkers {
  settingsChanged(): void;
  /** Resolves when every worker has forgotten what may change; see `AnswerMemory.forgetChanging`. */
  forgetChanging(before?: number): Promise<void>;
}

/** Builds the server; it does not listen yet. Throws CONFIG if vanity.yaml is bad, STORAGE if the checksum database is. */
export function createApp({ settings, log, writeLine, version, workers }: AppOptions): App {
  const config = () => settings.current();
  const startedAt = new Date();
  const rules = vanityInUse({
    file: () => config().vanityFile,
    defaultHost: () => config().publicHost,
    log,
  });
  const vanity = () => rules.current();
  const memory = createResponseCache({
    maxBytes: () => config().cacheMemory,
    refreshMs: () => config().refreshMs,
  });
  const backend = createServices({ settings, vanity, log, onNewRefs: () => forgetChanging() });
  let forgetting = Promise.resolve();
  const { host, modules, store, roots, drift, tags, ownDatabase } = backend;
  ownDatabase?.log(); // a damaged one is no reason to wait for the first question
  const { stores } = backend;
  const maintenance = new Maintenance({
    ...{ stores, log },
    maxBytes: () => config().cacheMaxSize,
    isReplaceable: (module) => replaceable(module, config(), vanity()),
  });
  const stopWatchingPurges = watchPurges(stores, () => memory.forgetAll());
  const pushes = createPushHandler({
    vanity,
    host,
    modules: backend.ours,
    prefetch: () => config().webhookPrefetch,
    onPush: () => forgetChanging(monotonicNow()),
    log,
  });
  const server = createServer({
    log,
    writeLine,
    memory,
    trusts: createTrust(() => config().trustProxy),
    modules,
    roots,
    store,
    onUse: (module, version) => stores.lastUse.note(module, version),
    vanity,
    publicUrl: () => config().publicUrl,
    status,
    announceFreshness: workers !== undefined,
    webhook: { secret: () => config().webhookSecret, pushes, settled: () => forgetting },
    databases: backend.sumdb,
  });
  for (const warning of config().warnings) log.warn(warning);

  /** Here and in the workers. */
  function forgetChanging(before?: number): void {
    backend.changed();
    memory.forgetChanging(before);
    if (workers !== undefined) forgetting = workers.forgetChanging(before);
  }

  function status(): unknown {
    const map = vanity();
    return {
      version,
      started: startedAt.toISOString(),
      config: { file: config().file, error: settings.lastError()?.message },
      vanity: {
        file: map.file,
        rules: map.rules.length,
        hosts: [...map.hosts],
        warnings: map.warnings.map((warning) => formatProblem(map.file, warning)),
        error: rules.lastError()?.message,
      },
      problems: host.problems().map(({ url, at, error }) => ({
        repository: url,
        at: new Date(at).toISOString(),
        text: errorText(error),
      })),
      drift: drift.report(),
      movedTags: tags.report(),
      sumdb: ownDatabase?.status(),
      store: { damaged: stores.damage.report() },
      cache: maintenance.report(),
    };
  }

  function reloadConfig(): void {
    const ignored = settings.reload();
    if (ignored === undefined) {
      const error = settings.lastError()?.message;
      log.error({ error }, 'modhaven.yaml has an error; the settings stay as they were');
      return;
    }
    log.info('modhaven.yaml read again');
    for (const name of ignored) log.warn({ setting: name }, 'this setting takes effect at the next start');
  }

  function reload(): void {
    const watchedBefore = watched().join('\n');
    const mapBefore = vanity();
    reloadConfig();
    if (rules.reload()) drift.mapChanged(mapBefore, vanity());
    backend.rulesChanged();
    workers?.settingsChanged();
    forgetChanging(monotonicNow());
    if (watched().join('\n') === watchedBefore) return;
    watcher.close();
    watcher = watch();
  }

  function watched(): string[] {
    const { file } = config();
    return file === undefined ? rules.files() : [file, ...rules.files()];
  }
  function watch(): { close(): void } {
    const onError = (error: unknown) => log.error({ err: error }, 'the files could not be read again');
    return watchFiles(watched(), reload, { onError });
  }
  let watcher = watch();

  return {
    server,
    vanity,
    reload,
    maintain: () => maintenance.start(),
    async close() {
      watcher.close();
      stopWatchingPurges();
      drift.stop();
      await server.close();
      await maintenance.stop();
    },
  };
}
