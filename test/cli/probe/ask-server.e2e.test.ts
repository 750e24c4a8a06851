import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, it } from 'vitest';
import { askServer } from '../../../src/cli/probe/ask-server.js';

async function ask(answer: RequestListener) {
  const server = createServer(answer).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  const asked = await askServer({ host: '0.0.0.0', port }, false);
  server.close();
  return asked;
}

it('reads the status of a server that listens on every address', async () => {
  const paths: (string | undefined)[] = [];
  const asked = await ask((request, response) => {
    paths.push(request.url);
    response.end('{"version":"1"}');
  });
  expect([asked, paths]).toEqual([{ status: { version: '1' }, problem: undefined }, ['/-/status']]);
});

it('says why there is none', async () => {
  const refused = await ask((_, response) => void response.writeHead(403).end('forbidden: no\nmore\n'));
  expect(refused).toEqual({ status: undefined, problem: 'it answered 403: forbidden: no' });
  const other = await ask((_, response) => void response.end('<html>'));
  expect(other.problem).toContain('JSON');
  const { problem } = await askServer({ host: '127.0.0.1', port: 9 }, false);
  expect(problem).toContain('ECONNREFUSED');
});
