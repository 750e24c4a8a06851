import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { ModhavenError } from '../../src/errors.js';
import { createReadiness } from '../../src/proxy/readiness.js';

describe('createReadiness', () => {
  it('says what is wrong, and asks the store once for all who ask within a second', async () => {
    let probes = 0;
    const reason = 'the disk is full (ENOSPC)';
    const ready = createReadiness({
      async probe() {
        probes += 1;
        return Promise.reject(new ModhavenError('STORAGE', 'the cache directory has a problem', { reason }));
      },
    });
    const answers = await Promise.all([ready(), ready(), ready()]);
    expect(new Set(answers)).toEqual(new Set([`the cache directory has a problem: ${reason}`]));
    expect(probes).toBe(1);
  });

  it('asks a store that does not answer once, however long that takes', async () => {
    let probes = 0;
    const ready = createReadiness({
      probe() {
        probes += 1;
        return new Promise(() => undefined);
      },
    });
    void ready();
    await sleep(1_100); // longer than an answer holds
    void ready();
    expect(probes).toBe(1);
  });

  it('says nothing of a store that is in order', async () => {
    expect(await createReadiness({ probe: () => Promise.resolve() })()).toBeUndefined();
  });

  it('says that the workers are not up, as long as they are not', async () => {
    let problem: string | undefined = '1 of 2 workers listen';
    const ready = createReadiness({ probe: () => Promise.resolve() }, () => problem);
    expect(await ready()).toBe(problem);
    problem = undefined;
    expect(await ready()).toBeUndefined();
  });
});
