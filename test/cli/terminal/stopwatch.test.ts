import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { createStopwatch } from '../../../src/cli/terminal/stopwatch.js';

it('lists steps in the order in which they ended, failed ones too, and hands their results on', async () => {
  const told: [number, number][] = [];
  const watch = createStopwatch((done, total) => told.push([done, total]));
  const slow = watch.time('slow', async () => sleep(30, 'done'));
  expect(await watch.time('at once', () => 1)).toBe(1);
  await expect(watch.time('fails', () => Promise.reject(new Error('no')))).rejects.toThrow('no');
  expect(await slow).toBe('done');
  expect(watch.steps.map(({ step }) => step)).toEqual(['at once', 'fails', 'slow']);
  expect(told).toEqual([
    [0, 1],
    [0, 2],
    [1, 2],
    [1, 3],
    [2, 3],
    [3, 3],
  ]);
  for (const { ms } of watch.steps) expect(Number.isInteger(ms) && ms >= 0).toBe(true);
  // Timers may fire a millisecond early.
  expect(watch.steps[2]?.ms).toBeGreaterThanOrEqual(28);
});
