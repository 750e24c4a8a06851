/** One line of the table: what was measured, for whom, and what is wanted. */
import { median } from './statistics.js';

/** What a figure counts. More is better for rates, less for everything else. */
export type Unit = 'req/s' | 'MB/s' | 'µs' | 'ms' | 'MB' | 'calls';

/** What was measured: modhaven, another GOPROXY server, or something that a server cannot beat or is compared to. */
export type Role = 'modhaven' | 'peer' | 'limit';

export interface Figure {
  name: string;
  role: Role;
  samples: readonly number[];
}

/** `median ≥ factor × reference + plus` for rates, `≤` for everything else. */
export interface Goal {
  /** The best of the peers, the figure of this name, or nothing: then the bound is `plus`. */
  of: 'best peer' | { name: string } | 'nothing';
  factor: number;
  plus: number;
}

export interface Line {
  /** `cold zip, 1,500 files`. */
  name: string;
  unit: Unit;
  figures: readonly Figure[];
  goals: readonly Goal[];
}

export function isRate(unit: Unit): boolean {
  return unit === 'req/s' || unit === 'MB/s';
}

/** The peer with the best median, if there is one. */
export function bestPeer(line: Line): Figure | undefined {
  const sign = isRate(line.unit) ? -1 : 1;
  return line.figures
    .filter(({ role, samples }) => role === 'peer' && samples.length > 0)
    .sort((a, b) => sign * (median(a.samples) - median(b.samples)))[0];
}

/** The figure with this role that was added first. */
export function first(line: Line, role: Role): Figure | undefined {
  return line.figures.find((figure) => figure.role === role && figure.samples.length > 0);
}

export interface Verdict {
  /** `≥ 1.15 × best peer`. */
  text: string;
  /** What our median has to reach; undefined without the reference. */
  bound: number | undefined;
  met: boolean | undefined;
}

/** Whether modhaven's median of the line meets one of its goals. */
export function judge(line: Line, { of, factor, plus }: Goal): Verdict {
  const sign = isRate(line.unit) ? '≥' : '≤';
  const text = [
    sign,
    ...(of === 'nothing' ? [] : [`${factor.toFixed(2)} × ${of === 'best peer' ? of : of.name}`]),
    ...(plus === 0 ? [] : [`${of === 'nothing' ? '' : '+ '}${plus} ${line.unit}`]),
  ].join(' ');
  const ours = first(line, 'modhaven');
  const bound = boundOf();
  if (bound === undefined || ours === undefined) return { text, bound, met: undefined };
  const value = median(ours.samples);
  return { text, bound, met: isRate(line.unit) ? value >= bound : value <= bound };

  function boundOf(): number | undefined {
    if (of === 'nothing') return plus;
    const reference =
      of === 'best peer' ? bestPeer(line) : line.figures.find((figure) => figure.name === of.name);
    return reference === undefined ? undefined : factor * median(reference.samples) + plus;
  }
}

/** What a comparison of two checkouts says of a line. */
export interface Change {
  /** Median of the ratios of the samples of one round, the first contender's by the second's; above 1 is more. */
  ratio: number;
  /** The smallest and the largest of these ratios. */
  range: readonly [number, number];
  /** By which part it got worse, as the ratio says; negative for what got better. */
  worse: number;
}

/** The change between the first two figures of a line; undefined where it has no such pair. */
export function changeOf({ unit, figures: [now, before] }: Line): Change | undefined {
  const ratios = (now?.samples ?? []).flatMap((sample, round) => {
    const other = before?.samples[round];
    return other === undefined || other === 0 ? [] : [sample / other];
  });
  if (ratios.length === 0) return undefined;
  const ratio = median(ratios);
  return {
    ratio,
    range: [Math.min(...ratios), Math.max(...ratios)],
    worse: isRate(unit) ? 1 / ratio - 1 : ratio - 1,
  };
}

/** `≤ factor × best peer`, or `≥` for a rate. */
export function versusPeer(factor: number): Goal {
  return { of: 'best peer', factor, plus: 0 };
}

/** `≤ factor × name + plus`, or `≥` for a rate. */
export function versus(name: string, factor: number, plus = 0): Goal {
  return { of: { name }, factor, plus };
}

/** `≤ bound`, or `≥` for a rate. */
export function absolute(bound: number): Goal {
  return { of: 'nothing', factor: 0, plus: bound };
}
