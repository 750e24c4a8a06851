import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { sortInSlices, Slices } from '../../src/concurrency/slices.js';

it('says after so many that others should run', () => {
  const slices = new Slices(3);
  expect([slices.isOver(), slices.isOver(), slices.isOver()]).toEqual([false, false, true]);
  void slices.next();
  expect(slices.isOver()).toBe(false);
});

it('counts what is larger as several', () => {
  const slices = new Slices(3);
  expect([slices.isOver(0), slices.isOver(2)]).toEqual([false, true]);
  void slices.next();
  expect(slices.isOver(100)).toBe(true);
});

it.each([0, 1, 4_000, 4_001, 30_000])(
  'sorts %i items as the array does, equal ones in their order',
  async (count) => {
    const items = Array.from({ length: count }, (_, i) => ({ key: (i * 7919) % 1_000, i }));
    const byKey = (a: { key: number }, b: { key: number }) => a.key - b.key;
    expect(await sortInSlices([...items], byKey)).toEqual([...items].sort(byKey));
  },
);

it('compares a bounded number of items in one slice', async () => {
  let [compared, most, isDone] = [0, 0, false];
  const items = Array.from({ length: 50_000 }, (_, i) => (i * 7919) % 50_000);
  const sorting = sortInSlices(items, (a, b) => {
    compared += 1;
    return a - b;
  }).finally(() => (isDone = true));
  while (!isDone) {
    most = Math.max(most, compared);
    compared = 0;
    await nextTurn();
  }
  await sorting;
  expect(most).toBeLessThan(100_000); // of 800,000
});
