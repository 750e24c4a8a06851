/** The observer contract for one process, and for a worker with a main process behind it. */
import { pino } from 'pino';
import { describe, expect, it } from 'vitest';
import { Faults } from '../../src/log/faults.js';
import { observeAll, type GitEvent } from '../../src/proxy/observer.js';
import { observerContract } from '../contract/observer.js';
import { oneProcess, workerAndMain } from './gated.js';

observerContract('one process', async (replied) => oneProcess({ replied }));
observerContract('a worker', async (replied) => workerAndMain({ replied }));

describe('observeAll', () => {
  it('tells all in order, whatever one of them throws, and counts that as a fault', () => {
    const faults = new Faults({ log: pino({ level: 'silent' }) });
    const told: string[] = [];
    const event: GitEvent = { command: 'fetch', repository: undefined, ms: 1, failure: undefined };
    const all = observeAll(
      [
        { gitRan: () => void told.push('first') },
        {
          gitRan: () => {
            throw new Error('a broken listener');
          },
        },
        { replied: () => void told.push('not of this') },
        { gitRan: ({ command }) => void told.push(command) },
      ],
      faults,
    );
    all.gitRan(event);
    expect(told).toEqual(['first', 'fetch']);
    expect(faults.report()).toMatchObject({ count: 1, last: [{ where: 'observer.gitRan' }] });
  });
});
