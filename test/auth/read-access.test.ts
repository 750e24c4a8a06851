import { describe, expect, it } from 'vitest';
import type { Identity } from '../../src/auth/authenticator.js';
import { ANYONE, type Principal } from '../../src/auth/principal.js';
import { decideAccess, type AccessSettings, type Resource } from '../../src/auth/read-access.js';
import { rule } from './rule.js';

const SETTINGS: AccessSettings = {
  public: 'anyone',
  pages: 'anyone',
  gitHost: false,
  rules: [rule('corp.com/core', 'group:core'), rule('corp.com/all', 'authenticated')],
};
const CLOSED: AccessSettings = { ...SETTINGS, public: 'authenticated', pages: 'authenticated' };

const user = (...groups: string[]): Identity => ({
  kind: 'known',
  principal: { kind: 'user', name: 'ann', groups: new Set(groups) } satisfies Principal,
});
const nobody: Identity = { kind: 'known', principal: ANYONE };
const stranger: Identity = { kind: 'unknown' };
const ended: Identity = { kind: 'ended' };
const module = (path: string, isPrivate = true): Resource => ({ kind: 'module', path, isPrivate });

describe('decideAccess', () => {
  it.each<{ name: string; settings: AccessSettings; resource: Resource; who: Identity; expected: object }>([
    {
      name: 'public for anyone',
      settings: SETTINGS,
      resource: module('pub.com/x', false),
      who: nobody,
      expected: { kind: 'allowed', isForEveryone: true },
    },
    {
      name: 'public in spite of a wrong login',
      settings: SETTINGS,
      resource: module('pub.com/x', false),
      who: stranger,
      expected: { kind: 'allowed', isForEveryone: true },
    },
    {
      name: 'public closed to anyone',
      settings: CLOSED,
      resource: module('pub.com/x', false),
      who: nobody,
      expected: { kind: 'login-needed' },
    },
    {
      name: 'public closed to a wrong login',
      settings: CLOSED,
      resource: module('pub.com/x', false),
      who: stranger,
      expected: { kind: 'login-wrong', isGuess: true },
    },
    {
      name: 'public for a user',
      settings: CLOSED,
      resource: module('pub.com/x', false),
      who: user(),
      expected: { kind: 'allowed', isForEveryone: false },
    },
    {
      name: 'private by group',
      settings: SETTINGS,
      resource: module('corp.com/core/v2'),
      who: user('core'),
      expected: { kind: 'allowed', isForEveryone: false },
    },
    {
      name: 'private without the group',
      settings: SETTINGS,
      resource: module('corp.com/core'),
      who: user('docs'),
      expected: { kind: 'forbidden' },
    },
    {
      name: 'private without a login',
      settings: SETTINGS,
      resource: module('corp.com/core'),
      who: nobody,
      expected: { kind: 'login-needed' },
    },
    {
      name: 'private with a wrong login',
      settings: SETTINGS,
      resource: module('corp.com/core'),
      who: stranger,
      expected: { kind: 'login-wrong', isGuess: true },
    },
    {
      name: 'private with an ended token',
      settings: SETTINGS,
      resource: module('corp.com/core'),
      who: ended,
      expected: { kind: 'login-wrong', isGuess: false },
    },
    {
      name: 'no rule, no git host',
      settings: SETTINGS,
      resource: module('corp.com/other'),
      who: user('core'),
      expected: { kind: 'forbidden' },
    },
    {
      name: 'a header that is not a login',
      settings: SETTINGS,
      resource: module('corp.com/other'),
      who: stranger,
      expected: { kind: 'login-wrong', isGuess: true },
    },
    {
      name: 'pages for anyone',
      settings: SETTINGS,
      resource: { kind: 'page' },
      who: stranger,
      expected: { kind: 'allowed', isForEveryone: true },
    },
    {
      name: 'pages want a login, not a right',
      settings: CLOSED,
      resource: { kind: 'page' },
      who: user(),
      expected: { kind: 'allowed', isForEveryone: false },
    },
    {
      name: 'tree heads are as open as public modules',
      settings: CLOSED,
      resource: { kind: 'public' },
      who: nobody,
      expected: { kind: 'login-needed' },
    },
    {
      name: 'status for no user',
      settings: SETTINGS,
      resource: { kind: 'admin' },
      who: user('core'),
      expected: { kind: 'forbidden' },
    },
    {
      name: 'status for an admin',
      settings: SETTINGS,
      resource: { kind: 'admin' },
      who: user('admin'),
      expected: { kind: 'allowed', isForEveryone: false },
    },
    {
      name: 'health for everybody',
      settings: CLOSED,
      resource: { kind: 'open' },
      who: stranger,
      expected: { kind: 'allowed', isForEveryone: true },
    },
  ])('$name', ({ settings, resource, who, expected }) => {
    expect(decideAccess(settings, resource, who)).toMatchObject(expected);
  });
});

describe('decideAccess with a git host', () => {
  const judged: AccessSettings = { ...SETTINGS, gitHost: true };
  const token: Identity = { kind: 'known', principal: { kind: 'token', name: 'ci', groups: new Set() } };
  const asks = (path: string) => ({ kind: 'host-decides', question: { kind: 'module', path } });

  it.each<{ name: string; who: Identity; path: string; expected: object }>([
    { name: 'an unknown login', who: stranger, path: 'corp.com/x', expected: asks('corp.com/x') },
    { name: 'a user', who: user(), path: 'corp.com/x', expected: asks('corp.com/x') },
    { name: 'a token of ours', who: token, path: 'corp.com/x', expected: { kind: 'forbidden' } },
    { name: 'nobody', who: nobody, path: 'corp.com/x', expected: { kind: 'login-needed' } },
    {
      name: 'an ended login',
      who: ended,
      path: 'corp.com/x',
      expected: { kind: 'login-wrong', isGuess: false },
    },
    {
      name: 'an unknown login under a rule',
      who: stranger,
      path: 'corp.com/core',
      expected: { kind: 'login-wrong' },
    },
    {
      name: 'a user whom a rule allows',
      who: user('core'),
      path: 'corp.com/core',
      expected: { kind: 'allowed' },
    },
  ])('for $name', ({ who, path, expected }) => {
    expect(decideAccess(judged, module(path), who)).toMatchObject(expected);
  });

  it('asks it about logins that are not known here, with proof where a login is all that is needed', () => {
    const question = (resource: Resource, settings = judged) => decideAccess(settings, resource, stranger);
    expect(question({ kind: 'listing' })).toMatchObject({ question: { kind: 'login', proof: false } });
    const closed = { ...judged, public: 'authenticated', pages: 'authenticated' } as const;
    for (const resource of [module('pub.com/x', false), { kind: 'page' } as const]) {
      expect(question(resource, closed)).toMatchObject({ question: { kind: 'login', proof: true } });
      expect(question(resource)).toMatchObject({ kind: 'allowed', isForEveryone: true });
    }
    expect(question({ kind: 'admin' })).toMatchObject({ kind: 'login-wrong' });
  });
});
