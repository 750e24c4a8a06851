/**
 * The HTTP server of a worker: answers from memory and from the store, and hands everything else on to the main process.
 * It loads little, because there may be many.
 */
import type { Server } from 'node:http';
import type { Listen } from '../config/listen.js';
import { LocalInvalidation, type Invalidation } from '../concurrency/invalidation.js';
import type { Faults } from '../log/faults.js';
import type { TrustProxy } from '../proxy/http/client-address.js';
import { createEntrance } from '../proxy/entrance.js';
import { createFastPath } from '../proxy/fast-path.js';
import type { Gate } from '../proxy/gate.js';
import {
  applyLimits,
  applyTls,
  createHttpServer,
  refuseBrokenRequest,
  type HttpServerOptions,
} from '../proxy/http/listener.js';
import { handOver } from '../proxy/http/hand-over.js';
import type { Observer } from '../proxy/observer.js';
import { RequestTracker } from '../proxy/request-tracker.js';
import type { ResponseCache } from '../proxy/response-cache.js';
import { StoredResponses } from '../proxy/stored-responses.js';
import type { VersionStore } from '../store/version-store.js';
import { HeldConnections } from './connection-share.js';
import { createForwarder } from './forward.js';

export interface WorkerServerOptions {
  gate: Gate;
  observer: Pick<Required<Observer>, 'replied'>;
  faults: Faults;
  cache: ResponseCache;
  store: VersionStore;
  trusts: TrustProxy;
  /** The unix socket of the main process. */
  socket: string;
  /** Limits and certificate. */
  listener?: HttpServerOptions;
  /** See `ForwardOptions`. */
  onDecision?: (decision: string, authorization: string | undefined) => void;
}

export class WorkerServer {
  /** Changes that the main process tells of. */
  readonly invalidation: Invalidation;
  readonly connections = new HeldConnections();
  private readonly server: Server;
  private readonly tracker: RequestTracker;
  private isClosing = false;
  private isHandingOver = false;

  constructor(options: WorkerServerOptions) {
    const { gate, observer, faults, cache, store, trusts, socket, onDecision, listener } = options;
    this.invalidation = new LocalInvalidation((error) => faults.caught(error, 'invalidation'));
    this.invalidation.onChange(({ before }) => cache.forgetChanging(before));
    this.tracker = new RequestTracker(observer, trusts);
    const stored = new StoredResponses(cache, store);
    const forward = createForwarder({ socket, cache, trusts, onDecision });
    const entrance = createEntrance(
      {
        gate,
        tracker: this.tracker,
        faults,
        trusts,
        isClosing: () => this.isClosing,
        isHandingOver: () => this.isHandingOver,
      },
      createFastPath({ cache, stored, observer, tracker: this.tracker, trusts }, forward),
    );
    this.server = createHttpServer(this.connections.inFrontOf(entrance), listener);
    this.connections.countThoseOf(this.server);
    this.server.on('clientError', refuseBrokenRequest);
  }

  /** Resolves when it listens; rejects if it cannot. */
  listen(listen: Listen | { fd: number }): Promise<void> {
    return new Promise((resolve, reject) => {
      this.server.once('error', reject);
      this.server.listen(listen, resolve);
    });
  }

  /** Other limits, another certificate, for what comes from now on. */
  update({ limits, tls }: HttpServerOptions): void {
    if (limits !== undefined) applyLimits(this.server, limits);
    if (tls !== undefined) applyTls(this.server, tls);
  }

  /** Where it listens. */
  address(): ReturnType<Server['address']> {
    return this.server.address();
  }

  /** Ends while another process takes over the address; see `proxy/http/hand-over.ts`. */
  async handOver(): Promise<void> {
    this.isHandingOver = true;
    await handOver(this.server, () => this.tracker.idle());
  }

  /** Turns new requests away with 503; when the running ones have ended, gives up the address. */
  async close(): Promise<void> {
    this.isClosing = true;
    await this.tracker.idle();
    await new Promise<void>((resolve) => {
      this.server.close(() => resolve());
      this.server.closeIdleConnections();
    });
  }
}
