import { describe, expect, it } from 'vitest';
import { createReplyMetrics, kindOf, outcomeOf } from '../../src/metrics/reply-metrics.js';
import { prepareText } from '../../src/proxy/http/responses.js';
import type { ReplyEvent } from '../../src/proxy/observer.js';
import { replyEvent } from '../proxy/support/reply-event.js';

const at = '/corp.test/lib/@v';
const cached = () => ({ response: prepareText(Buffer.from('x'), 'text/plain', 'no-store'), outcome: {} });
const reply = (event: Partial<ReplyEvent> = {}): ReplyEvent =>
  replyEvent({ url: `${at}/v1.0.0.info`, ms: 0, outcome: {}, source: 'memory', bytes: 1, ...event });

it.each([
  [`${at}/v1.0.0.info`, 'info'],
  [`${at}/v1.0.0.mod?x=1`, 'mod'],
  [`${at}/v1.0.0.zip`, 'zip'],
  [`${at}/list`, 'list'],
  ['/corp.test/lib/@latest', 'latest'],
  [`${at}/v1.0.0.exe`, 'other'],
  ['/sumdb/sum.golang.org/latest', 'sumdb'],
  ['/-/status', 'internal'],
  ['/corp.test/lib?go-get=1', 'page'],
])('takes %s for %s', (url, kind) => {
  expect(kindOf(url)).toBe(kind);
});

it.each([
  [200, false, 'ok'],
  [206, false, 'ok'],
  [200, true, 'aborted'],
  [304, false, 'not_modified'],
  [401, false, 'unauthorized'],
  [405, false, 'bad_request'],
  [500, false, 'error'],
  [504, false, 'host_timeout'],
])('takes status %d (aborted: %s) for %s', (status, aborted, outcome) => {
  expect(outcomeOf({ status, aborted })).toBe(outcome);
});

describe('the figures of replies', () => {
  const total = (families: ReturnType<ReturnType<typeof createReplyMetrics>['families']>, name: string) =>
    families
      .flatMap(({ values, name: family }) =>
        values.map((value) => ({ ...value, name: value.metricName ?? family })),
      )
      .filter((sample) => sample.name === name)
      .reduce((sum, { value }) => sum + value, 0);

  it('count each reply once, also those of one response from memory that end differently', () => {
    const metrics = createReplyMetrics(() => 'disk');
    const held = cached();
    for (let i = 0; i < 3; i++) metrics.replied(reply({ cached: held }));
    metrics.replied(reply({ cached: held, status: 304 }));
    metrics.replied(reply({ cached: held, source: 'store' }));
    expect(metrics.families()[0]?.values).toEqual([
      { labels: { kind: 'info', outcome: 'ok', source: 'memory' }, value: 3 },
      { labels: { kind: 'info', outcome: 'not_modified', source: 'memory' }, value: 1 },
      { labels: { kind: 'info', outcome: 'ok', source: 'disk' }, value: 1 },
    ]);
    expect(total(metrics.families(), 'modhaven_http_request_duration_seconds_count')).toBe(5);
    expect(total(metrics.families(), 'modhaven_http_response_size_bytes_count')).toBe(4);
  });

  it('do not grow with the names of modules', () => {
    const metrics = createReplyMetrics(() => 'disk');
    const series = () => metrics.families().reduce((sum, { values }) => sum + values.length, 0);
    metrics.replied(reply());
    const before = series();
    for (let i = 0; i < 100; i++) metrics.replied(reply({ url: `/corp.test/lib${i}/@v/v1.${i}.0.info` }));
    expect(series()).toBe(before);
  });
});
