/** Work on many items, a few at a time. */

/**
 * Does `work` for each item, up to `parallel` at a time, in their order. After a failure none is begun any more; it is
 * thrown when those that run have ended, so that nothing goes on behind the caller's back. However many items there are,
 * no more than `parallel` are held.
 */
export async function forEach<T>(
  items: Iterable<T> | AsyncIterable<T>,
  parallel: number,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const running = new Set<Promise<void>>();
  const failures: unknown[] = [];
  const begin = (item: T): void => {
    const done = work(item)
      .catch((error: unknown) => void failures.push(error))
      .finally(() => running.delete(done));
    running.add(done);
  };
  try {
    for await (const item of items) {
      if (failures.length > 0) break;
      begin(item);
      if (running.size >= parallel) await Promise.race(running);
    }
  } finally {
    await Promise.all(running);
  }
  if (failures.length > 0) throw failures[0];
}

/** What `work` makes of each item, in their order; otherwise as `forEach`. */
export async function mapEach<T, R>(
  items: readonly T[],
  parallel: number,
  work: (item: T) => Promise<R>,
): Promise<R[]> {
  const made: R[] = [];
  await forEach(items.entries(), parallel, async ([i, item]) => {
    made[i] = await work(item);
  });
  return made;
}
