/** What `test/contract/bucket.test.ts` cannot show with a good object store. */
import { createServer } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { expect, it } from 'vitest';
import { S3Bucket } from '../../src/s3/s3-bucket.js';
import { listenOnLoopback } from '../support/loopback.js';
import { settingsOf, useS3Login } from '../support/s3-host.js';

it('refuses an object store that ignores the conditions of writes, before anything of value is written', async () => {
  useS3Login();
  const objects = new Map<string, Buffer>();
  const server = createServer((request, response) => {
    const key = request.url?.split('?')[0] ?? '';
    void buffer(request).then((body) => {
      if (request.method === 'PUT') objects.set(key, body);
      if (request.method === 'DELETE') objects.delete(key);
      const found = objects.get(key);
      const isRead = request.method === 'GET' || request.method === 'HEAD';
      response.writeHead(isRead && found === undefined ? 404 : 200, { etag: '"x"' });
      response.end(request.method === 'GET' ? found : undefined);
    });
  });
  await using host = await listenOnLoopback(server);
  const bucket = new S3Bucket(settingsOf(`http://127.0.0.1:${host.port}`, 'go-modules'));
  await expect(
    bucket.put('a.test/@v/v1.0.0.info', Buffer.from('{}'), { ifAbsent: true }),
  ).rejects.toMatchObject({
    code: 'STORAGE',
    reason: expect.stringContaining('ignores the conditions of writes') as string,
  });
  await expect(bucket.probe()).rejects.toMatchObject({ code: 'STORAGE' });
  expect([...objects.keys()]).toEqual([]);
});
