import { createServer } from 'node:http';
import { expect, it } from 'vitest';
import { askAgain, startRecorder } from '../../bench/lab/recorder.js';
import { listenOnLoopback } from '../support/loopback.js';

it('hands on what is asked, and asks the same again, groups side by side', async () => {
  const asked: string[] = [];
  await using host = await listenOnLoopback(
    createServer((request, response) => {
      let body = '';
      request.on('data', (piece: Buffer) => (body += piece.toString()));
      request.on('end', () => {
        asked.push(
          `${request.method ?? ''} ${request.url ?? ''} ${body} ${request.headers['x-own'] as string}`,
        );
        response.end(`answer to ${body}`);
      });
    }),
  );
  const target = `http://127.0.0.1:${host.port}`;
  await using recorder = await startRecorder(target);
  const options = (body: string) => ({ method: 'POST', body, headers: { 'x-own': 'yes' } });
  for (const path of ['/a/1', '/b/1', '/a/2']) {
    const answer = await fetch(recorder.url + path, options(path));
    expect(await answer.text()).toBe(`answer to ${path}`);
  }
  const first = asked.splice(0);
  expect(first).toEqual(['POST /a/1 /a/1 yes', 'POST /b/1 /b/1 yes', 'POST /a/2 /a/2 yes']);
  await askAgain(target, recorder.requests, { groupOf: ({ path }) => path.slice(0, 2), atATime: 2 });
  expect(asked.toSorted()).toEqual(first.toSorted());
  expect(asked.indexOf('POST /a/1 /a/1 yes')).toBeLessThan(asked.indexOf('POST /a/2 /a/2 yes'));
});

it('fails where an answer is not as it was', async () => {
  await using host = await listenOnLoopback(
    createServer((_, response) => {
      response.statusCode = 500;
      response.end();
    }),
  );
  const request = { method: 'GET', path: '/x', headers: {}, body: Buffer.alloc(0) };
  const again = askAgain(`http://127.0.0.1:${host.port}`, [request], { groupOf: () => '', atATime: 1 });
  await expect(again).rejects.toThrow('/x answered 500');
});
