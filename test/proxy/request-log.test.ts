import { pino } from 'pino';
import { describe, expect, it } from 'vitest';
import { prepareText } from '../../src/proxy/http/responses.js';
import type { ReplyEvent } from '../../src/proxy/observer.js';
import { replyEvent } from './support/reply-event.js';
import { createRequestLog, loggedPath } from '../../src/proxy/request-log.js';

const response = prepareText(Buffer.from('x'), 'text/plain', 'no-store');
const URL = '/corp.test/lib/@v/list';

/** The lines for some replies: those that go through the log, and those that are made by hand. */
function log(replies: Partial<ReplyEvent>[], { level = 'debug', byHand = true } = {}) {
  const lines: Record<string, unknown>[] = [];
  const made: string[] = [];
  const logger = pino(
    { level, base: null },
    { write: (line: string) => void lines.push(JSON.parse(line) as never) },
  );
  const observer = createRequestLog(logger, byHand ? (line) => made.push(line) : undefined);
  for (const reply of replies) {
    observer.replied?.(replyEvent({ url: URL, ms: 1.6, client: '10.0.0.1', ...reply }));
  }
  return { lines, made };
}

const outcome = { module: 'corp.test/lib', version: 'v1.0.0', cache: 'fetch' as const };
const cached = () => ({ response, outcome: { module: 'corp.test/lib', cache: 'hit' as const } });

describe('createRequestLog', () => {
  it('says of a reply what happened, and names a principal that is not anyone', () => {
    const { lines } = log([{ outcome }, { principal: 'ci', aborted: true, client: undefined }]);
    expect(lines[0]).toMatchObject({
      method: 'GET',
      path: URL,
      ...outcome,
      status: 200,
      ms: 2,
      client: '10.0.0.1',
      requestId: 'abc123-1',
    });
    expect(lines[0]).not.toHaveProperty('principal');
    expect(lines[0]).not.toHaveProperty('aborted');
    expect(lines[1]).toMatchObject({ principal: 'ci', aborted: true, msg: 'request' });
  });

  it('says the same in a line that is made by hand', () => {
    const byHand = log([{ cached: cached() }]);
    const { lines } = log([{ cached: cached(), outcome: cached().outcome }], { byHand: false });
    expect(byHand.lines).toEqual([]);
    const made = JSON.parse(byHand.made[0] ?? '') as Record<string, unknown>;
    expect({ ...made, level: 0, time: 0 }).toEqual({ ...lines[0], level: 0, time: 0 });
    expect(made.time).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
  });

  it('makes the parts of a line once', () => {
    const response = cached();
    const { made } = log([{ cached: response }, { cached: response, ms: 7 }]);
    expect(response).toHaveProperty('logged');
    expect(made.map((line) => (JSON.parse(line) as { ms: number }).ms)).toEqual([2, 7]);
  });

  it.each(['10.0.0.1"}', 'evil\n{"x":1}', '\u0000'])(
    'writes whole lines whatever a client says: %j',
    (client) => {
      const { made } = log([{ cached: cached(), client }]);
      expect(made[0]?.split('\n')).toHaveLength(2);
      expect(JSON.parse(made[0] ?? '')).toMatchObject({ status: 200 });
    },
  );

  it('names principal and user agent in a line of either kind, whatever they hold', () => {
    const userAgent = `go"\n{"x":1}${'x'.repeat(500)}`;
    const request = { httpVersion: '1.1', headers: { 'user-agent': userAgent } };
    const reply = { cached: cached(), outcome: cached().outcome, principal: 'ci "1"\n', request };
    const [made] = log([reply]).made;
    const [line] = log([reply], { byHand: false }).lines;
    expect(made?.split('\n')).toHaveLength(2);
    expect({ ...(JSON.parse(made ?? '') as object), level: 0, time: 0 }).toEqual({
      ...line,
      level: 0,
      time: 0,
    });
    expect(line).toMatchObject({ userAgent: userAgent.slice(0, 200) });
  });

  it('makes no line by hand for a refusal, or for a reply that broke off', () => {
    const { made, lines } = log([
      { cached: cached(), refusal: 'forbidden' },
      { cached: cached(), aborted: true },
    ]);
    expect([made.length, lines.length]).toEqual([0, 2]);
  });

  it('writes nothing below the level of the log', () => {
    const { made, lines } = log([{ cached: cached() }, { outcome }], { level: 'warn' });
    expect([made, lines]).toEqual([[], []]);
  });

  it('speaks of its own pages at debug level only, without the query', () => {
    const replies = [{ url: '/-/webhook?secret=s3cret' }];
    expect(log(replies).lines).toMatchObject([{ path: '/-/webhook' }]);
    expect(log(replies, { level: 'info' }).lines).toEqual([]);
  });
});

it.each([
  ['/-/webhook?secret=x', '/-/webhook'],
  ['/-/status', '/-/status'],
  ['/a/b?go-get=1', '/a/b?go-get=1'],
])('logs %s as %s', (url, path) => {
  expect(loggedPath(url)).toBe(path);
});
