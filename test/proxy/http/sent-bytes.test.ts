import { expect, it } from 'vitest';
import { noteSentBytes, sentBytes } from '../../../src/proxy/http/sent-bytes.js';
import { exchange } from '../support/exchange.js';

it('knows the size of what was sent, and that HEAD gets nothing', () => {
  const [got, head] = [exchange(), exchange({}, 'HEAD')];
  expect(sentBytes(got.request)).toBeUndefined();
  for (const { response } of [got, head]) noteSentBytes(response, 12);
  expect([sentBytes(got.request), sentBytes(head.request)]).toEqual([12, 0]);
});
