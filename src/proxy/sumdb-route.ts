/** `/sumdb/NAME/…`: checksum databases over HTTP (Go Modules Reference, "Checksum database"), as a Fastify plugin. */
import { monotonicNow } from '../concurrency/monotonic-clock.js';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { ModhavenError } from '../errors.js';
import type { ChecksumDatabases, SumdbAnswer } from '../sumdb/databases.js';
import type { TrustProxy } from './http/client-address.js';
import type { ClientQueue } from './client-queue.js';
import { ANYONE, admissionOf, cacheControlFor } from './gate.js';
import { decodePath } from './request.js';
import { noteOutcome } from './routes.js';
import { IMMUTABLE, SHORT, prepareText, staleHeaders } from './http/responses.js';
import { CONTENT_TYPES } from '../store/version-store.js';
import { sendResponse } from './http/send-response.js';

export interface SumdbRouteOptions {
  databases: ChecksumDatabases;
  clients: ClientQueue;
  /** Whose headers about a client count. */
  trusts: TrustProxy;
  isBehindWorkers: boolean;
  /** Whether the principal of a request is known, where it carries a login (`auth:`). Default: no. */
  knowsCallers?: (() => boolean) | undefined;
}

export function sumdbRoute(
  app: FastifyInstance,
  { databases, clients, trusts, isBehindWorkers, knowsCallers = () => false }: SumdbRouteOptions,
): void {
  app.route({ method: ['GET', 'HEAD'], url: '/sumdb/*', exposeHeadRoute: false, handler });

  async function handler(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    const [rawPath = ''] = request.url.split('?', 1);
    const [, name, path] = /^\/sumdb\/([^/]+)\/(.+)$/.exec(decodePath(rawPath)) ?? [];
    if (name === undefined || path === undefined) {
      throw new ModhavenError('INVALID_PATH', 'malformed path: expected /sumdb/NAME/…');
    }
    const admission = admissionOf(request.raw);
    const isAnonymous = knowsCallers() && admission.principal.name === ANYONE.name;
    const answer = await clients.run(request.raw, () => databases.get(name, path, isAnonymous));
    const { body, hit, asOf = monotonicNow(), stale = false } = answer;
    noteOutcome(request, reply, { cache: hit ? 'hit' : 'fetch' }, isBehindWorkers);
    const type = path.startsWith('tile/') ? 'application/octet-stream' : CONTENT_TYPES.list;
    const cacheControl = cacheControlFor(lifetimeOf(answer), admission);
    const response = prepareText(body, type, cacheControl, stale ? staleHeaders(asOf) : []);
    sendResponse(request.raw, reply.raw, response, trusts);
    return reply.hijack();
  }
}

function lifetimeOf({ immutable, isProved = true }: SumdbAnswer): string {
  if (!isProved) return 'no-store';
  return immutable ? IMMUTABLE : SHORT;
}
