/**
 * The workers of a server: started together, replaced when one dies or hangs, told what changes, ended in good order.
 *
 * They share the address to listen at, and each accepts connections itself: a main process that is busy keeps no
 * connection waiting, and a worker that hangs accepts none. Everything with a state stays in the main process, which they
 * ask over a unix socket: so there is one fetch a version and one writer, however many workers there are.
 */
import cluster from 'node:cluster';
import { fileURLToPath } from 'node:url';
import type { Change } from '../concurrency/invalidation.js';
import type { Faults } from '../log/faults.js';
import type { Logger } from '../log/log.js';
import type { Family } from '../metrics/families.js';
import { programFile } from '../program-files.js';
import type { DamagedPart } from '../store/checked-store.js';
import type { StoreSettings } from '../store/open/open-stores.js';
import { excessOf } from './connection-share.js';
import type { ServerAddress, WorkerSettings, WorkerStart } from './messages.js';
import { PooledWorker } from './pooled-worker.js';

export interface WorkerPoolOptions {
  count: number;
  settings: () => WorkerSettings;
  log: Logger;
  faults: Faults;
  /** Told of a stored part that a worker found damaged, and has logged. */
  onDamaged: (part: DamagedPart) => void;
}

/** How often the workers are looked at. */
const POLL_MS = 5_000;

const PROGRAM = fileURLToPath(programFile('workers/worker.js'));

/** The wait before a worker is replaced, doubled each time up to the last, and short again once one lives long. */
const REPLACE_MS = { first: 100, last: 10_000, stableAfter: 30_000 };

export class WorkerPool {
  private readonly options: WorkerPoolOptions;
  private readonly workers = new Set<PooledWorker>();
  private readonly listening = new Set<PooledWorker>();
  /** Those that others have taken the place of: they answer what they have begun, and end. */
  private readonly leaving = new Set<PooledWorker>();
  /** What workers are told at their start. */
  private begin: Omit<WorkerStart, 'settings'> | undefined;
  /** Settles when all replacements so far have taken place. */
  private renewing: Promise<void> = Promise.resolve();
  private haveAllListened = false;
  private readonly replacements = new Set<NodeJS.Timeout>();
  private wait = REPLACE_MS.first;
  private isClosing = false;
  private listensAt: ServerAddress = null;
  private looks: NodeJS.Timeout | undefined;

  constructor(options: WorkerPoolOptions) {
    this.options = options;
  }

  /** Starts the workers. Resolves when all of them listen; rejects with the reason if one cannot. */
  async start(start: Omit<WorkerStart, 'settings'>): Promise<void> {
    this.looks = setInterval(() => void this.look(), POLL_MS).unref();
    // Not the default, with which the main process accepts every connection and hands it out. Read by setupPrimary.
    cluster.schedulingPolicy = cluster.SCHED_NONE;
    cluster.setupPrimary({ exec: PROGRAM, args: [] });
    this.begin = start;
    const added = Array.from({ length: this.options.count }, () => this.add());
    const allListen = Promise.all(added.map(({ listening }) => listening));
    this.renewing = allListen.then(ignore, ignore);
    try {
      const [address = null] = await allListen;
      this.listensAt = address;
      this.haveAllListened = true;
    } catch (error) {
      this.isClosing = true;
      clearInterval(this.looks);
      for (const worker of this.workers) worker.kill();
      throw error;
    }
  }

  /** Has workers over other stores take the place of those that run, one after the other, so that clients notice nothing. */
  renew(stores: StoreSettings): void {
    if (this.begin === undefined) return; // they are told at their start
    this.begin = { ...this.begin, stores };
    this.renewing = this.renewing.then(() => this.renewAll());
  }

  private async renewAll(): Promise<void> {
    for (const old of [...this.workers]) {
      if (this.isClosing) return;
      if (!this.workers.has(old) || this.leaving.has(old)) continue;
      this.leaving.add(old);
      await this.add().listening.catch((error: unknown) =>
        this.options.log.error({ err: error }, 'a worker over the new store could not be started'),
      );
      this.listening.delete(old);
      old.tell({ type: 'end', handOver: true });
    }
  }

  /** Where they accept connections; null before they do. */
  get address(): ServerAddress {
    return this.listensAt;
  }

  /** How many workers listen now. */
  get upCount(): number {
    return this.listening.size;
  }

  /** Why the workers cannot answer. A worker that died does not count: it is being replaced, and the others answer meanwhile. */
  unready(): string | undefined {
    const { size } = this.listening;
    if (this.haveAllListened && size > 0) return undefined;
    return `${size} of ${this.options.count} workers listen`;
  }

  /** Hands the settings of now to the workers. */
  settingsChanged(): void {
    for (const worker of this.workers) worker.tell({ type: 'settings', settings: this.options.settings() });
  }

  /** Has every worker forget what may change. Resolves when none can give it out any more. */
  async forget({ before }: Change): Promise<void> {
    await Promise.all([...this.workers].map((worker) => worker.forget(before)));
  }

  /** The figures of each worker that listens. */
  metrics(): Promise<Family[][]> {
    return Promise.all([...this.workers].map((worker, index) => worker.metrics(`worker-${index + 1}`)));
  }

  /** Resolves when the workers have answered what they were asked, and ended. */
  async close(ending?: 'hand-over'): Promise<void> {
    this.isClosing = true;
    clearInterval(this.looks);
    this.replacements.forEach(clearTimeout);
    await this.renewing;
    const { workers } = this;
    for (const worker of workers) worker.tell({ type: 'end', handOver: ending === 'hand-over' });
    await Promise.all([...workers].map(({ ended }) => ended));
  }

  /** Asks each worker whether it still answers, and has those end connections that hold more than their share. */
  private async look(): Promise<void> {
    const workers = [...this.workers];
    await Promise.all(workers.map((worker) => worker.ping()));
    const held = workers.map((worker) => worker.held);
    workers.forEach((worker, index) => {
      const count = excessOf(held[index] ?? 0, held);
      if (count > 0) worker.tell({ type: 'shed', count });
    });
  }

  private add(): PooledWorker {
    const { settings, log, faults, onDamaged } = this.options;
    const startedAt = performance.now();
    const start = (): WorkerStart => {
      if (this.begin === undefined) throw new Error('the pool has not started');
      return { ...this.begin, settings: settings() };
    };
    const worker = new PooledWorker({ start, log, faults, onDamaged });
    this.workers.add(worker);
    void worker.listening.then(
      () => this.listening.add(worker),
      () => undefined, // the caller that added it is told
    );
    void worker.ended.then(() => {
      this.workers.delete(worker);
      this.listening.delete(worker);
      if (this.leaving.delete(worker) || this.isClosing) return;
      log.error({ pid: worker.pid, exit: worker.exit }, 'a worker ended and is replaced');
      this.replace(performance.now() - startedAt);
    });
    return worker;
  }

  private replace(livedMs: number): void {
    if (livedMs >= REPLACE_MS.stableAfter) this.wait = REPLACE_MS.first;
    const timer = setTimeout(() => {
      this.replacements.delete(timer);
      const { log } = this.options;
      this.add().listening.catch((error: unknown) =>
        log.error({ err: error }, 'a worker could not be replaced'),
      );
    }, this.wait);
    this.replacements.add(timer);
    this.wait = Math.min(2 * this.wait, REPLACE_MS.last);
  }
}

function ignore(): void {
  // Whoever started them is told.
}
