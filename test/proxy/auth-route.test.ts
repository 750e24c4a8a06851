import Fastify from 'fastify';
import { expect, it } from 'vitest';
import { authRoute } from '../../src/proxy/auth-route.js';

it('says yes without a body, for nobody to keep: the gate has decided', async () => {
  const app = Fastify();
  authRoute(app);
  const reply = await app.inject('/-/auth');
  expect(reply.statusCode).toBe(204);
  expect(reply.headers['cache-control']).toBe('no-store');
  expect(reply.body).toBe('');
});
