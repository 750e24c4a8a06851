/** The composition root: settings in, a server out. Nothing here decides anything. */
import { isDeepStrictEqual } from 'node:util';
import { Access } from './auth/access.js';
import { GuessLimit } from './auth/guess-limit.js';
import { LocalInvalidation, type Invalidation } from './concurrency/invalidation.js';
import { monotonicNow } from './concurrency/monotonic-clock.js';
import type { Config } from './config/load-config.js';
import { reloadSettings, type Settings } from './config/settings.js';
import { TlsPair, type TlsMaterial } from './config/tls-pair.js';
import { watchFiles } from './config/watch-files.js';
import { isModhavenError, type ModhavenError } from './errors.js';
import type { MaintenanceOptions } from './gc/maintenance.js';
import { Generation, generationSettings, type GenerationSettings } from './generation.js';
import { jsonThrough } from './http/json.js';
import { logActivities } from './log/activity-log.js';
import type { Faults } from './log/faults.js';
import type { Logger } from './log/log.js';
import { ServerMetrics } from './metrics/server-metrics.js';
import { observeProcess, occurred } from './observe/observe.js';
import { createRunning } from './observe/running.js';
import { createAccessGate } from './proxy/access/access-gate.js';
import type { AdminAddressOptions } from './proxy/access/admin-address.js';
import { createAdminCheck } from './proxy/access/admin-check.js';
import { ClientQueue } from './proxy/client-queue.js';
import type { Gate } from './proxy/gate.js';
import { createTrust, type TrustProxy } from './proxy/http/client-address.js';
import { applyLimits, applyTls } from './proxy/http/listener.js';
import { observeAll, type Observer } from './proxy/observer.js';
import { requestRecords } from './proxy/observers/request-records.js';
import { noteUses } from './proxy/observers/use-observer.js';
import type { Server } from './proxy/server.js';
import { metricsState, statusReport, type ReportedServer } from './server-report.js';
import type { Services } from './services.js';
import type { DamagedPart } from './store/checked-store.js';
import { pageSubject } from './vanity/page-subject.js';
import { vanityInUse, type VanityInUse } from './vanity/vanity-in-use.js';
import type { VanityMap } from './vanity/vanity-map.js';
import type { AppWorkers } from './workers/app-workers.js';

export interface App {
  /** Accepts the connections. */
  server: Server;
  vanity: () => VanityMap;
  /** The certificate in use; undefined for plain http. */
  tls: () => TlsMaterial | undefined;
  /** The store and the checksum database in use. */
  inUse: () => GenerationSettings;
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
  workers?: AppWorkers | undefined;
}

/** Builds the server; it does not listen yet. Throws CONFIG if vanity.yaml is bad, STORAGE if the checksum database is. */
export function createApp(options: AppOptions): App {
  const app = new Program(options);
  for (const warning of options.settings.current().warnings) options.log.warn(warning);
  return app;
}

class Program implements App {
  /** That of the first generation, which goes on accepting connections. */
  readonly server: Server;
  /** Reads the files again; what goes wrong is caught, counted and logged. */
  readonly reload: () => void;

  private readonly options: AppOptions;
  private readonly startedAt = new Date();
  private readonly rules: VanityInUse;
  private readonly clients: ClientQueue;
  private readonly invalidation: Invalidation;
  private readonly access: Access;
  private readonly tlsPair: TlsPair | undefined;
  private readonly trusts: TrustProxy;
  private readonly gate: Gate;
  private readonly observer: Required<Observer>;
  private readonly stopObserving: () => void;
  /** What runs now: fetches, git commands, requests to other proxies. */
  private readonly running = createRunning();
  private readonly metrics = new ServerMetrics({
    storeName: () => (this.inUse().stores.s3 === undefined ? 'disk' : 's3'),
    state: () => metricsState(this.reported()),
    ofWorkers: () => this.options.workers?.metrics() ?? Promise.resolve([]),
  });
  private generation: Generation;
  /** Why the store and the checksum database of the settings are not in use. */
  private refused: ModhavenError | undefined;
  /** Generations that still answer what they had begun. */
  private readonly ending = new Set<Promise<void>>();
  /** Settles when the edits so far of what a generation is made from are in use. */
  private taking: Promise<void> = Promise.resolve();
  private isMaintained = false;
  private watcher: { close(): void };

  constructor(options: AppOptions) {
    const { log, workers, faults } = options;
    this.options = options;
    this.rules = vanityInUse({
      file: () => this.config().vanityFile,
      defaultHost: () => this.config().publicHost,
      log,
    });
    this.invalidation =
      workers?.invalidation ?? new LocalInvalidation((error) => faults.caught(error, 'invalidation'));
    this.access = new Access(this.config().auth, {
      log,
      fetchJson: (url) => jsonThrough(this.services.http)(url),
      judgeOf: (module, scope) => this.services.judgeOf(module, scope),
    });
    this.tlsPair = this.openTls();
    this.trusts = createTrust(() => this.config().trustProxy);
    this.clients = new ClientQueue({ limit: () => this.config().clientQueue, trusts: this.trusts });
    this.gate = this.createGate();
    this.observer = observeAll(this.observers(), faults);
    this.generation = this.nextGeneration();
    this.server = this.generation.server;
    this.stopObserving = observeProcess(this.observer);
    this.reload = faults.guard('reload', () => this.readAgain());
    this.watcher = this.watch();
  }

