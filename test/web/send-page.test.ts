import { renderToString } from 'preact-render-to-string';
import { h } from 'preact';
import { expect, it } from 'vitest';
import { withPrefix } from '../../src/web/send-page.js';

it('puts addresses of this server below the path that a web server in front has it at, and no others', () => {
  const html = renderToString(
    h('p', { title: ' href="/x' }, [
      h('a', { href: '/-/modules' }, ' href="/text'),
      h('img', { src: '/-/assets/icon.svg', alt: '' }),
      h('a', { href: 'https://example.org/' }, 'x'),
      h('a', { href: '#top' }, 'x'),
    ]),
  );
  const moved = withPrefix(html, '/goproxy');
  expect(moved).toContain('<a href="/goproxy/-/modules">');
  expect(moved).toContain('src="/goproxy/-/assets/icon.svg"');
  expect(moved.match(/goproxy/g)).toHaveLength(2);
  expect(withPrefix(html, '')).toBe(html);
});
