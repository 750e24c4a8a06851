import { pino } from 'pino';
import { describe, expect, it } from 'vitest';
import { Faults, type FaultRecord } from '../../src/log/faults.js';

function scene(level: string, verbose = false) {
  const lines: Record<string, unknown>[] = [];
  const log = pino(
    { level },
    { write: (line: string) => void lines.push(JSON.parse(line) as Record<string, unknown>) },
  );
  const told: FaultRecord[] = [];
  const faults = new Faults({ log, verbose, onFault: (record) => told.push(record) });
  return { faults, lines, told };
}

describe('Faults', () => {
  it('logs each once, with an id, and counts it', () => {
    const { faults, lines, told } = scene('info');
    const id = faults.caught(new Error('https://user:token-canary@host/ is no place'), 'request', {
      path: '/x',
    });
    expect(id).toMatch(/^[0-9a-f]{12}$/);
    expect(lines).toMatchObject([{ id, where: 'request', path: '/x', msg: 'unexpected error' }]);
    expect(lines[0]).not.toHaveProperty('err');
    expect(faults.report()).toEqual({ count: 1, last: told });
    expect(JSON.stringify(faults.report())).not.toContain('token-canary');
  });

  it.each([
    { level: 'debug', verbose: false },
    { level: 'info', verbose: true },
  ])('adds the stack at level $level, verbose: $verbose', ({ level, verbose }) => {
    const { faults, lines } = scene(level, verbose);
    faults.caught(new Error('broken'), 'timer');
    expect(lines).toHaveLength(1);
    expect(JSON.stringify(lines[0])).toContain('faults.test.ts');
  });

  it.each([
    undefined,
    null,
    'text',
    {
      toString: () => {
        throw new Error('worse');
      },
    },
  ])('takes %j', (thrown) => {
    const { faults } = scene('info');
    faults.caught(thrown, 'request');
    expect(faults.report().count).toBe(1);
  });

  it('remembers the last ten', () => {
    const { faults } = scene('silent');
    for (let i = 0; i < 25; i++) faults.caught(new Error(`fault ${i}`), 'request');
    const { count, last } = faults.report();
    expect([count, last.length, last[0]?.text, last[9]?.text]).toEqual([25, 10, 'fault 24', 'fault 15']);
  });

  it('guards what runs now and what rejects later', async () => {
    const { faults } = scene('silent');
    faults.guard('now', () => {
      throw new Error('now');
    })();
    faults.guard('later', async () => Promise.reject(new Error('later')))();
    await new Promise(setImmediate);
    expect(faults.report().last.map(({ where }) => where)).toEqual(['later', 'now']);
  });
});
