/** Ids of requests: the text that a developer sees names the lines of the log that explain it, whichever process wrote them. */
import { readFile, rename } from 'node:fs/promises';
import http from 'node:http';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { listenOnLoopback, type LoopbackHost } from '../support/loopback.js';
import { startServer, type ModhavenServer } from '../support/server.js';
import { ask, until } from '../support/ask.js';

let refusing: LoopbackHost;
beforeAll(async () => {
  refusing = await listenOnLoopback(http.createServer((_request, response) => response.writeHead(403).end()));
});
afterAll(() => refusing.stop());

interface Line {
  requestId?: string;
  msg: string;
  level: string;
}

describe.each([1, 2])('with workers: %d', (workers) => {
  let server: ModhavenServer;
  beforeAll(async () => {
    const repo = `http://127.0.0.1:${refusing.port}/x.git`;
    server = await startServer({
      config: { workers, trust_proxy: ['127.0.0.1'], private: ['*'], access_log: './access.log' },
      vanity: { host: 'corp.test', paths: { '/lib': repo } },
      args: ['--log-level', 'debug'],
    });
  });
  afterAll(() => server.stop());

  const linesOf = async (id: string, count: number): Promise<Line[]> =>
    until(
      () =>
        server
          .logs()
          .split('\n')
          .filter((line) => line.startsWith('{'))
          .map((line) => JSON.parse(line) as Line)
          .filter(({ requestId }) => requestId === id),
      (lines) => lines.length >= count && lines.some(({ msg }) => msg === 'request'),
      5_000,
    );

  it('names what was asked of a git host, the failure and the request alike', async () => {
    const { status, text, headers } = await ask(server.url, '/corp.test/lib/@v/list');
    expect(status).toBe(502);
    const [, id = ''] = /\nrequest id: ([0-9a-f]{6}-\d+)\n$/.exec(text) ?? [];
    expect(headers['x-request-id']).toBe(id);
    expect(text.split('\n').length - 1).toBeLessThanOrEqual(8);
    const lines = await linesOf(id, 4);
    const said = lines.map(({ level, msg }) => `${level} ${msg}`);
    expect(said).toEqual(expect.arrayContaining(['info request', 'debug host', 'debug fetch']));
    expect(lines.filter(({ level }) => level === 'error')).toHaveLength(1);
  });

  it('takes the id that a trusted proxy gives', async () => {
    const given = { headers: { 'x-request-id': `edge-${workers}` } };
    const { text } = await ask(server.url, '/corp.test/lib/@v/list', given);
    expect(text).toContain(`request id: edge-${workers}\n`);
    await linesOf(`edge-${workers}`, 2);
  });

  it('names what is found in memory, too, each time anew', async () => {
    await ask(server.url, '/corp.test/lib?go-get=1');
    const path = '/-/env';
    expect((await ask(server.url, path)).headers['x-request-id']).toBeUndefined();
    const { headers, text } = await ask(server.url, '/-/env?format=toml');
    expect(text).toContain(`request id: ${headers['x-request-id'] as string}\n`);
    const { headers: next } = await ask(server.url, '/-/nothing');
    expect(next['x-request-id']).not.toBe(headers['x-request-id']);
  });

  it('writes an access log that may be renamed at any time', async () => {
    const file = path.join(server.dir, 'access.log');
    const written = (name: string, wanted: RegExp) =>
      until(
        () => readFile(name, 'utf8').catch(() => ''),
        (text) => wanted.test(text),
      );
    const line = (url: string, status: number) =>
      new RegExp(
        `^127\\.0\\.0\\.1 - - \\[[^\\]]+ \\+0000\\] "GET ${url} HTTP/1\\.1" ${status} \\d+ "-" "curl/8"$`,
        'm',
      );
    const headers = { 'user-agent': 'curl/8' };
    await ask(server.url, '/-/healthz?one', { headers });
    expect(await written(file, /healthz/)).toMatch(line('/-/healthz', 200));
    await rename(file, `${file}.1`);
    await ask(server.url, '/corp.test/lib/@v/list', { headers });
    expect(await written(file, /list/)).toMatch(line('/corp.test/lib/@v/list', 502));
  });
});
