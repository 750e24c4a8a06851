import { describe, expect, it } from 'vitest';
import { ModhavenError } from '../../src/errors.js';
import { StoredFaults } from '../../src/verify/faults.js';

describe('Faults', () => {
  it('adds problems in order, and nothing where there is none', () => {
    const faults = new StoredFaults();
    faults.add('info', 'is not JSON');
    faults.add('mod', undefined);
    faults.add('zip', 'is cut off');
    expect(faults.list).toEqual([
      { part: 'info', problem: 'is not JSON' },
      { part: 'zip', problem: 'is cut off' },
    ]);
  });

  it('shows no credentials, and not more than a line', () => {
    const faults = new StoredFaults();
    faults.add('info', `is from https://user:secret@git.corp/x.git\n${'x'.repeat(2_000)}`);
    expect(faults.list[0]?.problem).not.toContain('secret');
    expect(faults.list[0]?.problem).not.toContain('\n');
    expect(faults.list[0]?.problem.length).toBeLessThanOrEqual(400);
  });

  it('takes the reason of a failure, and goes on', async () => {
    const faults = new StoredFaults();
    const failing = (error: Error) => (): Promise<unknown> => Promise.reject(error);
    expect(await faults.attempt('mod', () => Promise.resolve(7))).toBe(7);
    const disk = new ModhavenError('STORAGE', 'the cache has a problem', { reason: 'EIO: i/o error' });
    expect(await faults.attempt<unknown>('zip', failing(disk))).toBeUndefined();
    expect(await faults.attempt<unknown>('ziphash', failing(new Error('no reason')))).toBeUndefined();
    expect(faults.list).toEqual([
      { part: 'zip', problem: 'EIO: i/o error' },
      { part: 'ziphash', problem: 'no reason' },
    ]);
  });
});
