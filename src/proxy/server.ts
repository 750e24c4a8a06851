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
  /**
   * From now on new requests are turned away with 503; running ones end, and then the address is given up. Resolves when
   * all have ended.
   */
  close(): Promise<void>;
  /** Ends while another process takes over the address; see `http/hand-over.ts`. */
  handOver(): Promise<void>;
  /** Resolves when it listens; rejects if it cannot. */
  listen(at: { host: string; port: number } | { path: string } | { fd: number }): Promise<void>;
}

export function createServer(options: ServerOptions): Server {
  const { cache, store, trusts, observer, gate, faults, isBehindWorkers = false } = options;
  let isClosing = false;
  let isHandingOver = false;
  const stored = new StoredResponses(cache, store);
  const tracker = new RequestTracker(observer, trusts);
  const annotate = isBehindWorkers ? annotateForWorker : undefined;
  const inFront = (routes: RequestListener): RequestListener =>
    createEntrance(
      { gate, tracker, faults, trusts, isClosing: () => isClosing, isHandingOver: () => isHandingOver },
      createFastPath({ cache, stored, observer, tracker, trusts, annotate }, (request, response) => {
        if (isBehindWorkers) showSignsOfLife(response);
        routes(request, response);
      }),
    );
  const app = createRouter(options, inFront);
  registerRoutes(app, { ...options, stored });
  return {
    app,
    async close() {
      isClosing = true;
      await tracker.idle();
      await app.close();
    },
    async handOver() {
      isHandingOver = true;
      await handOver(app.server, () => tracker.idle());
      await app.close();
    },
    async listen(at) {
      if (!('fd' in at)) {
        await app.listen(at);
        return;
      }
      await app.ready(); // Fastify knows no descriptors
      app.server.listen(at);
      await once(app.server, 'listening');
    },
  };
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
