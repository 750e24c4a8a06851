/** What is made of samples. Pure. */

/** The middle of the samples, or the mean of the two in the middle. Throws when there are none. */
export function median(samples: readonly number[]): number {
  const sorted = [...samples].sort((a, b) => a - b);
  const upper = sorted[Math.floor(sorted.length / 2)];
  const lower = sorted[Math.floor((sorted.length - 1) / 2)];
  if (upper === undefined || lower === undefined) throw new Error('no samples');
  return (lower + upper) / 2;
}

/** A cost at a size, for instance milliseconds at a number of tags. */
export interface Point {
  size: number;
  cost: number;
}

/**
 * The exponent `k` of the power law `cost ~ size^k` that fits the points best: least squares over the logarithms. 0 is
 * a constant cost, 1 a linear one. Undefined for fewer than two different sizes, or a size or cost that is not
 * positive.
 */
export function growthExponent(points: readonly Point[]): number | undefined {
  if (points.some(({ size, cost }) => size <= 0 || cost <= 0)) return undefined;
  const logs = points.map(({ size, cost }) => ({ x: Math.log(size), y: Math.log(cost) }));
  const x = mean(logs.map((log) => log.x));
  const y = mean(logs.map((log) => log.y));
  const variance = mean(logs.map((log) => (log.x - x) ** 2));
  if (!(variance > 0)) return undefined;
  return mean(logs.map((log) => (log.x - x) * (log.y - y))) / variance;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
