/** Long work in slices of the event loop: between two of them others run. */

/** Counts what was done in this slice. */
export class Slices {
  readonly #atOnce: number;
  #left: number;

  /** `atOnce` of whatever is counted take a few milliseconds at most. */
  constructor(atOnce: number) {
    this.#atOnce = atOnce;
    this.#left = atOnce;
  }

  /** Counts `some`, one at least; whether `next` is to be awaited now. It is not a promise, because one for each of a million would cost more. */
  isOver(some = 1): boolean {
    this.#left -= Math.max(1, some);
    return this.#left <= 0;
  }

  /** Resolves when all others that wait have run. */
  async next(): Promise<void> {
    this.#left = this.#atOnce;
    await new Promise<void>((resolve) => setImmediate(resolve));
  }
}

/** Steps of what is done in steps (lines that are read, most often) in one slice. */
const STEPS_AT_ONCE = 1_000;

/** What `steps` comes to, all others getting their turn every thousand steps. */
export async function inSlices<T>(steps: Iterator<unknown, T>): Promise<T> {
  const slices = new Slices(STEPS_AT_ONCE);
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
    if (slices.isOver()) await slices.next();
  }
}

/** Items that are sorted, or merged, in one slice. */
const SORTED_AT_ONCE = 4_000;

/** Sorts as `items.sort(compare)` does, stable as that is. `items` is given back, sorted. */
export async function sortInSlices<T>(items: T[], compare: (a: T, b: T) => number): Promise<T[]> {
  if (items.length <= SORTED_AT_ONCE) return items.sort(compare);
  const slices = new Slices(SORTED_AT_ONCE);
  let runs: T[][] = [];
  for (let at = 0; at < items.length; at += SORTED_AT_ONCE) {
    runs.push(items.slice(at, at + SORTED_AT_ONCE).sort(compare));
    await slices.next();
  }
  while (runs.length > 1) {
    const merged: T[][] = [];
    for (let i = 0; i < runs.length; i += 2) {
      const [first = [], second = []] = runs.slice(i, i + 2);
      merged.push(await merge(first, second, compare, slices));
    }
    runs = merged;
  }
  return runs[0] ?? [];
}

async function merge<T>(
  a: readonly T[],
  b: readonly T[],
  compare: (a: T, b: T) => number,
  slices: Slices,
): Promise<T[]> {
  const merged: T[] = [];
  let [i, j] = [0, 0];
  while (i < a.length || j < b.length) {
    const takesA = j === b.length || (i < a.length && compare(a[i] as T, b[j] as T) <= 0);
    merged.push((takesA ? a[i++] : b[j++]) as T);
    if (slices.isOver()) await slices.next();
  }
  return merged;
}
