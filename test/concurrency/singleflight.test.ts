import { describe, expect, it } from 'vitest';
import { createSingleflight } from '../../src/concurrency/singleflight.js';

/** Work that ends when the test says so. */
function work<T>(): {
  run: () => Promise<T>;
  started: () => number;
  end: (value: T) => void;
  fail: (error: Error) => void;
} {
  let started = 0;
  let settle: { resolve: (value: T) => void; reject: (error: Error) => void } | undefined;
  return {
    run: () => {
      started += 1;
      return new Promise<T>((resolve, reject) => (settle = { resolve, reject }));
    },
    started: () => started,
    end: (value) => settle?.resolve(value),
    fail: (error) => settle?.reject(error),
  };
}

describe('createCoalescer', () => {
  it('runs the work once for all callers that come while it runs', async () => {
    const flights = createSingleflight();
    const job = work<number>();
    const answers = Array.from({ length: 100 }, () => flights.run('key', job.run));
    expect(job.started()).toBe(1);
    job.end(7);
    expect(new Set(await Promise.all(answers))).toEqual(new Set([7]));
  });

  it('keeps different keys apart, also those that objects have by nature', async () => {
    const flights = createSingleflight();
    const keys = ['a', 'b', '', '__proto__', 'constructor', 'toString'];
    expect(await Promise.all(keys.map((key) => flights.run(key, () => Promise.resolve(key))))).toEqual(keys);
  });

  it('remembers nothing: the next question is a new flight', async () => {
    const flights = createSingleflight();
    const job = work<number>();
    const first = flights.run('key', job.run);
    job.end(1);
    expect(await first).toBe(1);
    const second = flights.run('key', job.run);
    job.end(2);
    expect(await second).toBe(2);
    expect(job.started()).toBe(2);
  });

  it('gives a failure to all callers that wait, and to none after them', async () => {
    const flights = createSingleflight();
    const job = work<number>();
    const waiting = [flights.run('key', job.run), flights.run('key', job.run)];
    job.fail(new Error('host is down'));
    for (const answer of waiting) await expect(answer).rejects.toThrow('host is down');
    await expect(flights.run('key', () => Promise.resolve(3))).resolves.toBe(3);
    expect(job.started()).toBe(1);
  });

  it('is free for the next flight by the time the answer is seen', async () => {
    const flights = createSingleflight();
    let count = 0;
    const once = (): Promise<number> => flights.run('key', () => Promise.resolve((count += 1)));
    expect(await once().then(once).then(once)).toBe(3);
    expect(
      await once()
        .then(() => Promise.reject(new Error('x')))
        .catch(once),
    ).toBe(5);
  });

  it('keeps the flights of one instance apart from those of another', async () => {
    const one = createSingleflight();
    const other = createSingleflight();
    const job = work<string>();
    const slow = one.run('key', job.run);
    await expect(other.run('key', () => Promise.resolve('quick'))).resolves.toBe('quick');
    job.end('slow');
    await expect(slow).resolves.toBe('slow');
  });
});
