/** The composition root: settings in, a server out. Nothing here decides anything. */
import { monotonicNow } from './concurrency/monotonic-clock.js';
import { createServices, type Services } from './services.js';
import type { Config } from './config/load-config.js';
import { watchFiles } from './config/watch-files.js';
import type { Logger } from './log/log.js';
import { LocalInvalidation, type Invalidation } from './concurrency/invalidation.js';
import type { Faults } from './log/faults.js';
import { ServerMetrics } from './metrics/server-metrics.js';
import { observeProcess, occurred } from './observe/observe.js';
import { createRunning } from './observe/running.js';
import { Access } from './auth/access.js';
import { GuessLimit } from './auth/guess-limit.js';
import { jsonThrough } from './http/json.js';
import { logActivities } from './proxy/observers/activity-log.js';
import { requestRecords } from './proxy/observers/request-records.js';
import { createAccessGate } from './proxy/access/access-gate.js';
import type { AdminAddressOptions } from './proxy/access/admin-address.js';
import { createAdminCheck } from './proxy/access/admin-check.js';
import { ClientQueue, fetcherOf } from './proxy/client-queue.js';
import { workerGate, type Gate } from './proxy/gate.js';
import { observeAll, type Observer } from './proxy/observer.js';
import { noteUses } from './proxy/observers/use-observer.js';
import { requestIdOf } from './proxy/http/request-id.js';
import { ResponseCache } from './proxy/response-cache.js';
import { applyLimits, applyTls } from './proxy/http/listener.js';
import { TlsPair, type TlsMaterial } from './config/tls-pair.js';
import { createTrust, type TrustProxy } from './proxy/http/client-address.js';
import { Maintenance, type MaintenanceOptions } from './gc/maintenance.js';
import { replaceable } from './gc/replaceable.js';
import type { DamagedPart } from './store/checked-store.js';
import { watchPurges, type PurgeWatch } from './store/purge.js';
import { Replicas } from './redis/replicas.js';
import { ReplicaPushes } from './replica-pushes.js';
import { webhookRoute } from './webhook/route.js';
import { createServer, type Server } from './proxy/server.js';
import { reloadSettings, type Settings } from './config/settings.js';
import { pageSubject } from './vanity/page-subject.js';
import { formatDeveloperEnv, type DeveloperEnv } from './vanity/developer-env.js';
import { metricsState, statusReport, type ReportedServer } from './server-report.js';
import type { VanityMap } from './vanity/vanity-map.js';
import { vanityInUse, type VanityInUse } from './vanity/vanity-in-use.js';
import { openPages } from './pages.js';
import { openVisitors, type Visitors } from './visitors.js';
import type { LazyPages } from './web/lazy-pages.js';
import type { AppWorkers } from './workers/app-workers.js';

export interface App {
  server: Server;
  vanity: () => VanityMap;
  /** The certificate in use; undefined for plain http. */
  tls: () => TlsMaterial | undefined;
  /** Reads both files again and logs what came of it. */
  reload(): void;
  /** Begins to look after the cache directory: what may be removed, what may be damaged. */
  maintain(): void;
  /** Counts a stored part that a worker found damaged. */
  readonly damagedElsewhere: (part: DamagedPart) => void;
  /** Stops watching the files and ends the server in good order. */
  close(ending?: 'hand-over'): Promise<void>;
}

export interface AppOptions extends Pick<MaintenanceOptions, 'scrubMs'> {
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

/** Builds the server; it does not listen yet. Throws CONFIG if vanity.yaml is bad, STORAGE if the checksum database is. */
export function createApp(options: AppOptions): App {
  const app = new Program(options);
  for (const warning of options.settings.current().warnings) options.log.warn(warning);
  return app;
}

class Program implements App {
  readonly server: Server;
  /** Reads the files again; what goes wrong is caught, counted and logged. */
  readonly reload: () => void;

  private readonly options: AppOptions;
  private readonly startedAt = new Date();
  private readonly rules: VanityInUse;
  private readonly services: Services;
  private readonly cache: ResponseCache;
  private readonly clients: ClientQueue;
  private readonly invalidation: Invalidation;
  private readonly access: Access;
  private readonly tlsPair: TlsPair | undefined;
  private readonly maintenance: Maintenance;
  private readonly purges: PurgeWatch;
  private readonly pages: LazyPages;
  private readonly replicas: Replicas;
  private readonly pushes: ReplicaPushes;
  private readonly stopObserving: () => void;
  /** What runs now: fetches, git commands, requests to other proxies. */
  private readonly running = createRunning();
  private readonly metrics = new ServerMetrics({
    storeName: () => (this.config().s3 === undefined ? 'disk' : 's3'),
    state: () => metricsState(this.reported()),
    ofWorkers: () => this.options.workers?.metrics() ?? Promise.resolve([]),
  });
  private watcher: { close(): void };

