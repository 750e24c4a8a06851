/** The rows are those of `cmd/go/internal/vcs/vcs_test.go` (TestRepoRootForImportPath) as far as they need no page. */
import { describe, expect, it } from 'vitest';
import { staticRoot } from '../../src/discovery/static-root.js';

describe('staticRoot', () => {
  it.each([
    ['github.com/golang/groupcache', 'github.com/golang/groupcache', 'https://github.com/golang/groupcache'],
    ['github.com/o/n/v2/sub', 'github.com/o/n', 'https://github.com/o/n'],
    ['bitbucket.org/o/n.x/y', 'bitbucket.org/o/n.x', 'https://bitbucket.org/o/n.x'],
    ['code.corp/x/y.git', 'code.corp/x/y.git', 'https://code.corp/x/y'],
    ['code.corp/x/y.git/sub/v3', 'code.corp/x/y.git', 'https://code.corp/x/y'],
    ['code.corp/~user/y.git', 'code.corp/~user/y.git', 'https://code.corp/~user/y'],
    // As with the pattern of go, the last of several suffixes ends the root.
    ['code.corp/a.git/b.git', 'code.corp/a.git/b.git', 'https://code.corp/a.git/b'],
  ])('%s', (path, root, repo) => {
    expect(staticRoot(path)).toEqual({ root, repo });
  });

  it('takes time in proportion to the path', () => {
    // With a pattern that tries all ways to cut this up, the test would not end.
    const dots = 'a.'.repeat(5_000);
    expect(staticRoot(`${dots}a`)).toBeUndefined();
    expect(staticRoot(`${dots}a/x~`)).toBeUndefined();
    expect(staticRoot(`${dots}a/${'b.git/'.repeat(5_000)}c`)?.root).toMatch(/b\.git$/);
    expect(staticRoot(`code.corp/${'.git'.repeat(10_000)}~`)).toBeUndefined();
  });

  it.each([
    'golang.org/x/text',
    'example.com',
    'gopkg.in/yaml.v3',
    'host/x.git',
    'gist.github.com/a/b',
    'code.corp/gitx',
  ])('needs a page for %s', (path) => {
    expect(staticRoot(path)).toBeUndefined();
  });

  it.each([
    ['github.com', 'paths there are github.com/OWNER/NAME'],
    ['github.com/owner', 'paths there are github.com/OWNER/NAME'],
    ['github.com/o/n/~x', 'paths there are github.com/OWNER/NAME'],
    ['bitbucket.org/o', 'paths there are bitbucket.org/OWNER/NAME'],
    ['github.com/o/n.git', 'no version control suffix belongs into a github.com path'],
    ['bitbucket.org/o/n.hg/x', 'no version control suffix belongs into a bitbucket.org path'],
    ['code.corp/x.hg', 'this server reads git only, not hg'],
    ['code.corp/x.svn/y', 'this server reads git only, not svn'],
    ['code.corp/x.fossil', 'this server reads git only, not fossil'],
    ['code.corp/x.bzr', 'this server reads git only, not bzr'],
  ])('says of %s: %s', (path, reason) => {
    expect(() => staticRoot(path)).toThrow(
      expect.objectContaining({
        code: 'MODULE_NOT_FOUND',
        message: `not found: ${path}: no repository for this path`,
        reason,
      }) as Error,
    );
  });
});
