import { setTimeout } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { currentClient, onBehalfOf } from '../../src/concurrency/on-behalf-of.js';

it('knows for whom work runs, through everything it waits for, and nothing outside of it', async () => {
  const both = ['a', 'b'].map((client) =>
    onBehalfOf(client, async () => {
      await setTimeout(1);
      return currentClient();
    }),
  );
  expect(await Promise.all(both)).toEqual(['a', 'b']);
  expect(currentClient()).toBe('');
});
