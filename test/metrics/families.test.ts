import { describe, expect, it } from 'vitest';
import { Counter, Histogram, counter, gauge } from '../../src/metrics/families.js';

it('counts by label, whatever the number of calls', () => {
  const requests = new Counter('requests_total', 'Requests.');
  requests.add({ kind: 'zip' });
  requests.add({ kind: 'zip' }, 4);
  requests.add({ kind: 'mod' });
  expect(requests.family()).toEqual({
    name: 'requests_total',
    help: 'Requests.',
    type: 'counter',
    aggregator: 'sum',
    values: [
      { labels: { kind: 'zip' }, value: 5 },
      { labels: { kind: 'mod' }, value: 1 },
    ],
  });
});

describe('Histogram', () => {
  it('counts each value in all buckets that it fits into, bounds included', () => {
    const seconds = new Histogram('seconds', 'Time.', [1, 5]);
    for (const value of [0, 1, 1.5, 5, 7]) seconds.of({ kind: 'zip' }).add(value);
    expect(seconds.family().values).toEqual([
      { metricName: 'seconds_bucket', labels: { kind: 'zip', le: 1 }, value: 2 },
      { metricName: 'seconds_bucket', labels: { kind: 'zip', le: 5 }, value: 4 },
      { metricName: 'seconds_bucket', labels: { kind: 'zip', le: '+Inf' }, value: 5 },
      { metricName: 'seconds_sum', labels: { kind: 'zip' }, value: 14.5 },
      { metricName: 'seconds_count', labels: { kind: 'zip' }, value: 5 },
    ]);
  });

  it('keeps a distribution for each set of labels', () => {
    const seconds = new Histogram('seconds', 'Time.', [1]);
    seconds.of({ kind: 'zip' }).add(2);
    seconds.of({ kind: 'mod' }).add(0.5);
    const counts = seconds.family().values.filter(({ metricName }) => metricName === 'seconds_count');
    expect(counts.map(({ labels, value }) => [labels.kind, value])).toEqual([
      ['zip', 1],
      ['mod', 1],
    ]);
  });
});

it('takes a number or samples for a gauge', () => {
  expect(gauge('g', 'G.', 3).values).toEqual([{ labels: {}, value: 3 }]);
  expect(counter('c_total', 'C.', [{ labels: { a: 'b' }, value: 1 }])).toMatchObject({
    type: 'counter',
    values: [{ labels: { a: 'b' }, value: 1 }],
  });
});
