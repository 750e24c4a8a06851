/** The figures of all processes as text, added up and written by `prom-client`, which is loaded at the first scrape. */
import type { Family } from './families.js';

export interface Exposition {
  contentType: string;
  text: string;
}

/** `processes` holds the families of each process. */
export async function expose(processes: readonly (readonly Family[])[]): Promise<Exposition> {
  const { AggregatorRegistry } = await import('prom-client');
  // Declared as an array of objects; it takes one array of families for each process.
  const registry = AggregatorRegistry.aggregate(processes as unknown as object[]);
  return { contentType: registry.contentType, text: await registry.metrics() };
}
