/** `/sumdb/NAME/…`: checksum databases over HTTP (Go Modules Reference, "Checksum database"), as a Fastify plugin. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { monotonicNow } from '../concurrency/monotonic-clock.js';
import { ModhavenError } from '../errors.js';
import type { ChecksumDatabases } from '../sumdb/databases.js';
import type { TrustProxy } from './client-address.js';
import { CONTENT_TYPES, IMMUTABLE, SHORT, prepareText, staleHeaders } from './responses.js';
import { decodePath } from './request.js';
import { sendResponse } from './send-response.js';

export interface SumdbRouteOptions {
  databases: ChecksumDatabases;
  /** Whose headers about a client count. */
  trusts: TrustProxy;
}

export function sumdbRoute(app: FastifyInstance, { databases, trusts }: SumdbRouteOptions): void {
  app.route({ method: ['GET', 'HEAD'], url: '/sumdb/*', exposeHeadRoute: false, handler });

  async function handler(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    const [rawPath = ''] = request.url.split('?', 1);
    const [, name, path] = /^\/sumdb\/([^/]+)\/(.+)$/.exec(decodePath(rawPath)) ?? [];
    if (name === undefined || path === undefined)
      throw new ModhavenError('INVALID_PATH', 'malformed path: expected /sumdb/NAME/…');
    const { body, hit, immutable, asOf = monotonicNow(), stale = false } = await databases.get(name, path);
    request.outcome = { cache: hit ? 'hit' : 'fetch' };
    const type = path.startsWith('tile/') ? 'application/octet-stream' : CONTENT_TYPES.list;
    const lifetime = immutable ? IMMUTABLE : SHORT;
    void reply.hijack();
    sendResponse(
      request.raw,
      reply.raw,
      prepareText(body, type, lifetime, stale ? staleHeaders(asOf) : []),
      trusts,
    );
    return reply;
  }
}
