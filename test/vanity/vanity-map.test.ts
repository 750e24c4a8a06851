import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hasPathPrefix } from '../../src/module/module-path.js';
import { parseVanity } from '../../src/vanity/vanity-file.js';
import type { VanityMap } from '../../src/vanity/vanity-map.js';

function mapOf(rules: Record<string, string>, host = 'my.corp'): VanityMap {
  return parseVanity(JSON.stringify({ host, paths: rules }), '/etc/vanity.yaml', { defaultHost: '' });
}

const MAP = mapOf({
  '/go': 'http://h/go',
  '/go/foo': 'http://h/foo',
  '/go/foo/bar': 'http://h/bar',
  '/p/{name}': 'http://h/p/{name}.git',
  '/p/special': 'git@h:special.git',
  '/q/{a}/{b}': 'git@h:{b}/{a}.git',
  '/q/{a}/x': 'http://h/{a}-x',
  '/q/one/{b}': 'http://h/one-{b}',
  'other.corp/lib': 'http://h/lib',
  'github.com/mycorp/fork': 'http://h/fork',
});

describe('resolve', () => {
  it.each([
    { path: 'my.corp/go', root: 'my.corp/go', url: 'http://h/go' },
    { path: 'my.corp/go/x', root: 'my.corp/go', url: 'http://h/go' },
    { path: 'my.corp/go/fo', root: 'my.corp/go', url: 'http://h/go' },
    { path: 'my.corp/go/foobar', root: 'my.corp/go', url: 'http://h/go' },
    { path: 'my.corp/go/foo', root: 'my.corp/go/foo', url: 'http://h/foo' },
    { path: 'my.corp/go/foo/v2', root: 'my.corp/go/foo', url: 'http://h/foo' },
    { path: 'my.corp/go/foo/bar/baz', root: 'my.corp/go/foo/bar', url: 'http://h/bar' },
    { path: 'my.corp/p/x', root: 'my.corp/p/x', url: 'http://h/p/x.git' },
    { path: 'my.corp/p/x/v2/y', root: 'my.corp/p/x', url: 'http://h/p/x.git' },
    { path: 'my.corp/p/special/y', root: 'my.corp/p/special', url: 'ssh://git@h/special.git' },
    { path: 'my.corp/q/one/x', root: 'my.corp/q/one/x', url: 'http://h/one-x' },
    { path: 'my.corp/q/two/x', root: 'my.corp/q/two/x', url: 'http://h/two-x' },
    { path: 'my.corp/q/two/three/four', root: 'my.corp/q/two/three', url: 'ssh://git@h/three/two.git' },
    { path: 'other.corp/lib/x', root: 'other.corp/lib', url: 'http://h/lib' },
  ])('finds $url for $path', ({ path, root, url }) => {
    const found = MAP.resolve(path);
    expect(found).toMatchObject({ root, subdir: '', display: undefined });
    expect(found?.repos.map((repo) => repo.url)).toEqual([url]);
  });

  it.each([
    { name: 'above every rule', path: 'my.corp' },
    { name: 'with no element for {name}', path: 'my.corp/p' },
    { name: 'with a major version where {name} is', path: 'my.corp/p/v2' },
    { name: 'with dots where {name} is', path: 'my.corp/p/..' },
    { name: 'with an empty element where {name} is', path: 'my.corp/p//x' },
    { name: 'with a dash that git would take for an option', path: 'my.corp/q/a/-x' },
    { name: 'on another host', path: 'not.corp/go/foo' },
    { name: 'on a host that begins the same', path: 'my.corporation/go' },
    { name: 'that is empty', path: '' },
  ])('finds nothing for a path $name', ({ path }) => {
    expect(MAP.resolve(path)).toBeUndefined();
  });

  it('covers the git hosts behind the rules, but not the ones of everybody', () => {
    const map = mapOf({
      '/a': 'https://gitlab.corp:8443/a.git',
      '/b': 'git@scm.corp:b.git',
      '/c': 'https://github.com/x/c',
    });
    expect(map.covers('gitlab.corp/team/secret')).toBe(true);
    expect(map.covers('scm.corp/x')).toBe(true);
    expect(map.covers('github.com/x/c')).toBe(false);
    expect(map.covers('ex.org/x')).toBe(false);
  });

  describe('with {path...}', () => {
    const map = mapOf({
      '/g/{path...}': 'http://h/{path}.git',
      '/g/a/b/fixed': 'http://h/fixed.git',
      '/g/one/{n}': 'http://h/one-{n}.git',
      '/g': 'http://h/g.git',
      '/spelled/{path...}': 'http://h/{path...}.git',
    });

    it.each([
      { path: 'my.corp/g/a', roots: ['my.corp/g/a'] },
      { path: 'my.corp/g/a/b/c', roots: ['my.corp/g/a/b/c', 'my.corp/g/a/b', 'my.corp/g/a'] },
      { path: 'my.corp/g/a/b/v2', roots: ['my.corp/g/a/b', 'my.corp/g/a'] },
      { path: 'my.corp/g/a/b/fixed/x', roots: ['my.corp/g/a/b/fixed'] },
      { path: 'my.corp/g/one/x/y', roots: ['my.corp/g/one/x'] },
      { path: 'my.corp/g/one', roots: ['my.corp/g/one'] },
      { path: 'my.corp/g', roots: ['my.corp/g'] },
      { path: 'my.corp/g/v2', roots: ['my.corp/g'] },
      { path: 'my.corp/spelled/x/y', roots: ['my.corp/spelled/x/y', 'my.corp/spelled/x'] },
      { path: 'my.corp/elsewhere', roots: [] },
    ])('lists $roots for $path', ({ path, roots }) => {
      expect(map.candidates(path).map(({ root }) => root)).toEqual(roots);
      expect(map.resolve(path)?.root).toBe(roots[0]);
    });

    it('puts all elements into the address', () => {
      const urls = map.candidates('my.corp/g/a/b/c').flatMap(({ repos }) => repos.map(({ url }) => url));
      expect(urls).toEqual(['http://h/a/b/c.git', 'http://h/a/b.git', 'http://h/a.git']);
    });
  });

  it('fills {name} into subdir and display, and leaves the words of go-source alone', () => {
    const map = parseVanity(
      'host: my.corp\npaths:\n  /{n}: { repo: http://h/mono.git, subdir: go/{n}, display: "http://h/{n} _{/dir} _{/dir}/{file}#L{line}" }\n',
      '/etc/vanity.yaml',
      { defaultHost: '' },
    );
    expect(map.resolve('my.corp/x/y')).toMatchObject({
      root: 'my.corp/x',
      subdir: 'go/x',
      display: 'http://h/x _{/dir} _{/dir}/{file}#L{line}',
    });
  });

  it('takes a rule for the whole host', () => {
    expect(mapOf({ '/': 'http://h/all' }).resolve('my.corp/a/b')).toMatchObject({ root: 'my.corp' });
  });

  it('agrees with a search through all rules', () => {
    const element = fc.constantFrom('a', 'b', 'c', 'v2');
    const key = fc.array(
      fc.oneof({ weight: 2, arbitrary: element }, { weight: 1, arbitrary: fc.constant('{}') }),
      {
        minLength: 1,
        maxLength: 4,
      },
    );
    const path = fc.array(element, { minLength: 0, maxLength: 6 });
    fc.assert(
      fc.property(fc.uniqueArray(key, { selector: String, maxLength: 12 }), path, (keys, elements) => {
        const written = keys.map(
          (parts) => `/${parts.map((part, i) => (part === '{}' ? `{n${i}}` : part)).join('/')}`,
        );
        const map = mapOf(Object.fromEntries(written.map((text, i) => [text, `http://h/${i}`])));
        const asked = ['my.corp', ...elements].join('/');
        const found = map.resolve(asked);
        expect(found?.rule.key).toBe(written[naiveBest(keys, elements)]);
        if (found) expect(hasPathPrefix(asked, found.root)).toBe(true);
      }),
      { numRuns: 2000 },
    );
  });
});

