/** `GET /-/env?format=…`: the settings of a developer's machine, whatever Host the request names. Open to everyone. */
import type { FastifyInstance } from 'fastify';
import { ENV_FORMATS, type EnvFormat } from '../vanity/developer-env.js';
import { sendText } from './error-handler.js';

export interface EnvRouteOptions {
  /** What `modhaven env` prints. */
  developerEnv: (format: EnvFormat) => string;
}

export function envRoute(app: FastifyInstance, { developerEnv }: EnvRouteOptions): void {
  app.get('/-/env', (request, reply) => {
    const query = request.raw.url?.split('?', 2)[1] ?? '';
    const asked = new URLSearchParams(query).get('format') ?? 'shell';
    const format = ENV_FORMATS.find((name) => name === asked);
    void reply.header('cache-control', 'no-store');
    if (format === undefined) {
      return sendText(request, reply, 400, `unknown format\nformat is one of: ${ENV_FORMATS.join(', ')}\n`);
    }
    return sendText(request, reply, 200, developerEnv(format));
  });
}
