import type { IncomingMessage } from 'node:http';
import { expect, it } from 'vitest';
import { createSuggest } from '../../../src/proxy/access/suggest.js';

const allowed = (paths: readonly string[]) => Promise.resolve({ paths: new Set(paths), isComplete: true });
const request = Object.create(null) as IncomingMessage;

it('names the nearest that the sender may read, or none', async () => {
  const near = () => Promise.resolve(['my.corp/secret', 'my.corp/open']);
  const open = createSuggest({ near, readable: (_, modules) => allowed(modules.slice(1)) });
  expect(await open('my.corp/opne', request)).toBe('my.corp/open');
  const nothing = createSuggest({ near, readable: () => allowed([]) });
  expect(await nothing('my.corp/opne', request)).toBeUndefined();
});

it('asks for no rights where no path is similar, and no git host at all', async () => {
  const readable = () => Promise.reject(new Error('was asked'));
  expect(await createSuggest({ near: () => Promise.resolve([]), readable })('x', request)).toBeUndefined();
  const timeouts: unknown[] = [];
  const suggest = createSuggest({
    near: () => Promise.resolve(['my.corp/a']),
    readable: (_, modules, options) => (timeouts.push(options?.timeoutMs), allowed(modules)),
  });
  expect(await suggest('my.corp/b', request)).toBe('my.corp/a');
  expect(timeouts).toEqual([0]);
});
