import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { processFamilies } from '../../src/metrics/process-metrics.js';

it('names the process in every figure, and knows what it uses', () => {
  const families = processFamilies('worker-3');
  for (const { values } of families) for (const { labels } of values) expect(labels.process).toBe('worker-3');
  const value = (name: string) => families.find((family) => family.name === name)?.values[0]?.value ?? 0;
  expect(value('modhaven_process_resident_memory_bytes')).toBeGreaterThan(1e6);
  expect(value('modhaven_process_cpu_seconds_total')).toBeGreaterThan(0);
});

it('sees an event loop that stood still since the last time', async () => {
  processFamilies('main');
  await sleep(100);
  const until = performance.now() + 300;
  while (performance.now() < until); // nothing else runs meanwhile
  await sleep(50);
  const lag = processFamilies('main').find(({ name }) => name === 'modhaven_process_event_loop_lag_seconds');
  const worst = lag?.values.find(({ labels }) => labels.percentile === '100')?.value ?? 0;
  expect(worst).toBeGreaterThan(0.15);
});
