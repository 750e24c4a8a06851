import { describe, expect, it } from 'vitest';
import { FairQueue } from '../../src/concurrency/fair-queue.js';

/** Turns whose order of beginning is noted; `ends` ends them in this order. */
function lab(total: number, perHost = total) {
  const started: string[] = [];
  const ends: (() => void)[] = [];
  const queue = new FairQueue({ total: () => total, perHost: () => perHost });
  const enter = (client: string, name: string, host = 'h') =>
    queue.enter(host, client, (end) => {
      started.push(name);
      ends.push(end);
    });
  return { started, ends, enter };
}

describe('FairQueue', () => {
  it('lets clients take turns, each with its own in order', () => {
    const { started, ends, enter } = lab(1);
    for (const name of ['a1', 'a2', 'a3', 'a4']) enter('a', name);
    enter('b', 'b1');
    enter('c', 'c1');
    enter('b', 'b2');
    for (let index = 0; index < 7; index += 1) ends[index]?.();
    expect(started).toEqual(['a1', 'a2', 'b1', 'c1', 'a3', 'b2', 'a4']);
  });

  it('passes over a host that has its share, and gives it the next free place', () => {
    const { started, ends, enter } = lab(3, 2);
    for (const name of ['s1', 's2', 's3']) enter('a', name, 'slow');
    enter('a', 'f1', 'fast');
    expect(started).toEqual(['s1', 's2', 'f1']);
    ends[2]?.();
    expect(started).toHaveLength(3);
    ends[0]?.();
    expect(started.at(-1)).toBe('s3');
  });

  it('forgets a place that was given up, and counts an end once', () => {
    const { started, ends, enter } = lab(1);
    enter('a', 'a1');
    const leave = enter('a', 'a2');
    enter('a', 'a3');
    leave();
    ends[0]?.();
    ends[0]?.();
    enter('b', 'b1');
    expect(started).toEqual(['a1', 'a3']);
  });
});
