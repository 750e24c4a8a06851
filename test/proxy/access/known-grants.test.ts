import { expect, it } from 'vitest';
import { encodeDecision } from '../../../src/proxy/access/decisions.js';
import { KnownGrants } from '../../../src/proxy/access/known-grants.js';

const question = { kind: 'module', path: 'corp.test/x' } as const;
const admission = { principal: { name: 'ann@git.corp.test' }, audience: 'restricted' };
const resource = { kind: 'module', path: 'corp.test/x', isPrivate: true } as const;

it('a worker knows the yes of a git host for this login and question, as long as it holds', () => {
  let now = 0;
  const grants = new KnownGrants(() => now);
  expect(grants.judge(question, 'Basic a')).toBeUndefined();
  grants.learn(encodeDecision(admission, resource, { question, leftMs: 5_000 }), 'Basic a');
  expect(grants.judge(question, 'Basic a')).toMatchObject({
    kind: 'may-read',
    principal: { name: 'ann@git.corp.test' },
  });
  expect(grants.judge(question, 'Basic b')).toBeUndefined();
  expect(grants.judge({ kind: 'module', path: 'corp.test/y' }, 'Basic a')).toBeUndefined();
  now = 5_000;
  expect(grants.judge(question, 'Basic a')).toBeUndefined();
});

it('takes a decision without a grant for none, and forgets when it is told', () => {
  const grants = new KnownGrants();
  grants.learn(encodeDecision(admission, resource), 'Basic a');
  expect(grants.judge(question, 'Basic a')).toBeUndefined();
  grants.learn(encodeDecision(admission, resource, { question, leftMs: 5_000 }), 'Basic a');
  grants.forget();
  expect(grants.judge(question, 'Basic a')).toBeUndefined();
});
