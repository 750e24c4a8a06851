/** Measuring side by side: the machine drifts, and what is compared must drift alike. */

/**
 * Measures each of `contenders` once, then all of them again, `rounds` times in all, every other time in reverse, so
 * that no contender always comes after the same one. Returns the samples by name, in the order of `contenders`; the
 * samples at one index are of one round.
 */
export async function interleave<C extends { name: string }, T>(
  contenders: readonly C[],
  rounds: number,
  measure: (contender: C) => Promise<T>,
): Promise<Map<string, T[]>> {
  const samples = new Map<string, T[]>(contenders.map(({ name }) => [name, []]));
  for (let round = 0; round < rounds; round++) {
    const order = round % 2 === 0 ? contenders : contenders.toReversed();
    for (const contender of order) samples.get(contender.name)?.push(await measure(contender));
  }
  return samples;
}

/** Milliseconds until `work` is done. */
export async function timed(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}
