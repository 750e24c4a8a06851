import { describe, expect, it } from 'vitest';
import { interleave } from '../../bench/measure/interleave.js';

describe('interleave', () => {
  it('measures in turn, every other round in reverse, and keeps the samples of a round at one index', async () => {
    const order: string[] = [];
    const samples = await interleave([{ name: 'a' }, { name: 'b' }], 3, ({ name }) => {
      order.push(name);
      return Promise.resolve(`${name}${order.length}`);
    });
    expect(order.join('')).toBe('abbaab');
    expect([...samples]).toEqual([
      ['a', ['a1', 'a4', 'a5']],
      ['b', ['b2', 'b3', 'b6']],
    ]);
  });
});
