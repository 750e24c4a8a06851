import { describe, expect, it } from 'vitest';
import { ModhavenError } from '../../src/errors.js';
import type { RepoRoots } from '../../src/modfetch/repo-root.js';
import { findPage } from '../../src/proxy/vanity-page.js';
import { parseVanity } from '../../src/vanity/vanity-file.js';

const RULES =
  'host: corp.test\npaths:\n  /foo: http://git.test/foo.git\n  /g/{path...}: http://git.test/{path}.git\n';

function page(
  host: string,
  path: string,
  find: RepoRoots['find'] = () => Promise.reject(new Error('not asked')),
) {
  const map = parseVanity(RULES, '/vanity.yaml', { defaultHost: 'corp.test' });
  return findPage(
    { roots: { find }, vanity: () => map, publicUrl: () => 'http://proxy.test:10000' },
    host,
    path,
  );
}

describe('findPage', () => {
  it('is what go reads, kept as long as the map says', async () => {
    const found = await page('corp.test', '/foo/sub');
    expect(found.text).toContain('content="corp.test/foo git http://git.test/foo.git"');
    expect(found.type).toBe('text/html; charset=utf-8');
    expect(found.cacheControl).toMatch(/^public, max-age=\d+$/);
  });

  it('welcomes at the root of any host', async () => {
    expect(await page('elsewhere.test', '/')).toMatchObject({
      text: 'modhaven: a Go module proxy. Use it with GOPROXY=http://proxy.test:10000\n',
      type: 'text/plain; charset=utf-8',
    });
  });

  it.each([
    ['corp.test:10000', '/none', 'not found: corp.test/none'],
    ['elsewhere.test', '/foo', 'not found: elsewhere.test/foo'],
  ])('has none at %s%s', async (host, path, message) => {
    await expect(page(host, path)).rejects.toMatchObject({ code: 'MODULE_NOT_FOUND', message });
  });

  it.each(['/%', '/%ff'])('refuses the path %s', async (path) => {
    await expect(page('corp.test', path)).rejects.toMatchObject({ code: 'INVALID_PATH' });
  });

  it('has the git host confirm where a repository ends, and says what it says', async () => {
    const asked: string[] = [];
    const down = new ModhavenError('HOST_TIMEOUT', 'the git host does not answer');
    const find = (path: string) => {
      asked.push(path);
      return Promise.reject(down);
    };
    await expect(page('corp.test', '/g/team/lib/sub', find)).rejects.toBe(down);
    expect(asked).toHaveLength(1);
    expect(asked[0]).toMatch(/^corp\.test\/g\/team/);
  });
});
