/** Measuring side by side: the machine drifts, and what is compared must drift alike. */

/**
 * Measures each of `contenders` once, then all of them again, `rounds` times in all. Answers the samples by name, in
 * the order of `contenders`.
 */
export async function interleave<C extends { name: string }, T>(
  contenders: readonly C[],
  rounds: number,
  measure: (contender: C) => Promise<T>,
): Promise<Map<string, T[]>> {
  const samples = new Map<string, T[]>(contenders.map(({ name }) => [name, []]));
  for (let round = 0; round < rounds; round++) {
    for (const contender of contenders) samples.get(contender.name)?.push(await measure(contender));
  }
  return samples;
}

/** Milliseconds until `work` is done. */
export async function timed(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}
