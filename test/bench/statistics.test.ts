import { describe, expect, it } from 'vitest';
import { growthExponent, median } from '../../bench/measure/statistics.js';

describe('median', () => {
  it.each([
    { samples: [3], middle: 3 },
    { samples: [9, 1, 5], middle: 5 },
    { samples: [10, 9, 100, 1], middle: 9.5 },
  ])('of $samples is $middle', ({ samples, middle }) => {
    expect(median(samples)).toBe(middle);
  });

  it('of nothing is an error, not a number', () => {
    expect(() => median([])).toThrow('no samples');
  });

  it('leaves the samples as they were', () => {
    const samples = [2, 1];
    median(samples);
    expect(samples).toEqual([2, 1]);
  });
});

describe('growthExponent', () => {
  const sizes = [10, 100, 1_000, 10_000];

  it.each([
    { law: 'constant', exponent: 0, cost: () => 7 },
    { law: 'square root', exponent: 0.5, cost: (size: number) => 3 * Math.sqrt(size) },
    { law: 'linear', exponent: 1, cost: (size: number) => size / 50 },
    { law: 'quadratic', exponent: 2, cost: (size: number) => 0.1 * size ** 2 },
  ])('of a $law cost is $exponent', ({ exponent, cost }) => {
    expect(growthExponent(sizes.map((size) => ({ size, cost: cost(size) })))).toBeCloseTo(exponent, 10);
  });

  it('averages noise over all points', () => {
    const points = sizes.map((size, i) => ({ size, cost: size * (i % 2 === 0 ? 1.1 : 0.9) }));
    expect(growthExponent(points)).toBeCloseTo(1, 1);
  });

  it.each([
    { title: 'no points', points: [] },
    {
      title: 'one size',
      points: [
        { size: 10, cost: 1 },
        { size: 10, cost: 2 },
      ],
    },
    {
      title: 'a cost of nothing',
      points: [
        { size: 10, cost: 0 },
        { size: 100, cost: 2 },
      ],
    },
  ])('is unknown for $title', ({ points }) => {
    expect(growthExponent(points)).toBeUndefined();
  });
});
