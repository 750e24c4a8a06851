/**
 * `/-/auth`, for a web server in front (nginx `auth_request`): the gate has decided about the request that the server names,
 * so what comes here may be read. `X-Cache-Control` says how the server should mark a file of a version that it sends.
 */
import type { FastifyInstance } from 'fastify';
import { admissionOf, cacheControlFor } from './gate.js';
import { IMMUTABLE } from './http/responses.js';

export function authRoute(app: FastifyInstance): void {
  app.get('/-/auth', (request, reply) =>
    reply
      .code(204)
      .header('cache-control', 'no-store')
      .header('x-cache-control', cacheControlFor(IMMUTABLE, admissionOf(request.raw)))
      .send(),
  );
}