  constructor(options: AppOptions) {
    const { settings, log, workers, faults } = options;
    this.options = options;
    this.rules = vanityInUse({
      file: () => this.config().vanityFile,
      defaultHost: () => this.config().publicHost,
      log,
    });
    this.cache = new ResponseCache({
      maxBytes: () => this.config().cacheMemory,
      refreshMs: () => this.config().refreshMs,
    });
    this.replicas = new Replicas({
      url: this.config().redis,
      store: this.config().s3,
      timeoutMs: () => this.config().vcsTimeoutMs,
      log,
    });
    this.services = createServices({
      ...{ settings, vanity: this.vanity, log, lease: this.replicas.lease, fetcherOf },
      onNewRefs: () => this.changed(),
    });
    const { stores, ownDatabase, http, judgeOf } = this.services;
    ownDatabase?.open(); // a damaged one is told at the start, not at the first question
    this.invalidation =
      workers?.invalidation ?? new LocalInvalidation((error) => faults.caught(error, 'invalidation'));
    this.invalidation.onChange(() => this.services.changed());
    this.invalidation.onChange(({ before }) => this.cache.forgetChanging(before));
    this.access = new Access(this.config().auth, { log, fetchJson: jsonThrough(http), judgeOf });
    this.tlsPair = this.openTls();
    this.maintenance = new Maintenance({
      ...{ stores, log, scrubMs: options.scrubMs },
      maxBytes: () => this.config().cacheMaxSize,
      isReplaceable: (module) => replaceable(module, this.config(), this.vanity()),
      hasUpstream: () => this.config().upstream.length > 0,
    });
    this.purges = watchPurges(stores, () => {
      this.replicas.tellPurge();
      this.cache.forgetAll();
      this.services.catalog.outdated();
    });
    const trusts = createTrust(() => this.config().trustProxy);
    this.clients = new ClientQueue({ limit: () => this.config().clientQueue, trusts });
    const visitors = openVisitors({ access: this.access, services: this.services, vanity: this.vanity });
    this.pages = openPages({
      ...{ ...options, services: this.services, vanity: this.vanity, trusts, ...visitors },
      developer: () => this.developerSettings(),
      hasAuth: () => this.access.state !== undefined,
      isAdmin: createAdminCheck({ access: () => this.access.state, ...this.adminAddresses(trusts) }),
    });
    this.pushes = this.openPushes();
    const observer = observeAll(this.observers(), faults);
    this.stopObserving = observeProcess(observer);
    this.server = this.createServer(observer, trusts, visitors);
    this.reload = faults.guard('reload', () => this.readAgain());
    this.watcher = this.watch();
  }

  readonly vanity = (): VanityMap => this.rules.current();

  readonly tls = (): TlsMaterial | undefined => this.tlsPair?.material;

  readonly damagedElsewhere = (part: DamagedPart) => this.services.stores.damage.foundElsewhere(part);

  private readonly privacy = (path: string) => (this.services.isPrivate(path) ? 'private' : 'public');

  maintain(): void {
    this.maintenance.start();
    this.pushes.listen();
  }

  async close(ending?: 'hand-over'): Promise<void> {
    this.watcher.close();
    this.purges.close();
    this.replicas.close();
    this.stopObserving();
    this.services.drift.stop();
    this.pages.close();
    await (ending === 'hand-over' ? this.server.handOver() : this.server.close());
    await this.services.firstFetches.flush();
    await this.maintenance.stop();
  }

  private openTls(): TlsPair | undefined {
    const { tls } = this.config();
    const { log, workers } = this.options;
    // Workers are told with the settings; see `readAgain`.
    const onChange = (material: TlsMaterial) => {
      if (workers === undefined) applyTls(this.server.app.server, material);
    };
    return tls && new TlsPair(tls, { log, onChange });
  }

  private config(): Config {
    return this.options.settings.current();
  }

  private createServer(observer: Required<Observer>, trusts: TrustProxy, visitors: Visitors): Server {
    const { log, faults, workers } = this.options;
    const { modules, roots, store, sumdb } = this.services;
    const gate = this.createGate(trusts);
    return createServer({
      gate: workers === undefined ? gate : workerGate(gate),
      ...visitors,
      observer: workers === undefined ? observer : { replied: () => undefined }, // they tell theirs
      ...{ log, faults, trusts, modules, roots, store, databases: sumdb },
      ...{ cache: this.cache, vanity: this.vanity, isBehindWorkers: workers !== undefined },
      clients: this.clients,
      ...(workers === undefined && { listener: { limits: this.config().limits, tls: this.tls() } }),
      publicUrl: () => this.config().publicUrl,
      workersUnready: workers && (() => workers.unready()),
      status: () => statusReport(this.reported()),
      statusPage: this.pages.status,
      pageForPeople: this.pages.page,
      developerEnv: (format) => formatDeveloperEnv(this.developerSettings(), format),
      moreRoutes: (app) => {
        this.metrics.route(app);
        this.pages.register(app);
        webhookRoute(app, {
          ...{ log, requestIdOf },
          secret: () => this.config().webhookSecret,
          pushes: this.pushes.own,
          settled: () => this.invalidation.settled(),
        });
      },
    });
  }

