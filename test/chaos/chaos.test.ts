/** A short run; `npm run chaos -- --kills 200` is the long one. */
import { expect, it } from 'vitest';
import { missing } from '../support/requirements.js';
import { chaos } from './chaos.js';

it.skipIf(missing('git'))(
  'kill -9 of a server, a worker and commands leaves nothing half made',
  async () => {
    const lines: string[] = [];
    const { findings, answers, kills } = await chaos({ kills: 8, seed: 20, say: (line) => lines.push(line) });
    expect(findings, lines.join('\n')).toEqual([]);
    expect(answers).toBeGreaterThan(0);
    expect(Math.min(...Object.values(kills))).toBeGreaterThan(0);
  },
  300_000,
);
