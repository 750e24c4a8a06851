import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { sortInTurns, Turns } from '../../src/concurrency/turns.js';

it('says after so many that others should have their turn', () => {
  const turns = new Turns(3);
  expect([turns.isOver(), turns.isOver(), turns.isOver()]).toEqual([false, false, true]);
  void turns.next();
  expect(turns.isOver()).toBe(false);
});

it.each([0, 1, 4_000, 4_001, 30_000])(
  'sorts %i items as the array does, equal ones in their order',
  async (count) => {
    const items = Array.from({ length: count }, (_, i) => ({ key: (i * 7919) % 1_000, i }));
    const byKey = (a: { key: number }, b: { key: number }) => a.key - b.key;
    expect(await sortInTurns([...items], byKey)).toEqual([...items].sort(byKey));
  },
);

it('compares a bounded number of items between two turns', async () => {
  let [compared, most, isDone] = [0, 0, false];
  const items = Array.from({ length: 50_000 }, (_, i) => (i * 7919) % 50_000);
  const sorting = sortInTurns(items, (a, b) => {
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
