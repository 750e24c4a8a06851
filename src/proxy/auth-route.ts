/** `/-/auth`, for a web server in front (nginx `auth_request`): the gate has decided, so who comes here may read. */
import type { FastifyInstance } from 'fastify';

export function authRoute(app: FastifyInstance): void {
  app.get('/-/auth', (_request, reply) => reply.code(204).header('cache-control', 'no-store').send());
}
