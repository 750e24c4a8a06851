import Fastify from 'fastify';
import { expect, it } from 'vitest';
import { authRoute } from '../../src/proxy/auth-route.js';
import { admit } from '../../src/proxy/gate.js';

it.each([
  { audience: undefined, marked: 'public, max-age=31536000, immutable' },
  { audience: 'restricted', marked: 'private, max-age=31536000, immutable' },
])('says yes without a body, and how a file is to be marked: $marked', async ({ audience, marked }) => {
  const app = Fastify();
  app.addHook('onRequest', (request, _reply, done) => {
    admit(request.raw, { principal: { name: 'ann' }, audience });
    done();
  });
  authRoute(app);
  const reply = await app.inject('/-/auth');
  expect(reply.statusCode).toBe(204);
  expect(reply.headers).toMatchObject({ 'cache-control': 'no-store', 'x-cache-control': marked });
  expect(reply.body).toBe('');
});
