import { describe, expect, it } from 'vitest';
import { lookupPage, renderGoImportPage } from '../../src/vanity/go-import-page.js';
import { parseVanity } from '../../src/vanity/vanity-file.js';
import type { VanityMap } from '../../src/vanity/vanity-map.js';

const PUBLIC_URL = 'http://goproxy.corp:10000';

function parse(text: string): VanityMap {
  return parseVanity(text, '/etc/modhaven/vanity.yaml', { defaultHost: 'goproxy.corp' });
}

/** The contents of the meta tags on the page for a path, as `go` would read them. */
function metaTags(map: VanityMap, host: string, path: string): Record<string, string> {
  const root = lookupPage(map, host, path);
  if (!root) return {};
  const tags = renderGoImportPage(root, PUBLIC_URL).matchAll(/<meta name="([^"]*)" content="([^"]*)">/g);
  return Object.fromEntries([...tags].map(([, name = '', content = '']) => [name, unescape(content)]));
}

function unescape(text: string): string {
  return text
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&#39;', "'")
    .replaceAll('&amp;', '&');
}

const NAMED = parse(`host: mycompany.com
paths:
  /go/foo: { repo: "http://10.10.30.30/go/foo.git", subdir: src }
  /go/common: ssh://tonybai@10.10.30.30:29418/go/common
  /go/{name}: https://me:s3cret@h/go/{name}.git
  /local: ../demo/x.bundle
  /hub: https://github.com/example/foo.git
  /hub-src: { repo: https://github.com/example/foo, subdir: src }
  /bucket: https://bitbucket.org/zombiezen/mygit
  /shown: { repo: "http://h/x", display: "http://h  http://h/tree{/dir} http://h/<a>&b" }
  other.corp/lib: git@gitlab.mycompany.com:team/lib.git
`);

describe('renderGoImportPage', () => {
  it.each([
    {
      path: '/go/foo/sub/pkg',
      tags: { 'go-import': 'mycompany.com/go/foo git http://10.10.30.30/go/foo.git src' },
    },
    {
      path: '/go/common',
      tags: { 'go-import': 'mycompany.com/go/common git ssh://tonybai@10.10.30.30:29418/go/common' },
    },
    { path: '/go/bar/v2', tags: { 'go-import': 'mycompany.com/go/bar git https://h/go/bar.git' } },
    { path: '/local', tags: { 'go-import': `mycompany.com/local mod ${PUBLIC_URL}` } },
    {
      path: '/hub',
      tags: {
        'go-import': 'mycompany.com/hub git https://github.com/example/foo.git',
        'go-source':
          'mycompany.com/hub https://github.com/example/foo https://github.com/example/foo/tree/HEAD{/dir} https://github.com/example/foo/blob/HEAD{/dir}/{file}#L{line}',
      },
    },
    {
      path: '/hub-src',
      tags: {
        'go-import': 'mycompany.com/hub-src git https://github.com/example/foo src',
        'go-source':
          'mycompany.com/hub-src https://github.com/example/foo https://github.com/example/foo/tree/HEAD/src{/dir} https://github.com/example/foo/blob/HEAD/src{/dir}/{file}#L{line}',
      },
    },
    {
      path: '/bucket',
      tags: {
        'go-import': 'mycompany.com/bucket git https://bitbucket.org/zombiezen/mygit',
        'go-source':
          'mycompany.com/bucket https://bitbucket.org/zombiezen/mygit https://bitbucket.org/zombiezen/mygit/src/HEAD{/dir} https://bitbucket.org/zombiezen/mygit/src/HEAD{/dir}/{file}#{file}-{line}',
      },
    },
    {
      path: '/shown',
      tags: {
        'go-import': 'mycompany.com/shown git http://h/x',
        'go-source': 'mycompany.com/shown http://h http://h/tree{/dir} http://h/<a>&b',
      },
    },
  ])('writes the tags of $path', ({ path, tags }) => {
    expect(metaTags(NAMED, 'mycompany.com', path)).toEqual(tags);
  });

  it('is a page for people, too, without a redirect', () => {
    const root = lookupPage(NAMED, 'mycompany.com', '/go/common');
    expect(root && renderGoImportPage(root, PUBLIC_URL)).toBe(`<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="go-import" content="mycompany.com/go/common git ssh://tonybai@10.10.30.30:29418/go/common">
<title>mycompany.com/go/common</title>
</head>
<body>
<p>Go import path <code>mycompany.com/go/common</code>. Its source is at <code>ssh://tonybai@10.10.30.30:29418/go/common</code>.</p>
<p><code>go get mycompany.com/go/common</code></p>
</body>
</html>
`);
  });

  it('never shows a secret, a local path or raw markup', () => {
    for (const path of ['/go/bar', '/local', '/shown']) {
      const root = lookupPage(NAMED, 'mycompany.com', path);
      const page = root ? renderGoImportPage(root, `${PUBLIC_URL}/"><script>`) : '';
      expect(page).toContain(`mycompany.com${path}`);
      expect(page).not.toMatch(/s3cret|\.bundle|<script|<a>/);
    }
  });
});

describe('lookupPage', () => {
  it('answers for any host also when public_url is an IPv6 address', () => {
    const map = parseVanity('/foo: http://h/foo\n', '/etc/modhaven/vanity.yaml', { defaultHost: '[::1]' });
    expect(lookupPage(map, 'example.com', '/foo')?.root).toBe('example.com/foo');
  });

  const hostless = parse(
    'paths:\n  /foo: http://h/foo\n  /{n}/x: http://h/{n}\n  other.corp/lib: http://h/lib\n',
  );

  it.each([
    { map: NAMED, host: 'mycompany.com:8080', path: '/go/common/', root: 'mycompany.com/go/common' },
    { map: NAMED, host: 'MyCompany.com.', path: '/go/common', root: 'mycompany.com/go/common' },
    { map: NAMED, host: 'other.corp', path: '/lib/x', root: 'other.corp/lib' },
    { map: NAMED, host: 'goproxy.corp', path: '/go/common', root: undefined },
    { map: NAMED, host: '127.0.0.1:10000', path: '/go/common', root: 'mycompany.com/go/common' },
    { map: NAMED, host: '[::1]:10000', path: '/go/common', root: 'mycompany.com/go/common' },
    { map: NAMED, host: 'other.corp', path: '/go/common', root: undefined },
    { map: NAMED, host: 'mycompany.com', path: '/', root: undefined },
    { map: NAMED, host: 'mycompany.com', path: '/nowhere', root: undefined },
    { map: hostless, host: 'goproxy.corp', path: '/foo/y', root: 'goproxy.corp/foo' },
    { map: hostless, host: 'example.com', path: '/foo/y', root: 'example.com/foo' },
    { map: hostless, host: 'example.com:8080', path: '/a/x', root: 'example.com/a/x' },
    { map: hostless, host: 'example.com', path: '/lib', root: undefined },
    { map: hostless, host: 'other.corp', path: '/lib', root: 'other.corp/lib' },
    { map: hostless, host: '"><script>', path: '/foo', root: undefined },
    { map: hostless, host: '', path: '/foo', root: undefined },
  ])('finds $root for $host and $path', ({ map, host, path, root }) => {
    expect(lookupPage(map, host, path)?.root).toBe(root);
  });
});