/** Index of the rule that wins, by the words of the manual: more elements, then literal before `{name}` from the left. */
function naiveBest(keys: readonly (readonly string[])[], path: readonly string[]): number {
  const matching = keys.filter(
    (key) =>
      key.length <= path.length &&
      key.every((part, i) => part === path[i] || (part === '{}' && path[i] !== 'v2')),
  );
  function rank(key: readonly string[]): string {
    return key.map((part) => (part === '{}' ? '1' : '0')).join('');
  }
  const [best] = matching.sort((a, b) => b.length - a.length || (rank(a) < rank(b) ? -1 : 1));
  return best === undefined ? -1 : keys.indexOf(best);
}

describe('covers', () => {
  it.each([
    { name: 'a path under a rule', path: 'my.corp/go/foo', covered: true },
    { name: 'a path under the vanity host but no rule', path: 'my.corp/secret', covered: true },
    { name: 'the vanity host', path: 'my.corp', covered: true },
    { name: 'a sub-domain of the vanity host', path: 'git2.internal.my.corp/secret', covered: true },
    { name: 'a sub-domain of the host of a rule', path: 'www.other.corp/x', covered: true },
    { name: 'a name that only ends the same', path: 'notmy.corp/x', covered: false },
    { name: 'a sub-domain of a public host', path: 'x.github.com/y', covered: false },
    { name: 'a path beside a full import path', path: 'other.corp/secret', covered: true },
    { name: 'a rule on a public host', path: 'github.com/mycorp/fork/x', covered: true },
    { name: 'a path beside it', path: 'github.com/someone/lib', covered: false },
    { name: 'a path under no rule and no vanity host', path: 'example.com/x', covered: false },
    { name: 'a host that begins the same', path: 'my.corp.evil/x', covered: false },
  ])('$name: $covered', ({ path, covered }) => {
    expect(MAP.covers(path)).toBe(covered);
  });

  it('lists the hosts', () => {
    expect([...MAP.hosts].sort()).toEqual(['my.corp', 'other.corp']);
  });
});
