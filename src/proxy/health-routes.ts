/** `/-/healthz`, `/-/readyz`, `/-/status`, and what is not found below `/-/`. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Faults } from '../log/faults.js';
import { wantsHtml } from './http/accepts.js';
import { sendText } from './error-handler.js';

export interface HealthRoutesOptions {
  /** Why requests cannot be answered in full now; undefined if they can. A git host that is down does not count. */
  unready: () => Promise<string | undefined>;
  /** The content of `/-/status`, but for the faults. */
  status: () => unknown;
  faults: Pick<Faults, 'report'>;
  /** Shows the status to a browser; absent: there it is JSON, too. */
  statusPage?:
    ((request: FastifyRequest, reply: FastifyReply, status: unknown) => Promise<FastifyReply>) | undefined;
}

export function healthRoutes(app: FastifyInstance, options: HealthRoutesOptions): void {
  const { unready, status, faults, statusPage } = options;
  app.get('/-/healthz', (request, reply) =>
    sendText(request, reply.header('cache-control', 'no-store'), 200, 'ok\n'),
  );
  app.get('/-/readyz', async (request, reply) => {
    const reason = await unready();
    void reply.header('cache-control', 'no-store');
    if (reason === undefined) return sendText(request, reply, 200, 'ready\n');
    return sendText(request, reply.header('retry-after', '5'), 503, `not ready: ${reason}\n`);
  });
  app.get('/-/status', (request, reply) => {
    const content = { ...(status() as object), faults: faults.report() };
    const isPage = wantsHtml(request.headers) && request.raw.url?.includes('format=json') !== true;
    if (isPage && statusPage !== undefined) return statusPage(request, reply, content);
    return reply.header('cache-control', 'no-store').header('vary', 'Accept').send(content);
  });
  app.get('/-/*', (request, reply) =>
    sendText(request, reply, 404, 'not found: modhaven has no such page\n'),
  );
}
