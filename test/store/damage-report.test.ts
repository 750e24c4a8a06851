import { describe, expect, it } from 'vitest';
import { parseModulePath } from '../../src/module/module-path.js';
import type { DamagedPart } from '../../src/store/checked-store.js';
import { DamageReport } from '../../src/store/damage-report.js';

function damaged(n: number): DamagedPart {
  return {
    module: parseModulePath('corp.test/lib'),
    version: `v1.0.${n}`,
    kind: 'mod',
    problem: 'it is empty',
    file: `/cache/damaged/${n}`,
    at: Date.UTC(2024, 2, 1, 12, 0, n),
  };
}

describe('DamageReport', () => {
  it('begins with nothing', () => {
    expect(new DamageReport().report()).toEqual({ count: 0, newest: [] });
  });

  it('names the newest first, without the place in the file system', () => {
    const report = new DamageReport();
    report.add(damaged(1));
    report.add(damaged(2));
    const common = { module: 'corp.test/lib', part: 'mod', problem: 'it is empty' };
    expect(report.report()).toEqual({
      count: 2,
      newest: [
        { ...common, version: 'v1.0.2', at: '2024-03-01T12:00:02.000Z' },
        { ...common, version: 'v1.0.1', at: '2024-03-01T12:00:01.000Z' },
      ],
    });
  });

  it('counts what another process found, which has logged it', () => {
    const logged: object[] = [];
    const found: DamagedPart[] = [];
    const report = new DamageReport({ error: (details) => logged.push(details) });
    report.onFound = (part) => found.push(part);
    report.foundElsewhere(damaged(1));
    report.add(damaged(2));
    expect(report.report().newest.map(({ version }) => version)).toEqual(['v1.0.2', 'v1.0.1']);
    expect([logged.length, found]).toEqual([1, [damaged(2)]]);
  });

  it('counts all of them and names the newest hundred', () => {
    const report = new DamageReport();
    for (let n = 0; n < 250; n += 1) report.add(damaged(n));
    const { count, newest } = report.report();
    expect(count).toBe(250);
    expect(newest.map(({ version }) => version)).toEqual(
      Array.from({ length: 100 }, (_, i) => `v1.0.${249 - i}`),
    );
  });

  it('logs each of them with the place it was moved to', () => {
    const lines: unknown[] = [];
    const report = new DamageReport({ error: (...line) => lines.push(line) });
    report.add(damaged(7));
    expect(lines).toEqual([
      [
        {
          module: 'corp.test/lib',
          version: 'v1.0.7',
          part: 'mod',
          problem: 'it is empty',
          movedTo: '/cache/damaged/7',
        },
        expect.stringContaining('it is not served, and fetched again'),
      ],
    ]);
  });
});
