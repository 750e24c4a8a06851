import { describe, expect, it } from 'vitest';
import { versus, versusPeer } from '../../bench/measure/line.js';
import { replaceBetween } from '../../bench/report/readme.js';
import type { Report } from '../../bench/report/report.js';
import { renderReport } from '../../bench/report/table.js';

const REPORT: Report = {
  machine: {
    date: '2026-01-02T03:04Z',
    commit: 'abcdef0',
    processor: 'Some CPU',
    processors: 2,
    memoryGB: 24,
    load: 0.25,
    system: 'Linux 6.1 x64',
    versions: { node: '20.15.0', go: '1.26.8' },
  },
  rounds: 3,
  seconds: 5,
  lines: [
    {
      name: 'cold list',
      unit: 'ms',
      figures: [
        { name: 'modhaven', role: 'modhaven', samples: [60, 50, 55] },
        { name: 'other', role: 'peer', samples: [220, 220, 230] },
        { name: 'ls-remote', role: 'limit', samples: [11, 9, 10] },
      ],
      goals: [versusPeer(0.5), versus('ls-remote', 1.5, 20)],
    },
  ],
  growth: [
    {
      name: 'start-up',
      of: 'rules',
      unit: 'ms',
      points: [
        { size: 10, cost: 100 },
        { size: 100, cost: 100, limit: 5 },
        { size: 1_000, cost: 1_000 },
      ],
    },
  ],
  skipped: ['warm: wrk is not installed'],
};

describe('a report', () => {
  it('is a Markdown table with ratios and verdicts', () => {
    expect(renderReport(REPORT, 'markdown')).toBe(
      [
        '2026-01-02T03:04Z, commit abcdef0; 2 × Some CPU, 24 GB, Linux 6.1 x64; node 20.15.0, go 1.26.8. Medians of 3, loads of 5 s, load average before 0.3.',
        '',
        '| line | modhaven | best peer | ratio | limit | ratio | goal | met |',
        '| --- | --- | --- | --- | --- | --- | --- | --- |',
        '| cold list | 55.0 ms | 220 ms (other) | 0.25 | 10.0 ms (ls-remote) | 5.50 | ≤ 0.50 × best peer | yes |',
        '|  |  |  |  |  |  | ≤ 1.50 × ls-remote + 20 ms | NO |',
        '',
        '| all medians | modhaven | other | ls-remote |',
        '| --- | --- | --- | --- |',
        '| cold list | 55.0 ms | 220 ms | 10.0 ms |',
        '',
        '| growth (git alone) | 10 | 100 | 1,000 | exponent | last step |',
        '| --- | --- | --- | --- | --- | --- |',
        '| start-up by rules, ms | 100 | 100 (5.00) | 1,000 | 0.50 | 1.00 |',
        '',
        '- not measured: warm: wrk is not installed',
        '',
      ].join('\n'),
    );
  });

  it('lines up its columns on a terminal', () => {
    const [, , header = '', row = ''] = renderReport(REPORT, 'terminal').split('\n');
    expect(row.indexOf('55.0 ms')).toBe(header.indexOf('modhaven'));
    expect(row.indexOf('yes')).toBe(header.indexOf('met'));
  });

  it('says "?" where nothing was there to compare with', () => {
    const lines = REPORT.lines.map((line) => ({ ...line, figures: line.figures.slice(0, 1) }));
    const alone = { ...REPORT, lines };
    expect(renderReport(alone, 'markdown')).toContain('| ≤ 0.50 × best peer | ? |');
  });
});

describe('the report of a comparison of two checkouts', () => {
  it('has a row for each line, with what got worse in words', () => {
    const figures = (now: number, before: number) => [
      { name: 'modhaven', role: 'modhaven', samples: [now, now] } as const,
      { name: 'before', role: 'peer', samples: [before, before] } as const,
    ];
    const lines = [
      { name: 'cold zip', unit: 'ms', figures: figures(104, 100), goals: [] },
      { name: 'warm .info', unit: 'req/s', figures: figures(90_000, 100_000), goals: [] },
    ] as const;
    const text = renderReport({ ...REPORT, isComparison: true, lines: [...lines], growth: [] }, 'markdown');
    expect(text.split('\n').slice(2, 6)).toEqual([
      '| line | now | before | median of pairs | range | within 5 % |',
      '| --- | --- | --- | --- | --- | --- |',
      '| cold zip | 104 ms | 100 ms | 1.040 | 1.04 – 1.04 | yes |',
      '| warm .info | 90,000 req/s | 100,000 req/s | 0.900 | 0.90 – 0.90 | 11.1 % worse |',
    ]);
  });
});

describe('the part of the README that is replaced', () => {
  const marked = 'before\n<!-- begin of the last run -->\nold\n<!-- end of the last run -->\nafter\n';

  it('is what stands between the marks', () => {
    expect(replaceBetween(marked, 'new\n')).toBe(
      'before\n<!-- begin of the last run -->\n\nnew\n\n<!-- end of the last run -->\nafter\n',
    );
  });

  it('must be there', () => {
    expect(() => replaceBetween('nothing here', 'new')).toThrow('does not have');
  });
});
