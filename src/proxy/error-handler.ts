/** Failures of the routes as replies that `go` shows, and what the log says about them. */
import type { IncomingMessage } from 'node:http';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Logger } from 'pino';
import { ModhavenError, isModhavenError } from '../errors.js';
import type { Faults } from '../log/faults.js';
import { unescapePath } from '../module/escaping.js';
import { faultText } from './entrance.js';
import { admissionOf, cacheControlFor } from './gate.js';
import { failureReply } from './http/http-errors.js';
import { loggedPath } from './request-log.js';

export interface ErrorHandlerOptions {
  log: Pick<Logger, 'error'>;
  faults: Faults;
  /** How developers reach the server: whose admin they are sent to. */
  publicUrl: () => string;
  /** A module that the sender of a request may read, and perhaps meant by a path that nobody knows. */
  suggest?: (path: string, request: IncomingMessage) => Promise<string | undefined>;
}

export type ErrorHandler = (
  error: unknown,
  request: FastifyRequest,
  reply: FastifyReply,
) => FastifyReply | Promise<FastifyReply>;

export function createErrorHandler(options: ErrorHandlerOptions): ErrorHandler {
  const { log, faults, publicUrl, suggest } = options;

  /** A suggestion is for this sender alone, whoever may have the rest. */
  async function sendUnknown(error: ModhavenError, request: FastifyRequest, reply: FastifyReply) {
    const path = modulePathOf(request.url);
    const meant = path === undefined ? undefined : await suggest?.(path, request.raw).catch(() => undefined);
    if (meant === undefined) return sendFailure(error, request, reply);
    const { status, headers, body } = failureReply(error, new URL(publicUrl()).hostname, meant);
    return reply.code(status).headers(headers).header('cache-control', 'no-store').send(body);
  }

  function sendFailure(error: ModhavenError, request: FastifyRequest, reply: FastifyReply): FastifyReply {
    const { status, headers, body } = failureReply(error, new URL(publicUrl()).hostname);
    if (status >= 500) {
      const { code, reason, remedy } = error;
      log.error(
        { code, path: loggedPath(request.url), reason, remedy, cause: causeOf(error) },
        error.message,
      );
    }
    const cacheControl = cacheControlFor(headers['cache-control'] ?? 'no-store', admissionOf(request.raw));
    return reply.code(status).headers(headers).header('cache-control', cacheControl).send(body);
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
      return sendText(reply, status, `${(error as Error).message}\n`);
    }
    const id = faults.caught(error, 'request', { path: loggedPath(request.url) });
    return sendText(reply, 500, faultText(id));
  };
}

/** The module path of a request of the GOPROXY protocol. */
function modulePathOf(url: string): string | undefined {
  const [, escaped] = /^\/([^?]+?)\/(?:@v\/|@latest(?:$|\?))/.exec(url) ?? [];
  if (escaped === undefined) return undefined;
  try {
    return unescapePath(escaped);
  } catch {
    return undefined;
  }
}

export function sendText(reply: FastifyReply, status: number, body: string): FastifyReply {
  return reply.code(status).type('text/plain; charset=utf-8').send(body);
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
