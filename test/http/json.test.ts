import { PassThrough } from 'node:stream';
import { expect, it } from 'vitest';
import type { HttpClient } from '../../src/http/client.js';
import { jsonThrough } from '../../src/http/json.js';

function answering(status: number, ...pieces: (string | Buffer)[]): (url: string) => Promise<unknown> {
  const get: HttpClient['get'] = () => {
    const body = new PassThrough();
    for (const piece of pieces) body.write(piece);
    body.end();
    return Promise.resolve({ status, header: () => undefined, body });
  };
  return jsonThrough({ get });
}

it('reads a document that comes in pieces', async () => {
  await expect(answering(200, '{"a":', '[1,2]}')('https://issuer.test/x')).resolves.toEqual({ a: [1, 2] });
});

it('takes no other answer for a document', async () => {
  await expect(answering(503, '{}')('https://issuer.test/x')).rejects.toThrow('issuer.test answered 503');
  await expect(answering(200, '<html>')('https://issuer.test/x')).rejects.toThrow();
  const huge = Array.from({ length: 20 }, () => Buffer.alloc(64 * 1024, ' '));
  await expect(answering(200, ...huge)('https://issuer.test/x')).rejects.toThrow(/more than/);
});
