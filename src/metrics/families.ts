/**
 * Figures of one process in the form in which `prom-client` adds up those of several (`AggregatorRegistry.aggregate`), so
 * that a worker sends plain values and need not load it. Names and units follow the rules of Prometheus: base units
 * (seconds, bytes), `_total` for what only grows.
 */

export type Labels = Readonly<Record<string, string>>;

export interface Sample {
  readonly labels: Readonly<Record<string, string | number>>;
  readonly value: number;
  /** Where it is not the name of the family: those of a histogram. */
  readonly metricName?: string;
}

export interface Family {
  readonly name: string;
  readonly help: string;
  readonly type: 'counter' | 'gauge' | 'histogram';
  /** How the figures of several processes become one. */
  readonly aggregator: 'sum' | 'max' | 'first';
  readonly values: readonly Sample[];
}

/** A gauge of a few values. */
export function gauge(
  name: string,
  help: string,
  values: number | readonly Sample[],
  aggregator: Family['aggregator'] = 'sum',
): Family {
  const samples = typeof values === 'number' ? [{ labels: {}, value: values }] : values;
  return { name, help, type: 'gauge', aggregator, values: samples };
}

/** A counter that something else counts. */
export function counter(name: string, help: string, values: number | readonly Sample[]): Family {
  return { ...gauge(name, help, values), type: 'counter' };
}

/** Counts by label. The labels come from small fixed sets, or are bounded by the code that gives them. */
export class Counter {
  private readonly counts = new Map<string, { labels: Labels; value: number }>();

  private readonly name: string;
  private readonly help: string;

  constructor(name: string, help: string) {
    this.name = name;
    this.help = help;
  }

  add(labels: Labels, value = 1): void {
    const key = keyOf(labels);
    const count = this.counts.get(key);
    if (count === undefined) this.counts.set(key, { labels, value });
    else count.value += value;
  }

  family(): Family {
    return counter(
      this.name,
      this.help,
      [...this.counts.values()].map((count) => ({ ...count })),
    );
  }
}

/** How often values fell below each bound. */
export class Buckets {
  readonly bounds: readonly number[];
  /** Of values up to the bound and above the one before; one more for those above all. */
  readonly counts: number[];
  sum = 0;

  constructor(bounds: readonly number[]) {
    this.bounds = bounds;
    this.counts = new Array<number>(bounds.length + 1).fill(0);
  }

  add(value: number): void {
    let index = 0;
    while (index < this.bounds.length && value > (this.bounds[index] ?? 0)) index += 1;
    this.counts[index] = (this.counts[index] ?? 0) + 1;
    this.sum += value;
  }
}

/** Distributions by label. */
export class Histogram {
  private readonly series = new Map<string, { labels: Labels; buckets: Buckets }>();

  private readonly name: string;
  private readonly help: string;
  private readonly bounds: readonly number[];

  /** `bounds` in ascending order. */
  constructor(name: string, help: string, bounds: readonly number[]) {
    this.name = name;
    this.help = help;
    this.bounds = bounds;
  }

  /** The distribution of these labels, for a caller that adds to it often. */
  of(labels: Labels): Buckets {
    const key = keyOf(labels);
    let found = this.series.get(key);
    if (found === undefined) {
      found = { labels, buckets: new Buckets(this.bounds) };
      this.series.set(key, found);
    }
    return found.buckets;
  }

  family(): Family {
    return {
      name: this.name,
      help: this.help,
      type: 'histogram',
      aggregator: 'sum',
      values: [...this.series.values()].flatMap(({ labels, buckets }) => this.samples(labels, buckets)),
    };
  }

  private samples(labels: Labels, { bounds, counts, sum }: Buckets): Sample[] {
    let total = 0;
    const below = counts.map((count, index) => {
      total += count;
      const le = bounds[index] ?? '+Inf';
      return { metricName: `${this.name}_bucket`, labels: { ...labels, le }, value: total };
    });
    return [
      ...below,
      { metricName: `${this.name}_sum`, labels, value: sum },
      { metricName: `${this.name}_count`, labels, value: total },
    ];
  }
}

function keyOf(labels: Labels): string {
  return JSON.stringify(labels);
}
