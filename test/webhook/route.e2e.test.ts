import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { pino } from 'pino';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { PushOutcome } from '../../src/webhook/push-handler.js';
import type { Push } from '../../src/webhook/payload.js';
import { DeliveryBodies } from '../../src/webhook/delivery-bodies.js';
import { requestIdOf } from '../../src/proxy/http/request-id.js';
import { webhookRoute, type WebhookRouteOptions } from '../../src/webhook/route.js';
import { until } from '../support/ask.js';
import { deliver, labServer, type LabServer, type Reply } from '../proxy/support/lab.js';
import { DELIVERIES, SECRET, TAG, json, type Delivery } from './deliveries.js';

const MATCHED: PushOutcome = { matched: true, text: 'asking for new refs of ex.com/go/common' };
const UNMATCHED: PushOutcome = { matched: false, text: 'no rule of vanity.yaml matches go/common' };

const running: LabServer[] = [];
afterEach(async () => {
  for (const one of running.splice(0)) await one[Symbol.asyncDispose]();
});

/** A server of which only the webhook is asked. The log is not redacted, so that what reaches it can be seen. */
function server(
  options: {
    secret?: string | undefined;
    outcome?: PushOutcome;
    webhook?: Partial<WebhookRouteOptions>;
  } = {},
) {
  const { secret, outcome, webhook } = { secret: SECRET, outcome: MATCHED, ...options };
  const logged: string[] = [];
  const handle = vi.fn<(push: Push) => PushOutcome>(() => outcome);
  const log = pino({ level: 'trace' }, { write: (line: string) => logged.push(line) });
  const started = labServer({
    log,
    moreRoutes: (app) =>
      webhookRoute(app, { log, requestIdOf, secret: () => secret, pushes: { handle }, ...webhook }),
  }).then((lab) => {
    running.push(lab);
    return lab;
  });
  const send = async (
    { query, headers, body }: Delivery,
    method: 'POST' | 'GET' | 'PUT' | 'HEAD' = 'POST',
  ): Promise<Reply> => deliver(`${(await started).url}/-/webhook${query}`, { method, headers, body });
  return { started, send, handle, logged };
}

