import { describe, expect, it } from 'vitest';
import { Oldest } from '../../src/gc/oldest.js';

function chosen(needed: number, items: { bytes: number; lastUsed: number; isLast?: boolean }[]) {
  const oldest = new Oldest<(typeof items)[number]>(needed);
  for (const item of items) oldest.add(item);
  return oldest.chosen();
}

describe('Oldest', () => {
  it('chooses the least recently used, as many as have the bytes that are needed', () => {
    const items = [3, 1, 2].map((lastUsed) => ({ bytes: 10, lastUsed }));
    const uses = (needed: number) => chosen(needed, items).map(({ lastUsed }) => lastUsed);
    expect(uses(11)).toEqual([1, 2]);
    expect(uses(10)).toEqual([1]);
    expect(uses(31)).toEqual([1, 2, 3]);
    expect(chosen(1, [])).toEqual([]);
  });

  it('chooses what goes last only where all else is not enough', () => {
    const last = { bytes: 10, lastUsed: 1, isLast: true };
    const other = { bytes: 10, lastUsed: 2 };
    expect(chosen(10, [last, other])).toEqual([other]);
    expect(chosen(11, [last, other])).toEqual([other, last]);
  });

  it('chooses the same from more than it holds', () => {
    const items = Array.from({ length: 50_000 }, (_, n) => ({ bytes: 1, lastUsed: (n * 7919) % 50_000 }));
    const sorted = [...items].sort((x, y) => x.lastUsed - y.lastUsed);
    expect(chosen(3, items)).toEqual(sorted.slice(0, 3));
    expect(chosen(30_000, items)).toEqual(sorted.slice(0, 30_000));
  });
});
