/**
 * `/-/auth`, for a web server in front (nginx `auth_request`): the gate has decided about the request that the server names,
 * so what comes here may be read. `X-Cache-Control` says how the server should mark a file of a version that it sends.
 *
 * It is asked for each file that such a server sends, so the fast path answers it, in each process.
 */
import type { ServerResponse } from 'node:http';
import type { FastifyInstance } from 'fastify';
import { admissionOf, cacheControlFor, type Admission } from './gate.js';
import { IMMUTABLE } from './http/responses.js';

export const AUTH_PATH = '/-/auth';

/** Says that what was asked for may be read. */
export function allowRead(response: ServerResponse, admission: Admission): void {
  const headers = ['cache-control', 'no-store', 'x-cache-control', cacheControlFor(IMMUTABLE, admission)];
  response.writeHead(204, headers).end();
}

/** The route, for what the fast path leaves: a query, other methods. */
export function authRoute(app: FastifyInstance): void {
  app.get(AUTH_PATH, (request, reply) => {
    reply.hijack();
    allowRead(reply.raw, admissionOf(request.raw));
  });
}
