/** The program of a worker process: a `WorkerServer` that the main process starts, tells what changes, and ends. */
import { Access } from '../auth/access.js';
import { errorMessage, isModhavenError } from '../errors.js';
import { Faults } from '../log/faults.js';
import { createLog, type Logger } from '../log/log.js';
import { keepServing } from '../log/process-faults.js';
import { logWarnings } from '../log/process-warnings.js';
import { WorkerMetrics } from '../metrics/server-metrics.js';
import { createTrust } from '../proxy/http/client-address.js';
import { requestRecords } from '../proxy/observers/request-records.js';
import { createAccessGate } from '../proxy/access/access-gate.js';
import { KnownGrants } from '../proxy/access/known-grants.js';
import { KnownPrivacy } from '../proxy/access/known-privacy.js';
import { observeAll } from '../proxy/observer.js';
import { ResponseCache } from '../proxy/response-cache.js';
import { noteUses } from '../proxy/observers/use-observer.js';
import { openStores, type Stores } from '../store/open/open-stores.js';
import { watchPurges } from '../store/purge.js';
import { startTracing } from '../tracing/start-tracing.js';
import type { FromWorker, ToWorker, WorkerStart } from './messages.js';
import { WorkerServer } from './worker-server.js';

class WorkerProgram {
  private settings: WorkerStart['settings'];
  private readonly server: WorkerServer;
  private readonly stores: Stores;
  /** Undefined while what `auth:` names cannot be used: the main process has its last good content, and decides. */
  private access: Access | undefined;
  private readonly log: Logger;
  private readonly privacy = new KnownPrivacy();
  private readonly grants = new KnownGrants();
  private readonly faults: Faults;
  private readonly flush: () => Promise<void>;
  private readonly storeName: string;
  private readonly metrics = new WorkerMetrics(() => this.storeName);

  constructor({ stores, socket, logLevel, verbose, settings }: WorkerStart) {
    const readable = process.stdout.isTTY;
    const { log, writeLine, flush } = createLog({ level: logLevel, readable, shared: true });
    logWarnings(log);
    this.log = log;
    this.settings = settings;
    this.storeName = stores.s3 === undefined ? 'disk' : 's3';
    this.flush = flush;
    this.faults = new Faults({ log, verbose, onFault: (record) => say({ type: 'fault', record }) });
    keepServing(this.faults, () => process.exit(1));
    this.stores = openStores(stores, log);
    this.stores.damage.onFound = (part) => say({ type: 'damaged', part });
    const cache = new ResponseCache({
      maxBytes: () => this.settings.cacheMemory,
      refreshMs: () => this.settings.refreshMs,
    });
    watchPurges(this.stores, () => cache.forgetAll());
    const trusts = createTrust(() => this.settings.trustProxy);
    this.access = this.openAccess();
    this.server = new WorkerServer({
      gate: createAccessGate({
        access: () => (this.access === undefined ? 'unknown' : this.access.state),
        resources: {
          privacy: (path) => this.privacy.of(path),
          ownDatabase: () => this.settings.ownDatabase,
        },
        hostRights: this.grants,
        audits: () => this.settings.auditFile !== undefined,
        trusts,
        isAdmin: createTrust(() => this.settings.admin),
        publicUrl: () => this.settings.publicUrl,
      }),
      onDecision: (decision, authorization) => {
        this.privacy.learn(decision);
        this.grants.learn(decision, authorization);
      },
      observer: observeAll(
        [
          ...requestRecords({ log, writeLine, files: () => this.settings }),
          noteUses(this.stores.lastUse),
          this.metrics.observer,
        ],
        this.faults,
      ),
      faults: this.faults,
      cache,
      store: this.stores.versions,
      trusts,
      socket,
      listener: settings,
    });
  }

  async listen(listen: WorkerStart['listen']): Promise<void> {
    try {
      await this.server.listen(listen);
      say({ type: 'listening', address: this.server.address() });
    } catch (error) {
      process.send?.({ type: 'failed', reason: errorMessage(error) } satisfies FromWorker, () =>
        process.exit(1),
      );
    }
  }

  receive(message: ToWorker): void {
    this.faults.guard('worker message', () => {
      switch (message.type) {
        case 'start':
          return undefined;
        case 'settings':
          this.settings = message.settings;
          this.server.update(message.settings);
          // Every message may say that a file of `auth:` was edited, and a file that was read while it was replaced is read again.
          if (this.access === undefined) this.access = this.openAccess();
          else this.access.update(message.settings.auth);
          this.privacy.forget();
          this.grants.forget();
          return undefined;
        case 'forget':
          void this.server.invalidation.announce({ before: message.before });
          say({ type: 'done', id: message.id });
          return undefined;
        case 'ping':
          say({ type: 'done', id: message.id, connections: this.server.connections.count });
          return undefined;
        case 'shed':
          this.server.connections.endSome(message.count);
          return undefined;
        case 'metrics':
          say({ type: 'metrics', id: message.id, families: this.metrics.families(message.process) });
          return undefined;
        case 'end':
          return this.end(message.handOver);
      }
    })();
  }

  private openAccess(): Access | undefined {
    try {
      return new Access(this.settings.auth, { log: this.log });
    } catch (error) {
      if (!isModhavenError(error)) throw error;
      this.log.error({ error: error.message }, 'auth cannot be read; the main process decides who may read');
      return undefined;
    }
  }

  private async end(handOver: boolean): Promise<void> {
    await (handOver ? this.server.handOver() : this.server.close());
    await this.stores.lastUse.flush().catch(() => undefined);
    await this.flush();
    process.exit(0);
  }
}

function say(message: FromWorker): void {
  // Without the main process this one ends; see below.
  if (process.connected) process.send?.(message);
}

// Without it nothing cold can be answered, and nothing would end this process.
process.on('disconnect', () => process.exit(0));

let program: WorkerProgram | undefined;
process.on('message', (message: ToWorker) => {
  if (message.type === 'start') {
    program = new WorkerProgram(message.start);
    void program.listen(message.start.listen);
  } else if (program !== undefined) {
    program.receive(message);
  } else if (message.type === 'ping' || message.type === 'forget' || message.type === 'metrics') {
    say({ type: 'done', id: message.id }); // it holds nothing yet
  } else if (message.type === 'end') {
    process.exit(0);
  }
});
void startTracing().then(() => say({ type: 'ready' }));
