import { Readable } from 'node:stream';
import Fastify from 'fastify';
import { expect, it } from 'vitest';
import { sendZipStream } from '../../../src/proxy/http/send-zip-stream.js';

async function send(length: number | undefined, body: Readable) {
  const app = Fastify();
  app.get('/zip', (_request, reply) => sendZipStream(reply, { length, body }, 'public, max-age=1'));
  return app.inject('/zip');
}

it.each([[4], [undefined]])(
  'sends a zip as it comes in, with its length where that is known: %s',
  async (length) => {
    const { statusCode, headers, body } = await send(
      length,
      Readable.from([Buffer.from('PK'), Buffer.from('34')]),
    );
    expect([statusCode, body]).toEqual([200, 'PK34']);
    expect(headers).toMatchObject({
      'content-type': 'application/zip',
      'cache-control': 'public, max-age=1',
    });
    expect(headers['content-length']).toBe(length === undefined ? undefined : '4');
    expect(headers).not.toHaveProperty('etag');
  },
);

it('breaks off where the zip does', async () => {
  const broken = Readable.from(
    (async function* () {
      yield await Promise.resolve(Buffer.from('PK'));
      throw new Error('the zip is bad');
    })(),
  );
  await expect(send(4, broken)).rejects.toThrow();
});
