import { describe, expect, it } from 'vitest';
import { isPrivatePath, rememberPrivacy, whyPrivate } from '../../src/modfetch/private-paths.js';
import { parseVanity } from '../../src/vanity/vanity-file.js';

const MAP = parseVanity(
  'host: acme.example\npaths:\n  /go/{name}: https://scm.example:8443/go/{name}\n  oss.acme.example/tool: https://h.example/tool\n',
  'vanity.yaml',
  { defaultHost: '' },
);
const SETTINGS = {
  hosts: new Map([
    ['git.vendor.example:29418', {}],
    ['github.com', {}],
  ]),
  privatePatterns: ['partner.example/*/internal', '*.lab.example'],
  publicPatterns: ['oss.acme.example', 'git.vendor.example/open'],
};

describe('rememberPrivacy', () => {
  it('says what the rules and settings in use say, and forgets that with them', () => {
    const open = parseVanity('host: other.example\npaths: {}\n', 'vanity.yaml', { defaultHost: '' });
    let [map, settings] = [MAP, SETTINGS];
    const isPrivate = rememberPrivacy(
      () => map,
      () => settings,
    );
    for (let round = 0; round < 2; round += 1) {
      expect(['acme.example/go/x', 'example.com/x'].map(isPrivate)).toEqual([true, false]);
    }
    map = open;
    expect(isPrivate('acme.example/go/x')).toBe(false);
    settings = { ...SETTINGS, privatePatterns: ['example.com'] };
    expect(isPrivate('example.com/x')).toBe(true);
  });

  it('asks the map once about a path', () => {
    let asked = 0;
    const map = { ...MAP, resolve: (path: string) => ((asked += 1), MAP.resolve(path)) };
    const isPrivate = rememberPrivacy(
      () => map,
      () => SETTINGS,
    );
    expect([isPrivate('acme.example/go/x'), isPrivate('acme.example/go/x')]).toEqual([true, true]);
    expect(asked).toBe(1);
  });
});

describe('isPrivatePath', () => {
  it.each([
    ['acme.example/go/x', true, 'below a rule'],
    ['acme.example/other', true, 'below the vanity host, without a rule'],
    ['git.acme.example/secret', true, 'below a sub-domain of it that is not in a file'],
    ['scm.example/x', true, 'below the git host of a rule'],
    ['git.vendor.example/x', true, 'below a host with an entry'],
    ['git.vendor.example/open/x', false, 'an exception there'],
    ['oss.acme.example/lib', false, 'below a public sub-domain'],
    ['oss.acme.example/tool/v2', true, 'below a rule in a public sub-domain'],
    ['partner.example/a/internal/x', true, 'a private pattern'],
    ['partner.example/a/Internal/x', true, 'another spelling of its repository'],
    ['partner.example/a/internal.git/x', true, 'another one'],
    ['partner.example/a/open', false, 'beside it'],
    ['deep.lab.example/x', true, 'a private pattern of hosts'],
    ['github.com/a/b', false, 'where everybody is, although there is an entry'],
    ['example.com/x', false, 'anything else'],
  ])('%s: %s (%s)', (path, expected) => {
    expect(isPrivatePath(path, MAP, SETTINGS)).toBe(expected);
  });
});

describe('whyPrivate', () => {
  it.each([
    ['acme.example/go/x', 'a rule of vanity.yaml covers it'],
    ['git.acme.example/x', /^git.acme.example is a host of vanity.yaml, one below it/],
    ['scm.example/x', /holds the repositories of its rules$/],
    ['git.vendor.example/x', 'git.vendor.example has an entry under vcs.hosts'],
    ['deep.lab.example/x', 'the pattern *.lab.example of private: matches it'],
    ['example.com/x', undefined],
  ])('%s: %s', (path, reason) => {
    const said = whyPrivate(path, MAP, SETTINGS);
    if (reason instanceof RegExp) expect(said).toMatch(reason);
    else expect(said).toBe(reason);
  });
});
