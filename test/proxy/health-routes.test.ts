import Fastify from 'fastify';
import { describe, expect, it } from 'vitest';
import { healthRoutes } from '../../src/proxy/health-routes.js';

async function get(url: string, unready?: string) {
  const app = Fastify();
  healthRoutes(app, {
    unready: () => Promise.resolve(unready),
    status: () => ({ version: 'v1' }),
    faults: { report: () => ({ count: 2, last: [] }) },
  });
  const { statusCode, headers, body } = await app.inject(url);
  const text = body.replace(/request id: \S+\n$/, '');
  return { statusCode, body: text, cache: headers['cache-control'], retry: headers['retry-after'] };
}

describe('healthRoutes', () => {
  it.each([undefined, 'the disk is full'])(
    'is healthy whatever keeps it from being ready: %s',
    async (unready) => {
      expect(await get('/-/healthz', unready)).toMatchObject({
        statusCode: 200,
        body: 'ok\n',
        cache: 'no-store',
      });
    },
  );

  it('says whether it is ready, and why not', async () => {
    expect(await get('/-/readyz')).toMatchObject({ statusCode: 200, body: 'ready\n', cache: 'no-store' });
    expect(await get('/-/readyz', 'the disk is full')).toEqual({
      statusCode: 503,
      body: 'not ready: the disk is full\n',
      cache: 'no-store',
      retry: '5',
    });
  });

  it('adds the faults to the status', async () => {
    const { body, cache } = await get('/-/status');
    expect(JSON.parse(body)).toEqual({ version: 'v1', faults: { count: 2, last: [] } });
    expect(cache).toBe('no-store');
  });

  it.each(['/-/', '/-/other', '/-/healthz/x'])('says in text that there is no page %s', async (url) => {
    expect(await get(url)).toMatchObject({
      statusCode: 404,
      body: 'not found: modhaven has no such page\n',
    });
  });
});
