import { describe, expect, it } from 'vitest';
import { ANYONE, isAuthenticated, type Principal } from '../../src/auth/principal.js';
import { decide, parseSubject } from '../../src/auth/rules.js';
import { rule } from './rule.js';

const someone = (kind: Principal['kind'], name: string, ...groups: string[]): Principal => ({
  kind,
  name,
  groups: new Set(groups),
});

const RULES = [
  rule('corp.com/go/secret', 'group:core', 'user:ci'),
  rule('corp.com/closed, corp.com/shut'),
  rule('corp.com/*', 'authenticated'),
];

describe('decide', () => {
  it.each([
    { module: 'corp.com/go/secret', who: someone('user', 'ann', 'core'), expected: true },
    { module: 'corp.com/go/secret/sub', who: someone('oidc', 'repo:x', 'core'), expected: true },
    { module: 'corp.com/go/secret', who: someone('token', 'ci'), expected: true },
    { module: 'corp.com/go/secret', who: someone('oidc', 'ci'), expected: false },
    { module: 'corp.com/go/secret', who: someone('user', 'bob', 'docs'), expected: false },
    { module: 'corp.com/go/secret', who: ANYONE, expected: false },
    { module: 'corp.com/closed/x', who: someone('user', 'ann', 'core', 'admin'), expected: false },
    { module: 'corp.com/shut', who: someone('user', 'ann'), expected: false },
    { module: 'corp.com/other', who: someone('user', 'bob'), expected: true },
    { module: 'corp.com/other', who: ANYONE, expected: false },
    { module: 'elsewhere.com/x', who: someone('user', 'ann', 'core'), expected: undefined },
  ])('$module for $who.kind $who.name: $expected', ({ module, who, expected }) => {
    expect(decide(RULES, module, who)).toBe(expected);
  });
});

describe('decide, of other spellings of a path that a git host may take for the same repository', () => {
  const bob = someone('user', 'bob');

  it.each([
    'corp.com/go/Secret',
    'corp.com/go/secret.git',
    'corp.com/GO/secret.git/sub',
    'corp.com/go/secret.wiki',
  ])('%s is as closed as the module', (module) => {
    expect(decide(RULES, module, bob)).toBe(false);
    expect(decide(RULES, module, someone('user', 'ann', 'core'))).toBe(true);
    // Where no other rule matches, no git host is asked either.
    expect(decide(RULES.slice(0, 2), module, bob)).toBe(false);
  });

  it('heeds case in patterns for what it allows alone', () => {
    const rules = [rule('corp.com/Team', 'group:core'), rule('corp.com/*', 'authenticated')];
    expect(decide(rules, 'corp.com/Team', bob)).toBe(false);
    expect(decide(rules, 'corp.com/team', bob)).toBe(false);
    expect(decide(rules, 'corp.com/teams', bob)).toBe(true);
    expect(decide([rule('corp.com/Team', 'authenticated')], 'corp.com/team', bob)).toBeUndefined();
    expect(decide([rule('corp.com/*.git'), ...rules], 'corp.com/lib', bob)).toBe(true);
  });
});

describe('decide, of a module that was asked for before', () => {
  const ann = someone('user', 'ann', 'core');
  const bob = someone('user', 'bob');

  it('judges each caller anew', () => {
    const rules = [rule('corp.com/x', 'group:core')];
    for (let again = 0; again < 2; again += 1) {
      expect(decide(rules, 'corp.com/x', ann)).toBe(true);
      expect(decide(rules, 'corp.com/x', bob)).toBe(false);
      expect(decide(rules, 'corp.com/x', someone('user', 'ann'))).toBe(false);
    }
  });

  it('goes by the rules that are given, not by those of the time before', () => {
    for (let again = 0; again < 2; again += 1) {
      expect(decide([rule('corp.com/*', 'authenticated')], 'corp.com/y', bob)).toBe(true);
      expect(decide([rule('corp.com/y'), rule('corp.com/*', 'authenticated')], 'corp.com/y', bob)).toBe(
        false,
      );
      expect(decide([], 'corp.com/y', bob)).toBeUndefined();
    }
  });
});

describe('parseSubject', () => {
  it.each(['', 'user', 'user:', 'group: ', 'everyone', 'USER:ann', 'user: ann'])('refuses %j', (word) => {
    expect(parseSubject(word)).toBeUndefined();
  });

  it('takes names with colons', () => {
    expect(parseSubject('group:project:team/app')).toEqual({ kind: 'group', name: 'project:team/app' });
  });
});

describe('isAuthenticated', () => {
  it('is false for anyone alone', () => {
    expect(isAuthenticated(ANYONE)).toBe(false);
    expect(isAuthenticated(someone('oidc', 'job'))).toBe(true);
  });
});
