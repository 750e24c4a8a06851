import { describe, expect, it } from 'vitest';
import { isSameRepo, repoPaths } from '../../src/vanity/repo-identity.js';
import { parseRepoUrl } from '../../src/module/repo-url.js';
import { rulesOfRepo } from '../../src/vanity/reverse-match.js';
import { parseVanity } from '../../src/vanity/vanity-file.js';

/** `ROOT REPO` of every rule that names the repository at `url`. */
function lookUp(paths: string, url: string): string[] {
  const map = parseVanity(`host: ex.com\npaths:\n${paths.replace(/^ */gm, '  ')}\n`, '/srv/vanity.yaml', {
    defaultHost: '',
  });
  const wanted = parseRepoUrl(url, '/');
  return rulesOfRepo(map, { paths: repoPaths(wanted), is: (repo) => isSameRepo(wanted, repo) }).map(
    ({ root, repo, rule }) => `${root?.root ?? `(${rule.prefix})`} ${repo.url}`,
  );
}

describe('rulesOfRepo', () => {
  it.each([
    {
      name: 'a plain rule, by another spelling of its address',
      rules: '/go/foo: http://h/go/foo.git',
      pushed: 'git@h:go/foo.git',
      found: ['ex.com/go/foo http://h/go/foo.git'],
    },
    {
      name: 'every rule that names it',
      rules: '/go/foo: http://h/go/foo.git\n/lib/foo: ssh://git@h/go/foo\n/x: http://h/x',
      pushed: 'https://h/go/foo',
      found: ['ex.com/go/foo http://h/go/foo.git', 'ex.com/lib/foo ssh://git@h/go/foo'],
    },
    {
      name: 'the one of several repositories that was pushed to',
      rules: '/go/foo: { repo: ["http://old/foo", "http://new/go/foo"] }',
      pushed: 'http://new/go/foo.git',
      found: ['ex.com/go/foo http://new/go/foo'],
    },
    {
      name: 'a pattern',
      rules: '/go/{name}: http://h/go/{name}.git',
      pushed: 'http://h/go/foo.git',
      found: ['ex.com/go/foo http://h/go/foo.git'],
    },
    {
      name: 'a pattern over ssh, pushed over http',
      rules: '/go/{name}: ssh://tony@h:29418/go/{name}',
      pushed: 'http://h/a/go/foo',
      found: ['ex.com/go/foo ssh://tony@h:29418/go/foo'],
    },
    {
      name: 'a pattern in the scp form',
      rules: '/go/{name}: "git@h:team/go-{name}.git"',
      pushed: 'https://h/team/go-foo.git',
      found: ['ex.com/go/foo ssh://git@h/team/go-foo.git'],
    },
    {
      name: 'a pattern below /a/ of Gerrit',
      rules: '/go/{name}: http://h/a/go/{name}',
      pushed: 'ssh://h:29418/go/foo',
      found: ['ex.com/go/foo http://h/a/go/foo'],
    },
    {
      name: 'two names',
      rules: '/{team}/{name}: http://h/{name}/{team}.git',
      pushed: 'http://h/foo/core',
      found: ['ex.com/core/foo http://h/foo/core.git'],
    },
    {
      name: 'a name that stands in the address twice',
      rules: '/go/{name}: http://h/{name}/{name}.git',
      pushed: 'http://h/foo/foo.git',
      found: ['ex.com/go/foo http://h/foo/foo.git'],
    },
    {
      name: 'the rest of a path',
      rules: '/go/{path...}: http://h/go/{path}.git',
      pushed: 'http://h/go/team/sub/foo.git',
      found: ['ex.com/go/team/sub/foo http://h/go/team/sub/foo.git'],
    },
    {
      name: 'a name that the address does not say',
      rules: '/{any}/mono: http://h/mono.git',
      pushed: 'http://h/mono.git',
      found: ['(ex.com/{any}/mono) http://h/mono.git'],
    },
    {
      name: 'an address with characters that mean something in patterns',
      rules: '/go/{name}: http://h/a+b(c)/{name}.x',
      pushed: 'http://h/a+b(c)/foo.x',
      found: ['ex.com/go/foo http://h/a+b(c)/foo.x'],
    },
  ])('finds $name', ({ rules, pushed, found }) => {
    expect(lookUp(rules, pushed)).toEqual(found);
  });

  it.each([
    ['another repository', '/go/foo: http://h/go/foo.git', 'http://h/go/bar'],
    ['another host', '/go/{name}: http://h/go/{name}', 'http://i/go/foo'],
    ['a deeper path than one element', '/go/{name}: http://h/go/{name}', 'http://h/go/team/foo'],
    ['what no module path can hold', '/go/{name}: http://h/go/{name}', 'http://h/go/foo%20bar'],
    ['a major version, which is not a name', '/go/{name}: http://h/go/{name}', 'http://h/go/v2'],
    ['unequal values of one name', '/go/{name}: http://h/{name}/{name}', 'http://h/foo/bar'],
    ['a dot in place of any character', '/go/{name}: http://h/g.o/{name}', 'http://h/gxo/foo'],
  ])('finds nothing for %s', (_name, rules, pushed) => {
    expect(lookUp(rules, pushed)).toEqual([]);
  });

  it('leaves out a pattern whose path a more specific rule takes', () => {
    const rules = '/go/{name}: http://h/go/{name}\n/go/foo: http://elsewhere/foo';
    expect(lookUp(rules, 'http://h/go/foo')).toEqual([]);
    expect(lookUp(rules, 'http://h/go/bar')).toEqual(['ex.com/go/bar http://h/go/bar']);
  });
});
