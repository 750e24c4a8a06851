/** `/-/healthz`, `/-/readyz`, `/-/status`, and what is not found below `/-/`. */
import type { FastifyInstance } from 'fastify';
import type { Faults } from '../log/faults.js';
import { sendText } from './error-handler.js';

export interface HealthRoutesOptions {
  /** Why requests cannot be answered in full now; undefined if they can. A git host that is down is no reason. */
  unready: () => Promise<string | undefined>;
  /** The content of `/-/status`, but for the faults. */
  status: () => unknown;
  faults: Pick<Faults, 'report'>;
}

export function healthRoutes(app: FastifyInstance, { unready, status, faults }: HealthRoutesOptions): void {
  app.get('/-/healthz', (_request, reply) =>
    sendText(reply.header('cache-control', 'no-store'), 200, 'ok\n'),
  );
  app.get('/-/readyz', async (_request, reply) => {
    const reason = await unready();
    void reply.header('cache-control', 'no-store');
    if (reason === undefined) return sendText(reply, 200, 'ready\n');
    return sendText(reply.header('retry-after', '5'), 503, `not ready: ${reason}\n`);
  });
  app.get('/-/status', (_request, reply) =>
    reply.header('cache-control', 'no-store').send({ ...(status() as object), faults: faults.report() }),
  );
  app.get('/-/*', (_request, reply) => sendText(reply, 404, 'not found: modhaven has no such page\n'));
}
