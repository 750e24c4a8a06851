/** The composition root: settings in, a server out. Nothing here decides anything. */
import { monotonicNow } from './concurrency/monotonic-clock.js';
import { createServices } from './services.js';
import { watchFiles } from './config/watch-files.js';
import { formatProblem } from './yaml/problems.js';
import type { Logger } from './log/log.js';
import { LocalInvalidation, type Invalidation } from './concurrency/invalidation.js';
import type { Faults } from './log/faults.js';
import { Access } from './auth/access.js';
import { GuessLimit } from './auth/guess-limit.js';
import { jsonThrough } from './http/json.js';
import { auditObserver } from './proxy/audit-observer.js';
import { createAccessGate } from './proxy/access/access-gate.js';
import { workerGate } from './proxy/gate.js';
import { observeAll } from './proxy/observer.js';
import { noteUses } from './proxy/use-observer.js';
import { createRequestLog } from './proxy/request-log.js';
import { ResponseCache } from './proxy/response-cache.js';
import { createTrust } from './proxy/http/client-address.js';
import { errorText } from './proxy/http/http-errors.js';
import { Maintenance } from './gc/maintenance.js';
import { replaceable } from './gc/replaceable.js';
import { watchPurges } from './store/purge.js';
import { PushHandler } from './webhook/push-handler.js';
import { createServer, type Server } from './proxy/server.js';
import type { Settings } from './config/settings.js';
import { formatDeveloperEnv, type DeveloperEnv } from './vanity/developer-env.js';
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
  /** Errors that no code foresaw, of this process and its workers. */
  faults: Faults;
  /** The processes that accept the connections and ask this one; absent: this one does it all. */
  workers?: AppWorkers;
}

/** What connects the workers. */
export interface AppWorkers {
  /** Tells them that the settings have changed. */
  settingsChanged(): void;
  /** Reaches them, too. */
  invalidation: Invalidation;
}

/** Builds the server; it does not listen yet. Throws CONFIG if vanity.yaml is bad, STORAGE if the checksum database is. */
export function createApp(options: AppOptions): App {
  const { settings, log, writeLine, version, workers, faults } = options;
  const config = () => settings.current();
  const startedAt = new Date();
  const rules = vanityInUse({
    file: () => config().vanityFile,
    defaultHost: () => config().publicHost,
    log,
  });
  const vanity = () => rules.current();
  const cache = new ResponseCache({
    maxBytes: () => config().cacheMemory,
    refreshMs: () => config().refreshMs,
  });
  const backend = createServices({ settings, vanity, log, onNewRefs: () => forgetChanging() });
  const invalidation =
    workers?.invalidation ?? new LocalInvalidation((error) => faults.caught(error, 'invalidation'));
  invalidation.onChange(() => backend.changed());
  invalidation.onChange(({ before }) => cache.forgetChanging(before));
  const { host, modules, store, roots, drift, tags, ownDatabase } = backend;
  ownDatabase?.log(); // a damaged one is no reason to wait for the first question
  const { stores } = backend;
  const maintenance = new Maintenance({
    ...{ stores, log },
    maxBytes: () => config().cacheMaxSize,
    isReplaceable: (module) => replaceable(module, config(), vanity()),
  });
  const trusts = createTrust(() => config().trustProxy);
  const stopWatchingPurges = watchPurges(stores, () => cache.forgetAll());
  const pushes = new PushHandler({
    vanity,
    host,
    modules: backend.ours,
    prefetch: () => config().webhookPrefetch,
    onPush: () => forgetChanging(monotonicNow()),
    log,
  });
  const audit = auditObserver({
    file: () => config().auditFile,
    onError: (error) => log.error({ err: error }, 'a line of the audit file could not be written'),
  });
  const access = new Access(config().auth, { log, fetchJson: jsonThrough(backend.http) });
  const gate = createAccessGate({
    access: () => access.state,
    privacy: (path) => (backend.isPrivate(path) ? 'private' : 'public'),
    trusts,
    isAdmin: createTrust(() => config().admin),
    publicUrl: () => config().publicUrl,
    isBehindWorkers: workers !== undefined,
    guesses: new GuessLimit(),
  });
  const server = createServer({
    gate: workers === undefined ? gate : workerGate(gate),
    observer: observeAll(
      workers === undefined ? [createRequestLog(log, writeLine), noteUses(stores.lastUse), audit] : [],
      faults,
    ),
    log,
    faults,
    cache,
    trusts,
    modules,
    roots,
    store,
    vanity,
    publicUrl: () => config().publicUrl,
    status,
    developerEnv: (format) => formatDeveloperEnv(developerSettings(), format),
    isBehindWorkers: workers !== undefined,
    webhook: { secret: () => config().webhookSecret, pushes, settled: () => invalidation.settled() },
    databases: backend.sumdb,
  });
  for (const warning of config().warnings) log.warn(warning);

  function forgetChanging(before?: number): void {
    void invalidation.announce({ before });
  }

  function developerSettings(): DeveloperEnv {
    const { publicUrl, publicUrlIsGuess, privatePatterns, upstream, directHosts } = config();
    return {
      ...{ publicUrl, publicUrlIsGuess, privatePatterns, map: vanity() },
      sumdbKey: ownDatabase?.key,
      hasUpstream: upstream.length > 0 || directHosts.size > 0,
    };
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
      auth: access.state === undefined ? 'off' : { errors: access.errors() },
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
    access.update(config().auth);
    backend.rulesChanged();
    workers?.settingsChanged();
    forgetChanging(monotonicNow());
    if (watched().join('\n') === watchedBefore) return;
    watcher.close();
    watcher = watch();
  }

  function watched(): string[] {
    const { file } = config();
    return [...(file === undefined ? [] : [file]), ...rules.files(), ...access.files()];
  }
  const fencedReload = faults.guard('reload', reload);
  function watch(): { close(): void } {
    return watchFiles(watched(), fencedReload, { onError: (error) => faults.caught(error, 'reload') });
  }
  let watcher = watch();

  return {
    server,
    vanity,
    reload: fencedReload,
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
