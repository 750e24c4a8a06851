import { describe, expect, it } from 'vitest';
import {
  absolute,
  bestPeer,
  changeOf,
  judge,
  versus,
  versusPeer,
  type Line,
} from '../../bench/measure/line.js';

const rate: Line = {
  name: 'warm .info',
  unit: 'req/s',
  figures: [
    { name: 'modhaven', role: 'modhaven', samples: [110, 130, 120] },
    { name: 'slow', role: 'peer', samples: [10, 20, 15] },
    { name: 'fast', role: 'peer', samples: [90, 500, 100] },
    { name: 'nginx', role: 'limit', samples: [400] },
  ],
  goals: [],
};
const cost: Line = { ...rate, name: 'cold zip', unit: 'ms' };

describe('the best peer', () => {
  it('has the highest median rate', () => {
    expect(bestPeer(rate)?.name).toBe('fast');
  });

  it('has the lowest median cost', () => {
    expect(bestPeer(cost)?.name).toBe('slow');
  });

  it('is not there when none was measured', () => {
    expect(
      bestPeer({ ...rate, figures: rate.figures.filter(({ role }) => role !== 'peer') }),
    ).toBeUndefined();
  });
});

describe('a goal', () => {
  it.each([
    { line: rate, goal: versusPeer(1.2), text: '≥ 1.20 × best peer', bound: 120, met: true },
    { line: rate, goal: versusPeer(1.21), text: '≥ 1.21 × best peer', bound: 121, met: false },
    { line: cost, goal: versusPeer(8), text: '≤ 8.00 × best peer', bound: 120, met: true },
    { line: cost, goal: versusPeer(7.9), text: '≤ 7.90 × best peer', bound: 118.5, met: false },
    { line: cost, goal: versus('nginx', 0.25, 20), text: '≤ 0.25 × nginx + 20 ms', bound: 120, met: true },
    { line: cost, goal: absolute(119), text: '≤ 119 ms', bound: 119, met: false },
    { line: rate, goal: absolute(119), text: '≥ 119 req/s', bound: 119, met: true },
  ])('of $text is judged by the median', ({ line, goal, text, bound, met }) => {
    const verdict = judge(line, goal);
    expect(verdict).toMatchObject({ text, met });
    expect(verdict.bound).toBeCloseTo(bound);
  });

  it('is open without the peer or limit it names', () => {
    expect(judge({ ...rate, figures: rate.figures.slice(0, 1) }, versusPeer(1)).met).toBeUndefined();
    expect(judge(rate, versus('bare git', 1)).met).toBeUndefined();
  });
});

describe('the change between two checkouts', () => {
  const figures = (now: number[], before: number[]): Line['figures'] => [
    { name: 'modhaven', role: 'modhaven', samples: now },
    { name: 'before', role: 'peer', samples: before },
  ];

  it('is the median of the ratios of pairs, whatever the machine does between them', () => {
    // The machine is ten times as slow in the last round; the ratio of medians would be 2.
    const change = changeOf({ ...cost, figures: figures([110, 220, 1_000], [100, 200, 1_000]) });
    expect(change?.ratio).toBeCloseTo(1.1);
    expect(change?.worse).toBeCloseTo(0.1);
    expect(change?.range.map((ratio) => ratio.toFixed(2))).toEqual(['1.00', '1.10']);
  });

  it('is worse for a rate that fell', () => {
    expect(changeOf({ ...rate, figures: figures([90], [100]) })?.worse).toBeCloseTo(0.111);
    expect(changeOf({ ...rate, figures: figures([110], [100]) })?.worse).toBeLessThan(0);
  });

  it('is not there without a pair', () => {
    expect(changeOf({ ...cost, figures: figures([1], []) })).toBeUndefined();
    expect(changeOf({ ...cost, figures: figures([1], [0]) })).toBeUndefined();
  });
});
