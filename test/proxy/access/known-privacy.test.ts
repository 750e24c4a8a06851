import { expect, it } from 'vitest';
import { encodeDecision } from '../../../src/proxy/access/decisions.js';
import { KnownPrivacy } from '../../../src/proxy/access/known-privacy.js';

const admission = { principal: { name: 'ann' }, audience: 'restricted' };

it('a worker knows of a module what the main process said, until that may have changed', () => {
  const known = new KnownPrivacy();
  expect(known.of('corp.test/x')).toBe('unsure');
  known.learn(encodeDecision(admission, { kind: 'module', path: 'corp.test/x', isPrivate: true }));
  known.learn(encodeDecision(admission, { kind: 'module', path: 'pub.test/é', isPrivate: false }));
  known.learn(encodeDecision(admission, { kind: 'admin' }));
  known.learn('%%% not a decision');
  expect(known.of('corp.test/x')).toBe('private');
  expect(known.of('pub.test/é')).toBe('public');
  known.forget();
  expect(known.of('corp.test/x')).toBe('unsure');
});
