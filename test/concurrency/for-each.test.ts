import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { forEach, mapEach } from '../../src/concurrency/for-each.js';

async function* slowly<T>(items: readonly T[]): AsyncGenerator<T> {
  for (const item of items) {
    await turn();
    yield item;
  }
}

describe('forEach', () => {
  it.each([
    ['a list', [1, 2, 3, 4, 5]],
    ['what comes by and by', slowly([1, 2, 3, 4, 5])],
    ['nothing', []],
  ])('does the work for each of %s, so many at a time', async (_, items) => {
    const done: number[] = [];
    let [running, most] = [0, 0];
    await forEach(items, 2, async (item) => {
      running += 1;
      most = Math.max(most, running);
      await turn();
      await turn();
      running -= 1;
      done.push(item);
    });
    expect(done).toEqual(done.length === 0 ? [] : [1, 2, 3, 4, 5]);
    expect(most).toBeLessThanOrEqual(2);
  });

  it('begins nothing after a failure, and throws it when what runs has ended', async () => {
    const [begun, ended]: number[][] = [[], []];
    const work = async (item: number) => {
      begun?.push(item);
      if (item === 2) throw new Error('the second fails');
      for (let i = 0; i < 10; i += 1) await turn();
      ended?.push(item);
    };
    await expect(forEach(slowly([1, 2, 3, 4, 5, 6, 7, 8, 9]), 3, work)).rejects.toThrow('the second fails');
    expect(begun?.length).toBeLessThan(5);
    expect(ended).toEqual(begun?.filter((item) => item !== 2));
  });

  it('waits for what runs where the items themselves break off', async () => {
    let isEnded = false;
    async function* broken(): AsyncGenerator<number> {
      yield 1;
      await turn();
      throw new Error('no more items');
    }
    const work = async () => {
      for (let i = 0; i < 10; i += 1) await turn();
      isEnded = true;
      throw new Error('and that fails, too');
    };
    await expect(forEach(broken(), 3, work)).rejects.toThrow('no more items');
    expect(isEnded).toBe(true);
  });
});

it('mapEach gives what was made of each item in the order of the items, whatever ends first', async () => {
  const made = await mapEach([3, 1, 2], 3, async (item) => {
    for (let i = 0; i < item; i += 1) await turn();
    return item * 10;
  });
  expect(made).toEqual([30, 10, 20]);
});
