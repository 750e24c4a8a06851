/** The observer contract for one process, and for a worker with a main process behind it. */
import { pino } from 'pino';
import { describe, expect, it } from 'vitest';
import { Faults } from '../../src/log/faults.js';
import type { Occurrence } from '../../src/observe/events.js';
import { observeAll } from '../../src/proxy/observer.js';
import { observerContract } from '../contract/observer.js';
import { oneProcess, workerAndMain } from './support/gated.js';

observerContract('one process', async (replied) => oneProcess({ replied }));
observerContract('a worker', async (replied) => workerAndMain({ replied }));

describe('observeAll', () => {
  it('tells all in order, whatever one of them throws, and counts that as a fault', () => {
    const faults = new Faults({ log: pino({ level: 'silent' }) });
    const told: string[] = [];
    const event: Occurrence = { type: 'drift', module: 'ex.com/m' };
    const all = observeAll(
      [
        { occurred: () => void told.push('first') },
        {
          occurred: () => {
            throw new Error('a broken listener');
          },
        },
        { replied: () => void told.push('not of this') },
        { occurred: ({ type }) => void told.push(type) },
      ],
      faults,
    );
    all.occurred(event);
    expect(told).toEqual(['first', 'drift']);
    expect(faults.report()).toMatchObject({ count: 1, last: [{ where: 'observer.occurred' }] });
  });
});
