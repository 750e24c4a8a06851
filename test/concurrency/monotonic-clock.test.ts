import { afterEach, describe, expect, it, vi } from 'vitest';
import { monotonicNow } from '../../src/concurrency/monotonic-clock.js';

describe('monotonicNow', () => {
  afterEach(() => vi.useRealTimers());

  it('agrees with the clock, and goes on when that is set back', () => {
    const before = monotonicNow();
    expect(Math.abs(before - Date.now())).toBeLessThan(60_000);
    vi.useFakeTimers({ now: before - 3_600_000, toFake: ['Date'] });
    expect(monotonicNow()).toBeGreaterThanOrEqual(before);
    expect(monotonicNow() - before).toBeLessThan(60_000);
  });
});
