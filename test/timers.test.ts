import { setTimeout as wait } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { timerMs } from '../src/timers.js';

it('is the time that is asked for, or the longest that a timer waits', async () => {
  expect([timerMs(0), timerMs(30_000)]).toEqual([0, 30_000]);
  const far = wait(timerMs(30 * 86_400_000), 'over', { ref: false });
  expect(await Promise.race([far, wait(20, 'waits')])).toBe('waits');
});
