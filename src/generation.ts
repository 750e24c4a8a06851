/**
 * What answers the requests of a server: services over one store and one checksum database, what is remembered of them, and
 * the routes. An edit of `store` or `sumdb` makes another generation, to which the server (`app.ts`) hands its requests; the
 * one before ends when it has answered what it had begun.
 */
import type { IncomingMessage } from 'node:http';
import type { FastifyInstance } from 'fastify';
import type { Access } from './auth/access.js';
import type { Invalidation } from './concurrency/invalidation.js';
import { monotonicNow } from './concurrency/monotonic-clock.js';
import { passesPublicModules, type Config, type SumdbSettings } from './config/load-config.js';
import type { Settings } from './config/settings.js';
import type { TlsMaterial } from './config/tls-pair.js';
import { Maintenance, type MaintenanceOptions } from './gc/maintenance.js';
import { replaceable } from './gc/replaceable.js';
import type { Faults } from './log/faults.js';
import type { Logger } from './log/log.js';
import { openPages } from './pages.js';
import { fetcherOf, type ClientQueue } from './proxy/client-queue.js';
import { workerGate, type Gate } from './proxy/gate.js';
import type { TrustProxy } from './proxy/http/client-address.js';
import { requestIdOf } from './proxy/http/request-id.js';
import type { Observer } from './proxy/observer.js';
import { ResponseCache } from './proxy/response-cache.js';
import { createServer, type Server } from './proxy/server.js';
import { Replicas } from './redis/replicas.js';
import { ReplicaPushes } from './replica-pushes.js';
import { createServices, type Services } from './services.js';
import type { StoreSettings } from './store/open/open-stores.js';
import { watchPurges, type PurgeWatch } from './store/purge.js';
import { formatDeveloperEnv, type DeveloperEnv } from './vanity/developer-env.js';
import type { VanityMap } from './vanity/vanity-map.js';
import { openVisitors, type Visitors } from './visitors.js';
import type { LazyPages } from './web/lazy-pages.js';
import { webhookRoute } from './webhook/route.js';
import type { AppWorkers } from './workers/app-workers.js';

/** What outlives a generation. */
export interface GenerationOptions extends Pick<MaintenanceOptions, 'scrubMs'> {
  settings: Settings;
  log: Logger;
  version: string;
  faults: Faults;
  workers?: AppWorkers | undefined;
  vanity: () => VanityMap;
  access: Access;
  invalidation: Invalidation;
  clients: ClientQueue;
  trusts: TrustProxy;
  gate: Gate;
  observer: Required<Observer>;
  isAdmin: (request: IncomingMessage) => Promise<boolean>;
  /** The certificate in use. */
  tls: () => TlsMaterial | undefined;
  /** The content of `/-/status`. */
  status: () => unknown;
  /** Adds routes that no generation changes. */
  moreRoutes: (app: FastifyInstance) => void;
  /** Another replica has read its files again. */
  reload: () => void;
}

/** What a generation is made from. */
export interface GenerationSettings {
  stores: StoreSettings;
  sumdb: SumdbSettings | undefined;
}

/** What the settings of now would make a generation from. */
export function generationSettings({ cacheDir, s3, sumdb }: Config): GenerationSettings {
  return { stores: { cacheDir, s3 }, sumdb };
}

export class Generation {
  readonly madeFrom: GenerationSettings;
  readonly services: Services;
  readonly server: Server;
  readonly maintenance: Maintenance;
  readonly replicas: Replicas;
  readonly pushes: ReplicaPushes;
  readonly cache: ResponseCache;
  private readonly options: GenerationOptions;
  private readonly purges: PurgeWatch;
  private readonly pages: LazyPages;
  private readonly stopListening: (() => void)[];