describe('POST /-/webhook', () => {
  it.each(Object.entries(DELIVERIES))('takes a push of %s', async (_name, deliver) => {
    const { send, handle } = server();
    const answer = await send(deliver(TAG));
    expect(answer).toMatchObject({ statusCode: 202, body: `${MATCHED.text}\n` });
    expect(answer.headers).toMatchObject({
      'content-type': 'text/plain; charset=utf-8',
      'cache-control': 'no-store',
    });
    expect(handle).toHaveBeenCalledOnce();
    expect(handle.mock.calls[0]?.[0].refs).toEqual([{ ref: TAG.ref, after: TAG.after }]);
  });

  it.each(Object.entries(DELIVERIES))('refuses a push of %s with another secret', async (name, deliver) => {
    const { send, handle } = server();
    const answer = await send(deliver(TAG, 'guessed-canary'));
    expect(answer.statusCode).toBe(401);
    expect(answer.body).toMatch(/^the secret is missing or wrong: it is expected in the header /);
    expect(answer.body.toLowerCase()).toContain(name === 'gerrit' ? 'bearer' : 'x-');
    expect(handle).not.toHaveBeenCalled();
  });

  it.each(Object.entries(DELIVERIES))(
    'keeps secrets and signatures of %s to itself',
    async (_name, deliver) => {
      const { send, logged } = server();
      const deliveries = [deliver(TAG), deliver(TAG, 'guessed-canary')];
      const answers = await Promise.all(deliveries.map((delivery) => send(delivery)));
      const said = [
        ...logged,
        ...answers.flatMap(({ body, headers }) => [body, JSON.stringify(headers)]),
      ].join('');
      expect(logged).not.toEqual([]);
      const proofs = deliveries.flatMap(({ headers }) =>
        Object.entries(headers).flatMap(([name, value]) => (/token|signature/.test(name) ? [value] : [])),
      );
      for (const secret of [SECRET, 'guessed-canary', ...proofs]) expect(said).not.toContain(secret);
    },
  );

  it('refuses an old signature on a new body', async () => {
    const { send, handle } = server();
    const old = DELIVERIES.gitea(TAG);
    const { body } = DELIVERIES.gitea({ ...TAG, ref: 'refs/tags/v9.9.9' });
    expect((await send({ ...old, body })).statusCode).toBe(401);
    expect(handle).not.toHaveBeenCalled();
  });

  it('answers 200 where no rule matches: the host did nothing wrong', async () => {
    const { send } = server({ outcome: UNMATCHED });
    expect(await send(DELIVERIES.gitlab(TAG))).toMatchObject({
      statusCode: 200,
      body: `${UNMATCHED.text}\n`,
    });
  });

  it("answers GitHub's ping", async () => {
    const { send, handle } = server();
    const { headers } = DELIVERIES.github(TAG);
    const ping = json('{}', { ...headers, 'x-github-event': 'ping', authorization: `Bearer ${SECRET}` });
    expect(await send(ping)).toMatchObject({
      statusCode: 200,
      body: 'ignored: not a push of branches or tags\n',
    });
    expect(handle).not.toHaveBeenCalled();
  });

  it.each([
    ['application/x-www-form-urlencoded', 415],
    ['text/plain', 415],
    ['application/jsonp', 415],
    ['', 415],
    ['application/json', 202],
    ['Application/JSON;charset=utf-8', 202],
    ['application/vnd.github+json', 202],
  ])('answers content type %j with %i', async (type, status) => {
    const { send } = server();
    const delivery = DELIVERIES.github(TAG);
    const answer = await send({ ...delivery, headers: { ...delivery.headers, 'content-type': type } });
    expect(answer.statusCode).toBe(status);
    if (status === 415) expect(answer.body).toContain('set its content type to application/json');
  });

  it('refuses what is not JSON, once it knows the sender', async () => {
    const { send } = server();
    const headers = { 'x-gitlab-event': 'Push Hook', 'x-gitlab-token': SECRET };
    expect(await send(json('{"a":canary}', headers))).toMatchObject({
      statusCode: 400,
      body: 'the delivery cannot be read: it is not JSON\n',
    });
    expect((await send(json('', headers))).statusCode).toBe(400);
    expect((await send(json('{"a":canary}', {}))).statusCode).toBe(401);
  });

  it('refuses more than 5 MiB, and takes 5 MiB', async () => {
    const { send, handle } = server();
    const headers = { 'x-gitlab-event': 'Push Hook', 'x-gitlab-token': SECRET };
    const { body } = DELIVERIES.gitlab(TAG);
    const answer = await send(json(body.padEnd(5 * 2 ** 20 + 1), headers));
    expect(answer).toMatchObject({ statusCode: 413, body: 'the delivery is larger than 5 MiB\n' });
    expect(handle).not.toHaveBeenCalled();
    expect((await send(json(body.padEnd(5 * 2 ** 20), headers))).statusCode).toBe(202);
  });

  it('refuses a wrong token before the body has come', async () => {
    const { started } = server();
    for (const headers of [{}, { 'x-gitlab-token': 'guessed' }, { authorization: 'Bearer guessed' }]) {
      expect(
        await firstLine((await started).url, { ...headers, 'content-length': '1000000' }, 'x'),
      ).toContain(' 401 ');
    }
  });

  it('reads no more at one time than it is given room for, and none for long', async () => {
    const bodies = new DeliveryBodies({ maxTotal: 100_000, timeoutMs: 2_000 });
    const { started, send } = server({ webhook: { bodies } });
    const { url } = await started;
    const signed = { 'x-gitea-event': 'push', 'x-gitea-signature': 'ab', 'content-length': '90000' };
    const slow = firstLine(url, signed, 'x'.repeat(80_000));
    const crowded = until(
      async () => firstLine(url, signed, ''),
      (line) => line.includes(' 503 '),
    );
    expect(await crowded).toContain(' 503 ');
    expect(await slow).toContain(' 408 ');
    expect((await send(DELIVERIES.gitea(TAG))).statusCode).toBe(202);
  });

  it.each(['chunked', 'counted'])('gives back the room of %s bodies whose clients leave', async (how) => {
    const bodies = new DeliveryBodies({ maxTotal: 100_000 });
    const { started, send } = server({ webhook: { bodies } });
    const length: Record<string, string> =
      how === 'chunked' ? { 'transfer-encoding': 'chunked' } : { 'content-length': '90000' };
    for (let i = 0; i < 5; i++) {
      const part = 'x'.repeat(60_000);
      const socket = begin(
        (await started).url,
        { 'x-gitea-signature': 'ab', ...length },
        how === 'chunked' ? `ea60\r\n${part}\r\n` : part,
      );
      await sleep(50);
      socket.destroy();
      await sleep(50);
    }
    expect((await send(DELIVERIES.gitea(TAG))).statusCode).toBe(202);
  });

  it('slows guessing: after 20 wrong secrets within a minute 429, and the right one passes all the same', async () => {
    const { send, handle } = server();
    const statuses: number[] = [];
    for (let i = 0; i < 25; i++) {
      const { statusCode, headers } = await send(DELIVERIES.gitlab(TAG, `guess ${i}`));
      statuses.push(statusCode);
      if (statusCode === 429) expect(Number(headers['retry-after'])).toBeGreaterThan(0);
    }
    expect(statuses).toEqual([...Array<number>(20).fill(401), ...Array<number>(5).fill(429)]);
    expect(handle).not.toHaveBeenCalled();
    expect((await send(DELIVERIES.gitlab(TAG))).statusCode).toBe(202);
  });

  it('counts no request without a secret as a guess', async () => {
    const { send } = server();
    for (let i = 0; i < 25; i++) expect((await send(json('{}', {}))).statusCode).toBe(401);
  });

  it.each(['GET', 'PUT', 'HEAD'] as const)('answers %s with 405', async (method) => {
    const answer = await server().send(DELIVERIES.gitlab(TAG), method);
    expect(answer.statusCode).toBe(405);
    expect(answer.headers.allow).toBe('POST');
  });

  it.each(['POST', 'GET'] as const)('is off without a secret: %s is 404', async (method) => {
    const { send, handle } = server({ secret: undefined });
    const answer = await send(DELIVERIES.gitlab(TAG, ''), method);
    expect(answer).toMatchObject({
      statusCode: 404,
      body: 'webhooks are off: set webhook.secret in modhaven.yaml to turn them on\n',
    });
    expect(handle).not.toHaveBeenCalled();
  });

  it('leaves POST to any other path refused', async () => {
    const { url } = await server().started;
    const answer = await deliver(`${url}/ex.com/m/@v/list`, { method: 'POST', headers: {}, body: '{}' });
    expect(answer.statusCode).toBe(405);
    expect(answer.headers.allow).toBe('GET, HEAD');
  });
});

/** A delivery whose body may never end. */
function begin(url: string, headers: Record<string, string>, part: string): Socket {
  const { port } = new URL(url);
  const socket = connect(Number(port), '127.0.0.1');
  socket.on('error', () => undefined);
  const lines = Object.entries({ host: 'x', 'content-type': 'application/json', ...headers }).map(
    ([name, value]) => `${name}: ${value}\r\n`,
  );
  socket.write(`POST /-/webhook HTTP/1.1\r\n${lines.join('')}\r\n${part}`);
  return socket;
}

/** The first line of the response to such a delivery. */
async function firstLine(url: string, headers: Record<string, string>, part: string): Promise<string> {
  const socket = begin(url, headers, part);
  return new Promise((resolve, reject) => {
    socket.once('data', (bytes: Buffer) => {
      socket.destroy();
      resolve(bytes.toString('latin1').split('\r\n', 1)[0] ?? '');
    });
    socket.once('close', () => reject(new Error('closed without a response')));
  });
}
