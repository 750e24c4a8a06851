import { expect, it } from 'vitest';
import { decodeRefusal, encodeDecision, encodeRefusal } from '../../../src/proxy/access/decisions.js';

const text = { refusedWith: 403, headers: {}, body: '' };

it('tells a worker who was refused what, and why', () => {
  const refusal = { principal: { name: 'bob' }, reason: 'forbidden', privateModule: 'corp.test/x' } as const;
  expect(decodeRefusal(encodeRefusal({ ...text, ...refusal }))).toEqual(refusal);
  expect(decodeRefusal(encodeRefusal({ ...text, reason: 'guessing' }))).toEqual({ reason: 'guessing' });
});

it('takes an admission for no refusal, and nothing else either', () => {
  const admission = { principal: { name: 'ann' }, audience: 'restricted' };
  expect(decodeRefusal(encodeDecision(admission, { kind: 'admin' }))).toBeUndefined();
  expect(decodeRefusal('%7B%22refused%22%3A%22made-up%22%7D')).toBeUndefined();
});
