import { describe, expect, it } from 'vitest';
import { allowedRepo, mayAsk, namesHostOf } from '../../src/discovery/direct-hosts.js';

const HOSTS = new Set(['a.corp', 'b.corp:8443', 's.corp:2222']);
const PATH = 'a.corp/lib';

describe('namesHostOf', () => {
  it.each([
    ['a.corp', true],
    ['a.corp/x/y', true],
    ['b.corp/x', false],
    ['sub.a.corp/x', false],
    ['a.corp.evil/x', false],
    ['evil/a.corp', false],
    ['', false],
  ])('of %j: %j', (path, isNamed) => {
    expect(namesHostOf(HOSTS, path)).toBe(isNamed);
  });
});

describe('mayAsk', () => {
  it.each([
    ['https://a.corp/x?go-get=1', true],
    ['https://a.corp:443/x', true],
    ['https://A.corp/x', true],
    ['https://b.corp:8443/x', true],
    ['https://b.corp/x', false],
    ['https://a.corp:8443/x', false],
    ['http://a.corp/x', false],
    ['https://user@a.corp/x', false],
    ['https://a.corp@evil/x', false],
    ['https://evil/a.corp', false],
    ['https://a.corp./x', false],
  ])('%s: %j', (url, isAllowed) => {
    expect(mayAsk(HOSTS, new URL(url))).toBe(isAllowed);
  });
});

describe('allowedRepo', () => {
  it.each([
    ['https://a.corp/lib.git', 'a.corp'],
    ['https://a.corp:443/lib', 'a.corp'],
    ['https://b.corp:8443/lib', 'b.corp'],
    ['ssh://git@a.corp/lib', 'a.corp'],
    ['ssh://git@a.corp:22/lib', 'a.corp'],
    ['git@a.corp:lib', 'a.corp'],
    ['ssh://git@s.corp:2222/lib', 's.corp'],
  ])('takes %s', (text, host) => {
    expect(allowedRepo(HOSTS, text, PATH)).toMatchObject({ host });
  });

  it.each([
    ['https://evil/lib', 'it is on evil'],
    ['https://a.corp:8443/lib', 'it is on a.corp:8443'],
    ['https://b.corp/lib', 'it is on b.corp'],
    ['https://b.corp:443/lib', 'it is on b.corp'],
    ['ssh://git@b.corp:443/lib', 'it is on b.corp:443'],
    ['git@s.corp:lib', 'it is on s.corp'],
    ['http://a.corp/lib', 'it is at a http address, and only https and ssh are asked'],
    ['git://a.corp/lib', 'it is at a git address, and only https and ssh are asked'],
    ['file:///etc', 'it is at a file address, and only https and ssh are asked'],
    ['/etc/a.corp', 'it is at a file address, and only https and ssh are asked'],
    ['https://user:secret@a.corp/lib', 'its address holds a login'],
  ])('refuses %s: %s', (text, reason) => {
    expect(() => allowedRepo(HOSTS, text, PATH)).toThrow(
      expect.objectContaining({
        code: 'MODULE_NOT_FOUND',
        message: `not found: ${PATH}: its repository is not fetched from here`,
        reason,
      }) as Error,
    );
  });

  it.each(['', 'ext::sh -c id', 'https://-oProxyCommand=x/lib'])(
    'refuses the address %j, as not found',
    (text) => {
      expect(() => allowedRepo(HOSTS, text, PATH)).toThrow(
        expect.objectContaining({ code: 'MODULE_NOT_FOUND', reason: expect.any(String) as string }) as Error,
      );
    },
  );
});
