import { expect, it } from 'vitest';
import { expose } from '../../src/metrics/exposition.js';
import { Counter, Histogram, gauge } from '../../src/metrics/families.js';

it('adds up what several processes have counted, and keeps what has a label of its own', async () => {
  const familiesOf = (process: string, count: number) => {
    const requests = new Counter('requests_total', 'Requests.');
    requests.add({ kind: 'zip' }, count);
    const seconds = new Histogram('seconds', 'Time.', [1]);
    seconds.of({}).add(count);
    const memory = gauge('memory_bytes', 'Memory.', [{ labels: { process }, value: count }]);
    return [requests.family(), seconds.family(), memory];
  };
  const { text, contentType } = await expose([familiesOf('main', 1), familiesOf('worker-1', 2)]);
  expect(contentType).toMatch(/^text\/plain; version=0\.0\.4/);
  expect(text.split('\n')).toEqual(
    expect.arrayContaining([
      '# TYPE requests_total counter',
      'requests_total{kind="zip"} 3',
      'seconds_bucket{le="1"} 1',
      'seconds_bucket{le="+Inf"} 2',
      'seconds_sum 3',
      'memory_bytes{process="main"} 1',
      'memory_bytes{process="worker-1"} 2',
    ]),
  );
});
