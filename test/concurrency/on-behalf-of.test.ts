import { setTimeout } from 'node:timers/promises';
import { AsyncLocalStorage } from 'node:async_hooks';
import { expect, it, vi } from 'vitest';
import { currentClient, currentRequestId, onBehalfOf } from '../../src/concurrency/on-behalf-of.js';

it('knows for whom work runs, through everything it waits for, and nothing outside of it', async () => {
  const both = ['a', 'b'].map((client) =>
    onBehalfOf({ client, requestId: `${client}1` }, async () => {
      await setTimeout(1);
      return [currentClient(), currentRequestId()];
    }),
  );
  expect(await Promise.all(both)).toEqual([
    ['a', 'a1'],
    ['b', 'b1'],
  ]);
  expect([currentClient(), currentRequestId()]).toEqual(['', undefined]);
});

it('keeps of what is around it what it does not name', () => {
  const seen = onBehalfOf({ requestId: 'r1' }, () =>
    onBehalfOf({ client: 'a' }, () => [currentClient(), currentRequestId()]),
  );
  expect(seen).toEqual(['a', 'r1']);
});

it('gives its context up when it is not needed any more, and takes it up again', async () => {
  const disable = vi.spyOn(AsyncLocalStorage.prototype, 'disable');
  vi.useFakeTimers();
  // Another copy: the timer of this one may run already.
  vi.resetModules();
  const fresh = await import('../../src/concurrency/on-behalf-of.js');
  let finish = (): void => undefined;
  const work = fresh.onBehalfOf({ client: 'a' }, () => new Promise<void>((resolve) => (finish = resolve)));
  fresh.onBehalfOf({ client: 'b' }, () => undefined);
  vi.advanceTimersByTime(10_000);
  expect(disable).not.toHaveBeenCalled();
  finish();
  await work;
  await Promise.resolve();
  vi.advanceTimersByTime(10_000);
  expect(disable).toHaveBeenCalledOnce();
  vi.useRealTimers();
  disable.mockRestore();
  const later = async (): Promise<string> => {
    await setTimeout(1);
    return fresh.currentClient();
  };
  expect(await fresh.onBehalfOf({ client: 'c' }, later)).toBe('c');
});