  readonly vanity = (): VanityMap => this.rules.current();

  readonly tls = (): TlsMaterial | undefined => this.tlsPair?.material;

  readonly inUse = (): GenerationSettings => this.generation.madeFrom;

  readonly damagedElsewhere = (part: DamagedPart) => this.services.stores.damage.foundElsewhere(part);

  maintain(): void {
    this.isMaintained = true;
    this.generation.start();
  }

  async close(ending?: 'hand-over'): Promise<void> {
    this.watcher.close();
    await this.taking;
    this.stopObserving();
    this.generation.stop();
    await (ending === 'hand-over' ? this.server.handOver() : this.server.close());
    await Promise.all(this.ending);
    await this.generation.finish();
  }

  private get services(): Services {
    return this.generation.services;
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

  private nextGeneration(): Generation {
    const { access, invalidation, clients, trusts, gate, observer, vanity, tls, options } = this;
    return new Generation({
      ...options,
      access,
      invalidation,
      clients,
      trusts,
      gate,
      observer,
      vanity,
      tls,
      isAdmin: createAdminCheck({ access: () => this.access.state, ...this.adminAddresses() }),
      status: () => statusReport(this.reported()),
      moreRoutes: (app) => this.metrics.route(app),
      reload: () => this.readAgain(false),
    });
  }

  /** Where the settings name another store or checksum database, requests are answered from there from now on. */
  private async takeOver(): Promise<void> {
    const { log, workers } = this.options;
    this.refused = undefined;
    if (isDeepStrictEqual(this.inUse(), generationSettings(this.config()))) return;
    let next: Generation;
    try {
      next = this.nextGeneration();
    } catch (error) {
      if (!isModhavenError(error)) throw error;
      this.refused = error;
      const { message, reason, remedy } = error;
      log.error({ error: message, reason, remedy }, 'store and sumdb stay as they were');
      return;
    }
    await next.server.app.ready();
    const before = this.generation;
    this.generation = next;
    const ended = before.end(this.server.use(next.server)).finally(() => this.ending.delete(ended));
    this.ending.add(ended);
    if (this.isMaintained) next.start();
    next.pushes.reloaded({ isOwn: false, redis: this.config().redis }); // it may have changed meanwhile
    workers?.storesChanged(next.madeFrom.stores);
    workers?.settingsChanged();
    log.info({ store: next.services.stores.bucket?.place ?? 'disk' }, 'store and sumdb are in use as edited');
  }

  private createGate(): Gate {
    return createAccessGate({
      access: () => this.access.state,
      resources: {
        privacy: (path) => (this.services.isPrivate(path) ? 'private' : 'public'),
        pageSubject: (host, path) => pageSubject(this.vanity(), host, path),
        ownDatabase: () => this.services.ownDatabase?.name,
      },
      ...this.adminAddresses(),
      publicUrl: () => this.config().publicUrl,
      guesses: new GuessLimit(),
      audits: () => this.config().auditFile !== undefined,
      hostRights: { judge: (question, header) => this.access.state?.hostRights?.judge(question, header) },
      onOutage: ({ code, message, reason }, requestId) =>
        this.options.log.error({ code, reason, requestId }, `who may read cannot be decided: ${message}`),
    });
  }

  private adminAddresses(): AdminAddressOptions {
    const isAdmin = createTrust(() => this.config().admin);
    return { trusts: this.trusts, isAdmin, isBehindWorkers: this.options.workers !== undefined };
  }

  private observers(): Observer[] {
    const { log, writeLine } = this.options;
    const uses = noteUses({ note: (module, version) => this.services.stores.lastUse.note(module, version) });
    const records = requestRecords({ log, writeLine, files: () => this.config() });
    return [...records, logActivities(log), uses, this.running, ...this.metrics.observers];
  }

  private reported(): ReportedServer {
    const { settings, version, workers, faults } = this.options;
    const { services, rules, access, tlsPair, running, clients, startedAt, refused } = this;
    const { maintenance, replicas } = this.generation;
    return {
      settings,
      version,
      faults,
      services,
      rules,
      access,
      tlsPair,
      maintenance,
      running,
      clients,
      replicas,
      startedAt,
      refused,
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
    this.taking = this.taking
      .then(() => this.takeOver())
      .catch((error: unknown) => void this.options.faults.caught(error, 'reload'));
    if (isMapRead) this.services.drift.mapChanged(mapBefore, this.vanity());
    const { auth, tls, limits, redis } = this.config();
    this.generation.pushes.reloaded({ isOwn, redis });
    this.access.update(auth);
    if (tls !== undefined) this.tlsPair?.update(tls);
    if (this.options.workers === undefined) applyLimits(this.server.app.server, limits);
    this.services.rulesChanged();
    this.access.state?.hostRights?.rulesChanged();
    this.options.workers?.settingsChanged();
    void this.invalidation.announce({ before: monotonicNow() });
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
