import { describe, expect, it } from 'vitest';
import { createHostLimiter } from '../../src/concurrency/host-limiter.js';

const WORDS = { message: 'the host cannot be asked now', questions: 'questions', remedy: 'try again' };

/** Work that goes on until it is told to end. */
function longWork() {
  let end: () => void = () => undefined;
  const ended = new Promise<void>((resolve) => (end = resolve));
  return { end, work: () => ended };
}

describe('createHostLimiter', () => {
  it('leaves room for other hosts, however many wait for one that hangs', async () => {
    const turns = createHostLimiter(() => 4, WORDS);
    const hang = longWork();
    const stuck = Array.from({ length: 20 }, () => turns.run('slow:22', 60_000, hang.work));
    expect(await turns.run('fast:443', 60_000, () => Promise.resolve('served'))).toBe('served');
    hang.end();
    await Promise.all(stuck);
  });

  it('counts waiting: a caller without a turn in time is turned away, and its work never runs', async () => {
    const turns = createHostLimiter(() => 1, WORDS);
    const hang = longWork();
    const first = turns.run('h:1', 60_000, hang.work);
    let ran = false;
    const late = turns.run('h:1', 30, () => Promise.resolve((ran = true)));
    await expect(late).rejects.toMatchObject({ code: 'OVERLOADED', reason: 'h:1 was busy for 1 s' });
    hang.end();
    await first;
    await turns.run('h:1', 60_000, () => Promise.resolve());
    expect(ran).toBe(false);
  });

  it('turns callers away when too many wait', async () => {
    const turns = createHostLimiter(() => 1, WORDS);
    const hang = longWork();
    const first = turns.run('h:1', 60_000, hang.work);
    await new Promise((resolve) => setImmediate(resolve)); // it has its turn and waits no more
    const waiting = Array.from({ length: 2000 }, () => turns.run('h:1', 60_000, hang.work));
    await expect(turns.run('h:1', 60_000, hang.work)).rejects.toMatchObject({ code: 'OVERLOADED' });
    hang.end();
    await Promise.all([first, ...waiting]);
  });

  it('takes a new concurrency at once, and hands on what the work throws', async () => {
    let concurrency = 1;
    const turns = createHostLimiter(() => concurrency, WORDS);
    const hang = longWork();
    const first = turns.run('a:1', 60_000, hang.work);
    concurrency = 4;
    await expect(turns.run('b:1', 60_000, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    hang.end();
    await first;
  });
});
