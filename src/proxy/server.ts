/**
 * The HTTP server of the main process: entrance, fast path and routes, put together. A request goes
 *
 *   entrance.ts → gate.ts → fast-path.ts → response-cache.ts or stored-responses.ts → http/send-response.ts
 *
 * and, where the fast path has nothing, on to the routes, which are a Fastify server.
 */
import { once } from 'node:events';
import type { RequestListener, Server as HttpServer } from 'node:http';
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import type { Logger } from 'pino';
import type { Faults } from '../log/faults.js';
import type { VersionStore } from '../store/version-store.js';
import type { ChecksumDatabases } from '../sumdb/databases.js';
import { authRoute } from './auth-route.js';
import { createEntrance } from './entrance.js';
import {
  createErrorHandler,
  malformedUrl,
  methodNotAllowed,
  type ErrorHandler,
  type ErrorHandlerOptions,
} from './error-handler.js';
import { envRoute, type EnvRouteOptions } from './env-route.js';
import { createFastPath } from './fast-path.js';
import { admissionOf, type Gate, type Readable } from './gate.js';
import { showSignsOfLife } from './http/heartbeat.js';
import { handOver } from './http/hand-over.js';
import { healthRoutes, type HealthRoutesOptions } from './health-routes.js';
import { annotateForWorker } from './internal-headers.js';
import { noteSentBytes } from './http/sent-bytes.js';
import { createHttpServer, refuseBrokenRequest, type HttpServerOptions } from './http/listener.js';
import type { Observer } from './observer.js';
import { createReadiness } from './readiness.js';
import { REQUEST_ID_HEADER, requestIdOf } from './http/request-id.js';
import { RequestTracker } from './request-tracker.js';
import { proxyRoutes, type RoutesOptions } from './routes.js';
import { StoredResponses } from './stored-responses.js';
import { sumdbRoute } from './sumdb-route.js';

export interface ServerOptions
  extends Omit<RoutesOptions, 'stored'>, EnvRouteOptions, Pick<HealthRoutesOptions, 'status' | 'statusPage'> {
  /** Asked before anything else. Behind workers: `workerGate`, and the server listens on a private socket only. */
  gate: Gate;
  /** For pages that show each visitor what they may read. */
  readable: Readable;
  observer: Pick<Required<Observer>, 'replied'>;
  /** See `ErrorHandlerOptions`. */
  suggest?: ErrorHandlerOptions['suggest'];
  /** Limits and certificate; absent behind workers, which have them. */
  listener?: HttpServerOptions;
  log: Logger;
  faults: Faults;
  store: VersionStore;
  /** Why the processes in front of this one cannot answer, for `/-/readyz`. Default: there are none. */
  workersUnready?: (() => string | undefined) | undefined;
  /** Adds routes that are not part of the proxy. One that takes other methods than GET and HEAD says so. */
  moreRoutes?: (app: FastifyInstance) => void;
  databases: ChecksumDatabases;
  /** Whether the principal of a request is known, where it carries a login. Default: no. */
  knowsCallers?: () => boolean;
}

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The route judges the method itself. Otherwise it is asked with GET and HEAD only. */
    takesAnyMethod?: boolean;
  }
}

export interface Server {
  app: FastifyInstance;
  /** Answers a request, whichever server has accepted its connection. */
  readonly answer: RequestListener;
  /**
   * From now on new requests are turned away with 503; running ones end, and then the address is given up. Resolves when
   * all have ended.
   */
  close(): Promise<void>;
  /** Ends while another process takes over the address; see `http/hand-over.ts`. */
  handOver(): Promise<void>;
  /** Resolves when it listens; rejects if it cannot. */
  listen(at: { host: string; port: number } | { path: string } | { fd: number }): Promise<void>;
  /**
   * Has `next`, which is ready and does not listen itself, answer all that comes from this call on over the connections of
   * this one. Resolves when what was begun before has been answered.
   */
  use(next: Server): Promise<void>;
  /** New requests are turned away with 503 from now on. Resolves when the running ones have ended. */
  drain(): Promise<void>;
  /** Each connection ends with its next response from now on. */
  endConnections(): void;
  /** Resolves when no request is running. */
  idle(): Promise<void>;
}

export function createServer(options: ServerOptions): Server {
  return new RoutedServer(options);
}

class RoutedServer implements Server {
  readonly app: FastifyInstance;
  private readonly tracker: RequestTracker;
  private entrance: RequestListener | undefined;
  private isClosing = false;
  private isHandingOver = false;
  /** Answers in place of this one, which only accepts the connections. */
  private next: Server | undefined;
  /** Those that answered before `next`, until what they had begun has been answered. */
  private readonly before = new Set<Promise<void>>();

  constructor(options: ServerOptions) {
    const stored = new StoredResponses(options.cache, options.store);
    this.tracker = new RequestTracker(options.observer, options.trusts);
    this.app = createRouter(options, (routes) => {
      this.entrance = this.createEntrance(options, stored, routes);
      return (request, response) => (this.next ?? this).answer(request, response);
    });
    registerRoutes(this.app, { ...options, stored });
  }