  /** Throws CONFIG for a key that cannot be used, STORAGE for a checksum database that is damaged. */
  constructor(options: GenerationOptions) {
    this.options = options;
    const { settings, vanity, log, invalidation, access } = options;
    this.madeFrom = generationSettings(this.config());
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
      settings,
      vanity,
      log,
      lease: this.replicas.lease,
      fetcherOf,
      onNewRefs: () => this.changed(),
    });
    const { services } = this;
    services.ownDatabase?.open(); // a damaged one is told at the start, not at the first question
    this.stopListening = [
      invalidation.onChange(() => services.changed()),
      invalidation.onChange(({ before }) => this.cache.forgetChanging(before)),
    ];
    this.maintenance = this.openMaintenance();
    this.purges = watchPurges(services.stores, () => {
      this.replicas.tellPurge();
      this.cache.forgetAll();
      services.catalog.outdated();
    });
    const visitors = openVisitors({ access, services, vanity });
    this.pages = openPages({
      ...options,
      services,
      ...visitors,
      developer: () => this.developerSettings(),
      hasAuth: () => access.state !== undefined,
    });
    this.pushes = this.openPushes();
    this.server = this.createServer(visitors);
  }

  /** Begins to look after the cache directory, and to listen to other replicas. */
  start(): void {
    this.maintenance.start();
    this.pushes.listen();
  }

  /** Ends what it does beside answering requests. */
  stop(): void {
    this.purges.close();
    this.replicas.close();
    this.services.drift.stop();
    this.pages.close();
    for (const stop of this.stopListening) stop();
  }

  /** After `stop`, when all is answered: writes down what is only known here. */
  async finish(): Promise<void> {
    await this.services.firstFetches.flush();
    await this.maintenance.stop();
  }

  /** Ends when all that it had begun is `answered`. Never fails. */
  async end(answered: Promise<void>): Promise<void> {
    try {
      await answered;
      this.stop();
      await this.finish();
    } catch (error) {
      this.options.faults.caught(error, 'reload');
    }
  }

  private config(): Config {
    return this.options.settings.current();
  }

  private openMaintenance(): Maintenance {
    const { vanity, log, scrubMs } = this.options;
    return new Maintenance({
      stores: this.services.stores,
      log,
      scrubMs,
      maxBytes: () => this.config().cacheMaxSize,
      isReplaceable: (module) => replaceable(module, this.config(), vanity()),
      hasUpstream: () => this.config().upstream.length > 0,
    });
  }

  private openPushes(): ReplicaPushes {
    const { options, replicas, services } = this;
    return new ReplicaPushes({
      ...options,
      replicas,
      services,
      prefetch: () => this.config().webhookPrefetch,
      changed: () => this.changed(monotonicNow()),
      lookForPurges: () => this.purges.look(),
    });
  }

  private createServer(visitors: Visitors): Server {
    const { log, faults, workers, gate, observer, trusts, clients, vanity, invalidation } = this.options;
    const { modules, roots, store, sumdb } = this.services;
    return createServer({
      gate: workers === undefined ? gate : workerGate(gate),
      ...visitors,
      observer: workers === undefined ? observer : { replied: () => undefined }, // they tell theirs
      log,
      faults,
      trusts,
      modules,
      roots,
      store,
      databases: sumdb,
      cache: this.cache,
      vanity,
      isBehindWorkers: workers !== undefined,
      clients,
      ...(workers === undefined && {
        listener: { limits: this.config().limits, tls: this.options.tls() },
      }),
      publicUrl: () => this.config().publicUrl,
      workersUnready: workers && (() => workers.unready()),
      status: this.options.status,
      statusPage: this.pages.status,
      pageForPeople: this.pages.page,
      developerEnv: (format) => formatDeveloperEnv(this.developerSettings(), format),
      moreRoutes: (app) => {
        this.options.moreRoutes(app);
        this.pages.register(app);
        webhookRoute(app, {
          log,
          requestIdOf,
          secret: () => this.config().webhookSecret,
          pushes: this.pushes.own,
          settled: () => invalidation.settled(),
        });
      },
    });
  }

  /** What may change has changed, here and in the workers. */
  private changed(before?: number): void {
    void this.options.invalidation.announce({ before });
  }

  private developerSettings(): DeveloperEnv {
    const config = this.config();
    const { publicUrl, publicUrlIsGuess, privatePatterns } = config;
    return {
      publicUrl,
      publicUrlIsGuess,
      privatePatterns,
      map: this.options.vanity(),
      sumdbKey: this.services.ownDatabase?.key,
      hasUpstream: passesPublicModules(config),
    };
  }
}