  private createGate(trusts: TrustProxy): Gate {
    return createAccessGate({
      access: () => this.access.state,
      resources: {
        privacy: this.privacy,
        pageSubject: (host, path) => pageSubject(this.vanity(), host, path),
        ownDatabase: () => this.services.ownDatabase?.name,
      },
      ...this.adminAddresses(trusts),
      publicUrl: () => this.config().publicUrl,
      guesses: new GuessLimit(),
      audits: () => this.config().auditFile !== undefined,
      hostRights: { judge: (question, header) => this.access.state?.hostRights?.judge(question, header) },
      onOutage: ({ code, message, reason }, requestId) =>
        this.options.log.error({ code, reason, requestId }, `who may read cannot be decided: ${message}`),
    });
  }

  private adminAddresses(trusts: TrustProxy): AdminAddressOptions {
    const isAdmin = createTrust(() => this.config().admin);
    return { trusts, isAdmin, isBehindWorkers: this.options.workers !== undefined };
  }

  private observers(): Observer[] {
    const { log, writeLine } = this.options;
    const uses = noteUses(this.services.stores.lastUse);
    const records = requestRecords({ log, writeLine, files: () => this.config() });
    return [...records, logActivities(log), uses, this.running, ...this.metrics.observers];
  }

  private openPushes(): ReplicaPushes {
    return new ReplicaPushes({
      ...{ ...this.options, replicas: this.replicas, services: this.services, vanity: this.vanity },
      prefetch: () => this.config().webhookPrefetch,
      changed: () => this.changed(monotonicNow()),
      reload: () => this.readAgain(false),
      lookForPurges: () => this.purges.look(),
    });
  }

  /** What may change has changed, here and in the workers. */
  private changed(before?: number): void {
    void this.invalidation.announce({ before });
  }

  private developerSettings(): DeveloperEnv {
    const { publicUrl, publicUrlIsGuess, privatePatterns, upstream, directHosts } = this.config();
    return {
      ...{ publicUrl, publicUrlIsGuess, privatePatterns, map: this.vanity() },
      sumdbKey: this.services.ownDatabase?.key,
      hasUpstream: upstream.length > 0 || directHosts.size > 0,
    };
  }

  private reported(): ReportedServer {
    const { settings, version, workers, faults } = this.options;
    const { services, rules, access, tlsPair, maintenance, running, clients, startedAt } = this;
    return {
      ...{ settings, version, faults, services, rules, access },
      ...{ tlsPair, maintenance, running, clients, startedAt },
      workers: workers?.count ?? 0,
      workersUp: workers?.listening() ?? 0,
    };
  }

  private readAgain(isOwn = true): void {
    const watchedBefore = this.watched().join('\n');
    const mapBefore = this.vanity();
    const isConfigRead = reloadSettings(this.options.settings, this.options.log);
    occurred({ type: 'reload', file: 'config', failed: !isConfigRead });
    const isMapRead = this.rules.reload();
    occurred({ type: 'reload', file: 'vanity', failed: !isMapRead });
    if (isMapRead) this.services.drift.mapChanged(mapBefore, this.vanity());
    const { auth, tls, limits, redis } = this.config();
    this.pushes.reloaded({ isOwn, redis });
    this.access.update(auth);
    if (tls !== undefined) this.tlsPair?.update(tls);
    if (this.options.workers === undefined) applyLimits(this.server.app.server, limits);
    this.services.rulesChanged();
    this.access.state?.hostRights?.rulesChanged();
    this.options.workers?.settingsChanged();
    this.changed(monotonicNow());
    if (this.watched().join('\n') === watchedBefore) return;
    this.watcher.close();
    this.watcher = this.watch();
  }

  private watched(): string[] {
    return [
      this.config().file,
      ...this.rules.files(),
      ...this.access.files(),
      ...(this.tlsPair?.files() ?? []),
    ].filter((file) => file !== undefined);
  }

  private watch(): { close(): void } {
    const { faults } = this.options;
    return watchFiles(this.watched(), this.reload, { onError: (error) => faults.caught(error, 'reload') });
  }
}
