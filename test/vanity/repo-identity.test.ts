import { describe, expect, it } from 'vitest';
import { isSameRepo, repoName, repoPaths } from '../../src/vanity/repo-identity.js';
import { parseRepoUrl } from '../../src/module/repo-url.js';

const read = (text: string) => parseRepoUrl(text, '/srv');

describe('isSameRepo', () => {
  it.each([
    ['itself', 'http://h/go/foo.git', 'http://h/go/foo.git'],
    ['with and without .git', 'http://h/go/foo.git', 'http://h/go/foo'],
    ['a slash at the end', 'http://h/go/foo.git/', 'http://h/go/foo'],
    ['doubled slashes', 'http://h//go//foo', 'http://h/go/foo'],
    ['the host in another case', 'http://Git.Example/go/foo', 'http://git.example/go/foo'],
    ['http and https', 'http://h/go/foo', 'https://h/go/foo'],
    ['http and ssh', 'http://h/go/foo.git', 'ssh://git@h/go/foo'],
    ['http and the scp form', 'https://h/go/foo.git', 'git@h:go/foo.git'],
    ['the scp form and ssh', 'git@h:go/foo.git', 'ssh://h/go/foo'],
    ['other ports of other schemes', 'http://h:3000/go/foo', 'ssh://git@h:2222/go/foo'],
    ['the default port, written and not', 'http://h:80/go/foo', 'http://h/go/foo'],
    ['the default port of ssh', 'ssh://git@h:22/go/foo', 'git@h:go/foo'],
    ['other logins', 'ssh://tony@h/go/foo', 'ssh://git@h/go/foo'],
    ['a token in one of them', 'http://oauth2:s3cret@h/go/foo', 'http://h/go/foo'],
    ['an encoded and a plain character', 'http://h/%7Eme/foo', 'http://h/~me/foo'],
    ["Gerrit's tree for those who log in", 'http://h/a/go/foo', 'ssh://tony@h:29418/go/foo'],
    ['a group called a', 'http://h/a/foo', 'git@h:a/foo.git'],
    ['two local paths', '/srv/foo.git', 'file:///srv/foo'],
  ])('holds for %s', (_name, one, two) => {
    expect(isSameRepo(read(one), read(two))).toBe(true);
    expect(isSameRepo(read(two), read(one))).toBe(true);
  });

  it.each([
    ['another repository', 'http://h/go/foo', 'http://h/go/bar'],
    ['another host', 'http://h/go/foo', 'http://i/go/foo'],
    ['another port of the same scheme', 'http://h:3000/go/foo', 'http://h:3001/go/foo'],
    ['another ssh port', 'ssh://h:2222/go/foo', 'git@h:go/foo'],
    ['a path that goes on', 'http://h/go/foo', 'http://h/go/foo/bar'],
    ['a path that ends in it', 'http://h/x/go/foo', 'http://h/go/foo'],
    ['a path in another case, which not every host takes', 'http://h/go/Foo', 'http://h/go/foo'],
    ['an ssh path below /a/, which is a group', 'ssh://h/a/go/foo', 'http://h/go/foo'],
    ['a local path', '/go/foo', 'http://h/go/foo'],
  ])('does not hold for %s', (_name, one, two) => {
    expect(isSameRepo(read(one), read(two))).toBe(false);
    expect(isSameRepo(read(two), read(one))).toBe(false);
  });
});

describe('repoPaths', () => {
  it('names both readings of /a/', () => {
    expect(repoPaths(read('https://h/a/go/foo.git'))).toEqual(['a/go/foo', 'go/foo']);
    expect(repoPaths(read('ssh://h/a/go/foo.git'))).toEqual(['a/go/foo']);
  });
});

describe('repoName', () => {
  it.each([
    ['/go//foo.git/', 'go/foo'],
    ['go/foo', 'go/foo'],
    ['/go/foo.git.git', 'go/foo.git'],
  ])('%s → %s', (path, name) => expect(repoName(path)).toBe(name));
});
