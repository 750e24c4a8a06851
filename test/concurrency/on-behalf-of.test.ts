import { setTimeout } from 'node:timers/promises';
import { expect, it } from 'vitest';
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
