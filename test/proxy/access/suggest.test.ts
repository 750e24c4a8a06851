import type { IncomingMessage } from 'node:http';
import { expect, it } from 'vitest';
import { createSuggest } from '../../../src/proxy/access/suggest.js';

const request = Object.create(null) as IncomingMessage;

it('names the nearest that the sender may read, or none', async () => {
  const near = () => Promise.resolve(['my.corp/secret', 'my.corp/open']);
  const open = createSuggest({ near, readable: (_, modules) => Promise.resolve(modules.slice(1)) });
  expect(await open('my.corp/opne', request)).toBe('my.corp/open');
  const nothing = createSuggest({ near, readable: () => Promise.resolve([]) });
  expect(await nothing('my.corp/opne', request)).toBeUndefined();
});

it('asks nobody where nothing is near, and does not wait for ever', async () => {
  const readable = () => Promise.reject(new Error('was asked'));
  expect(await createSuggest({ near: () => Promise.resolve([]), readable })('x', request)).toBeUndefined();
  const silent = createSuggest({
    near: () => Promise.resolve(['my.corp/a']),
    readable: () => new Promise<string[]>(() => undefined),
  });
  expect(await silent('my.corp/b', request)).toBeUndefined();
});
