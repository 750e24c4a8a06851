/** A report as text: for a terminal or, as Markdown, for the README. Pure. */
import { tableLines } from '../../src/cli/output/table.js';
import { exponents, type GrowthLine } from '../measure/growth-line.js';
import { bestPeer, changeOf, first, judge, type Figure, type Line, type Unit } from '../measure/line.js';
import { median } from '../measure/statistics.js';
import type { Report } from './report.js';

type Rows = string[][];
type Style = 'terminal' | 'markdown';

const HEADER = ['line', 'modhaven', 'best peer', 'ratio', 'limit', 'ratio', 'goal', 'met'];
const NOTHING = '–';

/** The whole report, ending in a line feed. */
export function renderReport(report: Report, style: Style): string {
  const { machine, lines, growth, skipped, rounds, seconds } = report;
  const versions = Object.entries(machine.versions).map(([name, version]) => `${name} ${version}`);
  const parts = [
    `${machine.date}, commit ${machine.commit}; ${machine.processors} × ${machine.processor}, ` +
      `${machine.memoryGB} GB, ${machine.system}; ${versions.join(', ')}. ` +
      `Medians of ${rounds}, loads of ${seconds} s, load average before ${machine.load.toFixed(1)}.`,
    ...(lines.length === 0
      ? []
      : report.isComparison === true
        ? [changes(lines, style)]
        : results(lines, style)),
    ...(growth.length === 0 ? [] : [growthTable(growth, style)]),
    ...(skipped.length === 0 ? [] : [skipped.map((text) => `- not measured: ${text}`).join('\n')]),
  ];
  return `${parts.join('\n\n')}\n`;
}

function results(lines: readonly Line[], style: Style): string[] {
  return [table([HEADER, ...lines.flatMap(rowsOf)], style), everybody(lines, style)];
}

/** What got slower by more is named. */
const MAX_LOSS = 0.05;

/** A row for each line of a comparison of two checkouts. */
function changes(lines: readonly Line[], style: Style): string {
  const rows = lines.flatMap((line) => {
    const [now, before] = line.figures;
    const change = changeOf(line);
    if (now === undefined || before === undefined || change === undefined) return [];
    const verdict = change.worse > MAX_LOSS ? `${(change.worse * 100).toFixed(1)} % worse` : 'yes';
    return [
      [
        ...[line.name, quantity(median(now.samples), line.unit), quantity(median(before.samples), line.unit)],
        ...[change.ratio.toFixed(3), change.range.map((ratio) => ratio.toFixed(2)).join(' – '), verdict],
      ],
    ];
  });
  const header = ['line', 'now', 'before', 'median of pairs', 'range', `within ${MAX_LOSS * 100} %`];
  return table([header, ...rows], style);
}

/** A row for each goal of the line, the first with the figures. */
function rowsOf(line: Line): Rows {
  const { name, unit } = line;
  const ours = first(line, 'modhaven');
  const peer = bestPeer(line);
  const limit = first(line, 'limit');
  const cells = [
    name,
    ours === undefined ? NOTHING : quantity(median(ours.samples), unit),
    named(peer, unit),
    ratio(ours, peer),
    named(limit, unit),
    ratio(ours, limit),
  ];
  if (line.goals.length === 0) return [[...cells, NOTHING, NOTHING]];
  return line.goals.map((goal, i) => {
    const { text, met } = judge(line, goal);
    const verdict = met === undefined ? '?' : met ? 'yes' : 'NO';
    return [...(i === 0 ? cells : cells.map(() => '')), text, verdict];
  });
}

/** All medians, for readers who want to see more than the best of the others. */
function everybody(lines: readonly Line[], style: Style): string {
  const names = [...new Set(lines.flatMap(({ figures }) => figures.map(({ name }) => name)))];
  const rows = lines.map((line) => [
    line.name,
    ...names.map((name) => {
      const figure = line.figures.find((candidate) => candidate.name === name);
      return figure === undefined ? NOTHING : quantity(median(figure.samples), line.unit);
    }),
  ]);
  return table([['all medians', ...names], ...rows], style);
}

function growthTable(growth: readonly GrowthLine[], style: Style): string {
  const sizes = [...new Set(growth.flatMap(({ points }) => points.map(({ size }) => size)))].sort(
    (a, b) => a - b,
  );
  const rows = growth.map((line) => {
    const { all, last } = exponents(line);
    const cells = sizes.map((size) => {
      const point = line.points.find((candidate) => candidate.size === size);
      if (point === undefined) return '';
      const limit = point.limit === undefined ? '' : ` (${number(point.limit)})`;
      return number(point.cost) + limit;
    });
    return [`${line.name} by ${line.of}, ${line.unit}`, ...cells, fixed(all), fixed(last)];
  });
  const header = ['growth (git alone)', ...sizes.map((size) => grouped(size)), 'exponent', 'last step'];
  return table([header, ...rows], style);
}

function table(rows: Rows, style: Style): string {
  if (style === 'terminal') return tableLines(rows).join('\n');
  const [header = [], ...body] = rows;
  return [header, header.map(() => '---'), ...body].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

function named(figure: Figure | undefined, unit: Unit): string {
  return figure === undefined ? NOTHING : `${quantity(median(figure.samples), unit)} (${figure.name})`;
}

function ratio(ours: Figure | undefined, other: Figure | undefined): string {
  if (ours === undefined || other === undefined) return NOTHING;
  const quotient = median(ours.samples) / median(other.samples);
  return Number.isFinite(quotient) ? fixed(quotient) : NOTHING;
}

function fixed(value: number | undefined): string {
  return value === undefined ? NOTHING : value.toFixed(2);
}

function quantity(value: number, unit: Unit): string {
  return `${number(value)} ${unit}`;
}

/** Three digits that count; more mean nothing here. */
function number(value: number): string {
  if (value >= 100) return grouped(Math.round(value));
  return value.toFixed(value >= 10 ? 1 : 2);
}

function grouped(value: number): string {
  return value.toLocaleString('en-US');
}
