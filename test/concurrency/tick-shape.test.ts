import * as hooks from 'node:async_hooks';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext, runInThisContext } from 'node:vm';
import { expect, it, vi } from 'vitest';
import { keepTickShape } from '../../src/concurrency/tick-shape.js';

const seen: WeakRef<object>[] = [];

vi.mock('node:async_hooks', async (original) => {
  const real = await original<typeof hooks>();
  const executionAsyncResource = (): object => {
    const resource = real.executionAsyncResource();
    seen.push(new WeakRef(resource));
    return resource;
  };
  return { ...real, executionAsyncResource };
});

it('keeps a tick object through full collections, of the class that ticks have then', async () => {
  keepTickShape();
  process.nextTick(() => void hooks.executionAsyncResource());
  await new Promise((resolve) => setImmediate(resolve));
  setFlagsFromString('--expose-gc');
  setFlagsFromString('--allow-natives-syntax');
  const collect = runInNewContext('gc') as () => void;
  for (let i = 0; i < 8; i += 1) {
    collect();
    // A WeakRef holds on to its target until the end of the turn in which it was made or read.
    await new Promise((resolve) => setImmediate(resolve));
  }
  const [kept, other] = seen.map((ref) => ref.deref());
  expect(other).toBeUndefined();
  const sameClass = runInThisContext('(a, b) => %HaveSameMap(a, b)') as (...two: unknown[]) => boolean;
  const later = await new Promise((resolve) =>
    process.nextTick(() => resolve(hooks.executionAsyncResource())),
  );
  expect(kept).toBeDefined();
  expect(sameClass(kept, later)).toBe(true);
});
