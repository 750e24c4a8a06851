/** Failures of the routes as replies that `go` shows, and what the log says about them. */
import type { IncomingMessage } from 'node:http';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Logger } from 'pino';
import { ModhavenError, isModhavenError } from '../errors.js';
import type { Faults } from '../log/faults.js';
import { unescapePath, unescapedIfValid } from '../module/escaping.js';
import { faultText } from './entrance.js';
import { admissionOf, cacheControlFor } from './gate.js';
import { failureReply, withRequestId } from './http/http-errors.js';
import { noteSentBytes } from './http/sent-bytes.js';
import { REQUEST_ID_HEADER, requestIdOf } from './http/request-id.js';
import { loggedPath } from './request-log.js';

export interface ErrorHandlerOptions {
  log: Pick<Logger, 'error'>;
  faults: Faults;
  /** How developers reach the server: whose admin they are sent to. */
  publicUrl: () => string;
  /** A module that the sender of a request may read, and that they perhaps meant by an unknown path. */
  suggest?: (path: string, request: IncomingMessage) => Promise<string | undefined>;
}

export type ErrorHandler = (
  error: unknown,
  request: FastifyRequest,
  reply: FastifyReply,
) => FastifyReply | Promise<FastifyReply>;

export function createErrorHandler(options: ErrorHandlerOptions): ErrorHandler {
  const { log, faults, publicUrl, suggest } = options;

  /** A suggestion is for this sender alone; the rest of the response may be for others, too. */
  async function sendUnknown(error: ModhavenError, request: FastifyRequest, reply: FastifyReply) {
    const path = modulePathOf(request.url);
    const meant = path === undefined ? undefined : await suggest?.(path, request.raw).catch(() => undefined);
    if (meant === undefined) return sendFailure(error, request, reply);
    const { status, headers, body } = failureReply(error, new URL(publicUrl()).hostname, meant);
    return sendText(request, reply.headers({ ...headers, 'cache-control': 'no-store' }), status, body);
  }

  function sendFailure(error: ModhavenError, request: FastifyRequest, reply: FastifyReply): FastifyReply {
    const { status, headers, body } = failureReply(error, new URL(publicUrl()).hostname);
    if (status >= 500) {
      const { code, reason, remedy } = error;
      log.error(
        {
          code,
          path: loggedPath(request.url),
          reason,
          remedy,
          cause: causeOf(error),
          requestId: requestIdOf(request.raw),
        },
        error.message,
      );
    }
    const cacheControl = cacheControlFor(headers['cache-control'] ?? 'no-store', admissionOf(request.raw));
    return sendText(request, reply.headers({ ...headers, 'cache-control': cacheControl }), status, body);
  }

  return (error, request, reply) => {
    if (isModhavenError(error, 'MODULE_NOT_FOUND', 'REPO_NOT_FOUND')) {
      return sendUnknown(error, request, reply);
    }
    if (isModhavenError(error)) return sendFailure(error, request, reply);
    const status = (error as { statusCode?: number } | null)?.statusCode;
    void reply.header('cache-control', 'no-store');
    if (status === 405) void reply.header('allow', 'GET, HEAD');
    // Fastify's own refusals (a broken URL, a header too long) are the client's doing.
    if (status !== undefined && status >= 400 && status < 500) {
      return sendText(request, reply, status, `${(error as Error).message}\n`);
    }
    const requestId = requestIdOf(request.raw);
    const id = faults.caught(error, 'request', { requestId, path: loggedPath(request.url) });
    return sendText(request, reply, 500, faultText(id));
  };
}

/** The module path of a request of the GOPROXY protocol. */
function modulePathOf(url: string): string | undefined {
  const [, escaped] = /^\/([^?]+?)\/(?:@v\/|@latest(?:$|\?))/.exec(url) ?? [];
  return escaped === undefined ? undefined : unescapedIfValid(() => unescapePath(escaped));
}

/** A text; that of an error with the id of its request. */
export function sendText(
  request: FastifyRequest,
  reply: FastifyReply,
  status: number,
  body: string,
): FastifyReply {
  void reply.code(status).type('text/plain; charset=utf-8');
  const requestId = requestIdOf(request.raw);
  if (status >= 400) void reply.header(REQUEST_ID_HEADER, requestId);
  const text = status < 400 ? body : withRequestId(body, requestId);
  noteSentBytes(reply.raw, Buffer.byteLength(text)); // no hook does where the router refuses the path
  return reply.send(text);
}

export function methodNotAllowed(): Error {
  return Object.assign(new Error('method not allowed: only GET and HEAD'), { statusCode: 405 });
}

export function malformedUrl(): ModhavenError {
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
