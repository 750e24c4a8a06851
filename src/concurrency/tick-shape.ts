/**
 * Keeps `process.nextTick` fast. V8 holds the hidden class of Node's tick objects weakly: when a full collection falls into a
 * moment without one, as at the start, the class is gone, `nextTick` sees another one afterwards, and takes the slow way into
 * the runtime for every tick from then on. One tick object that stays keeps the class (docs/decisions/fast-path.md).
 */
import { executionAsyncResource } from 'node:async_hooks';

/** Never read: the reference is all that is wanted. */
const kept: object[] = [];

/** To be called first thing in a process, before there is a full collection. */
export function keepTickShape(): void {
  process.nextTick(() => {
    kept.push(executionAsyncResource());
  });
}
