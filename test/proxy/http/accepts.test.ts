import { expect, it } from 'vitest';
import { wantsHtml } from '../../../src/proxy/http/accepts.js';

it.each([
  ['text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8', true],
  ['*/*', false],
  ['application/json', false],
  [undefined, false],
])('%s: %s', (accept, wants) => {
  expect(wantsHtml({ accept })).toBe(wants);
});