  readonly answer: RequestListener = (request, response) => this.entrance?.(request, response);

  async use(next: Server): Promise<void> {
    const previous = this.next ?? this;
    this.next = next;
    const ended = previous.idle().finally(() => this.before.delete(ended));
    this.before.add(ended);
    await ended;
  }

  async close(): Promise<void> {
    await Promise.all([this.drain(), this.next?.drain(), ...this.before]);
    await this.app.close();
  }

  async handOver(): Promise<void> {
    this.endConnections();
    this.next?.endConnections();
    await handOver(this.app.server, async () => {
      await Promise.all([this.idle(), this.next?.idle(), ...this.before]);
    });
    await this.app.close();
  }

  async drain(): Promise<void> {
    this.isClosing = true;
    await this.idle();
  }

  endConnections(): void {
    this.isHandingOver = true;
  }

  idle(): Promise<void> {
    return this.tracker.idle();
  }

  async listen(at: Parameters<Server['listen']>[0]): Promise<void> {
    const { app } = this;
    if (!('fd' in at)) {
      await app.listen(at);
      return;
    }
    await app.ready(); // Fastify knows no descriptors
    app.server.listen(at);
    await once(app.server, 'listening');
  }

  private createEntrance(
    options: ServerOptions,
    stored: StoredResponses,
    routes: RequestListener,
  ): RequestListener {
    const { cache, trusts, observer, gate, faults, isBehindWorkers = false } = options;
    const { tracker } = this;
    const annotate = isBehindWorkers ? annotateForWorker : undefined;
    return createEntrance(
      {
        gate,
        tracker,
        faults,
        trusts,
        isClosing: () => this.isClosing,
        isHandingOver: () => this.isHandingOver,
      },
      createFastPath({ cache, stored, observer, tracker, trusts, annotate }, (request, response) => {
        if (isBehindWorkers) showSignsOfLife(response);
        routes(request, response);
      }),
    );
  }
}

function createRouter(
  { trusts, log, faults, publicUrl, suggest, listener }: ServerOptions,
  inFront: (routes: RequestListener) => RequestListener,
): FastifyInstance {
  const sendError = createErrorHandler({ log, faults, publicUrl, ...(suggest && { suggest }) });
  const app = Fastify({
    logger: false,
    // No route has a schema: without these Fastify loads two compilers, a tenth of the time to start.
    schemaController: { compilersFactory: { buildValidator: noSchemas, buildSerializer: noSchemas } },
    serverFactory: (routes: RequestListener): HttpServer => createHttpServer(inFront(routes), listener),
    trustProxy: (address: string | undefined) => trusts(address),
    return503OnClosing: false, // it would answer in JSON, which go does not show
    forceCloseConnections: 'idle',
    routerOptions: { maxParamLength: 4096 },
    frameworkErrors: refuseUndecodable(sendError),
    clientErrorHandler: refuseBrokenRequest,
  });
  app.addHook('onRequest', (request, _reply, done) => {
    admissionOf(request.raw); // throws for a request that came in by another way
    const { config } = request.routeOptions;
    const isRead = request.method === 'GET' || request.method === 'HEAD';
    if (!isRead && config.takesAnyMethod !== true) throw methodNotAllowed();
    done();
  });
  app.addHook('onSend', (request, reply, payload, done) => {
    if (reply.statusCode >= 400) void reply.header(REQUEST_ID_HEADER, requestIdOf(request.raw));
    const isWhole = typeof payload === 'string' || Buffer.isBuffer(payload);
    const length = isWhole ? Buffer.byteLength(payload) : Number(reply.getHeader('content-length'));
    if (!Number.isNaN(length)) noteSentBytes(reply.raw, length);
    done();
  });
  app.setErrorHandler(sendError);
  app.setNotFoundHandler(() => {
    throw methodNotAllowed(); // there is a route for every path
  });
  return app;
}

function noSchemas(): never {
  throw new Error('no route has a schema');
}

function registerRoutes(app: FastifyInstance, options: ServerOptions & RoutesOptions): void {
  const { databases, knowsCallers, trusts, isBehindWorkers = false, moreRoutes } = options;
  healthRoutes(app, { ...options, unready: createReadiness(options.store, options.workersUnready) });
  envRoute(app, options);
  moreRoutes?.(app);
  proxyRoutes(app, options);
  authRoute(app);
  sumdbRoute(app, { databases, clients: options.clients, trusts, isBehindWorkers, knowsCallers });
}

/** The router decodes the path before any hook runs, so neither the hooks nor the error handler see this. */
function refuseUndecodable(sendError: ErrorHandler) {
  return (_error: Error, request: FastifyRequest, reply: FastifyReply): void => {
    void sendError(malformedUrl(), request, reply);
  };
}
