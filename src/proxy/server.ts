/**
 * The HTTP server around the routes: one log line a request, every failure as text that `go` shows, health, status,
 * and an end in good order.
 */
import type { RequestListener, Server as HttpServer } from 'node:http';
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import type { Logger } from 'pino';
import { ModhavenError, isModhavenError } from '../errors.js';
import { clientAddress } from './client-address.js';
import { createFastPath } from './fast-path.js';
import { failureReply } from './http-errors.js';
import { createHttpServer, refuseBrokenRequest } from './listener.js';
import { createReadiness } from './readiness.js';
import { createRequestLog, loggedPath } from './request-log.js';
import { proxyRoutes, type RoutesOptions } from './routes.js';
import type { ChecksumDatabases } from '../sumdb/databases.js';
import { sumdbRoute } from './sumdb-route.js';
import type { VersionStore } from '../store/version-store.js';
import { WEBHOOK_PATH, webhookRoute, type WebhookRouteOptions } from '../webhook/route.js';

export interface ServerOptions extends RoutesOptions {
  log: Logger;
  store: VersionStore;
  /** Is told of each stored version that is answered. */
  onUse?: (module: string, version: string) => void;
  /** Takes a finished line of the log, where such lines can be made by hand. */
  writeLine?: ((line: string) => void) | undefined;
  /** The content of `/-/status`. */
  status: () => unknown;
  webhook: Omit<WebhookRouteOptions, 'log'>;
  databases: ChecksumDatabases;
}

export interface Server {
  app: FastifyInstance;
  /** From now on new requests are turned away; running ones end. Resolves when all have. */
  close(): Promise<void>;
}

export function createServer({
  log,
  writeLine,
  status,
  webhook,
  databases,
  store,
  onUse,
  ...options
}: ServerOptions): Server {
  let closing = false;
  const { memory, trusts } = options;
  const requests = createRequestLog(log, writeLine);
  const readiness = createReadiness(store);
  const front = createFastPath({ memory, trusts, store, onUse, log: requests, isClosing: () => closing });
  const app = Fastify({
    logger: false,
    serverFactory: (handler: RequestListener): HttpServer => createHttpServer(front(handler)),
    trustProxy: (address: string | undefined) => trusts(address),
    return503OnClosing: false, // it would answer in JSON, which go does not show
    forceCloseConnections: 'idle',
    routerOptions: { maxParamLength: 4096 },
    frameworkErrors: refuseUndecodable,
    clientErrorHandler: refuseBrokenRequest,
  });

  app.addHook('onRequest', (request, _reply, done) => {
    if (closing)
      throw new ModhavenError('SHUTTING_DOWN', 'modhaven is shutting down', {
        remedy: 'try again in a moment',
      });
    const readsOnly = request.routeOptions.url !== WEBHOOK_PATH;
    if (readsOnly && request.method !== 'GET' && request.method !== 'HEAD') throw methodNotAllowed();
    done();
  });
  app.addHook('onResponse', (request, reply, done) => {
    logResponse(request, reply);
    done();
  });
  app.setErrorHandler(sendError);
  app.setNotFoundHandler(() => {
    throw methodNotAllowed(); // there is a route for every path
  });

  app.get('/-/healthz', (_request, reply) => text(reply, 200, 'ok\n'));
  app.get('/-/readyz', async (_request, reply) => {
    const problem = await readiness();
    return problem === undefined ? text(reply, 200, 'ready\n') : text(reply, 503, `not ready: ${problem}\n`);
  });
  app.get('/-/status', (_request, reply) => reply.header('cache-control', 'no-store').send(status()));
  webhookRoute(app, { log, ...webhook });
  app.get('/-/*', (_request, reply) => text(reply, 404, 'not found: modhaven has no such page\n'));
  proxyRoutes(app, options);
  sumdbRoute(app, { databases, trusts });

  /** The router decodes the path before any hook runs, so neither the log nor the error handler sees this. */
  function refuseUndecodable(_error: Error, request: FastifyRequest, reply: FastifyReply): void {
    reply.raw.once('finish', () => logResponse(request, reply));
    sendError(malformedUrl(), request, reply);
  }

  function logResponse(request: FastifyRequest, reply: FastifyReply): void {
    const { method, url, outcome, raw } = request;
    const { statusCode: status } = reply.raw;
    const client = clientAddress(raw, trusts);
    requests.write({ method, url, outcome, status, ms: reply.elapsedTime, client });
  }

  function sendError(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
    if (!isModhavenError(error)) return sendUnexpected(error, request, reply);
    const { status, headers, body } = failureReply(error);
    if (status >= 500) {
      const { reason, remedy } = error;
      log.error(
        { code: error.code, path: loggedPath(request.url), reason, remedy, cause: causeOf(error) },
        error.message,
      );
    }
    return reply.code(status).headers(headers).send(body);
  }

  function sendUnexpected(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
    const code = (error as { statusCode?: number }).statusCode;
    void reply.header('cache-control', 'no-store');
    if (code === 405) void reply.header('allow', 'GET, HEAD');
    // Fastify's own refusals (a broken URL, a header too long) are the client's doing.
    if (code !== undefined && code >= 400 && code < 500)
      return text(reply, code, `${(error as Error).message}\n`);
    log.error({ err: error, path: loggedPath(request.url), id: request.id }, 'unexpected error');
    return text(
      reply,
      500,
      `internal error in modhaven (request ${request.id})\nthe log of the server has the details\n`,
    );
  }

  return {
    app,
    async close() {
      closing = true;
      await app.close();
    },
  };
}

function text(reply: FastifyReply, code: number, body: string): FastifyReply {
  return reply.code(code).type('text/plain; charset=utf-8').send(body);
}

function methodNotAllowed(): Error {
  return Object.assign(new Error('method not allowed: only GET and HEAD'), { statusCode: 405 });
}

function malformedUrl(): ModhavenError {
  return new ModhavenError(
    'INVALID_PATH',
    'malformed path: its percent-encoding is broken, or it is too long',
  );
}

/** What git said, for the log only: already redacted by the logger. */
function causeOf(error: ModhavenError): string | undefined {
  let cause: unknown = error.cause;
  while (cause instanceof ModhavenError && cause.cause !== undefined) cause = cause.cause;
  return cause instanceof Error ? cause.message : undefined;
}
