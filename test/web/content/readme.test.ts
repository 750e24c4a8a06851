import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { findReadme, renderMarkdown, type ReadmeContext } from '../../../src/web/content/readme.js';

const FILES = ['README.md', 'LICENSE', 'docs/guide.md', 'docs/logo.png', 'docs/drawing.svg'];
const context: ReadmeContext = {
  ref: { module: 'example.com/m', version: 'v1.0.0' },
  file: 'README.md',
  files: FILES,
};
const render = (text: string, more: Partial<ReadmeContext> = {}): string =>
  renderMarkdown(text, { ...context, ...more });

it('is chosen by name, Markdown first', () => {
  expect(findReadme(['a.go', 'README', 'readme.md', 'README.txt'])).toBe('readme.md');
  expect(findReadme(['README.txt'])).toBe('README.txt');
  expect(findReadme(['docs/README.md', 'READMEs.md', 'README.go'])).toBeUndefined();
});

it('has headings below those of the page, with anchors of their own', () => {
  expect(render('# Big\n\n## Usage & more\n\n## Usage & more\n\n[down](#usage--more)')).toBe(
    '<h3 id="readme-big">Big</h3>\n<h4 id="readme-usage-more">Usage &amp; more</h4>\n' +
      '<h4 id="readme-usage-more-1">Usage &amp; more</h4>\n<p><a href="#readme-usage-more">down</a></p>\n',
  );
});

it('shows the boxes of a task list', () => {
  const html = render('- [x] done\n- [ ] *open*\n- [y] no box\n\n[x] neither');
  expect(html).toContain('<li class="task">☑ done</li>');
  expect(html).toContain('<li class="task">☐ <em>open</em></li>');
  expect(html).toContain('<li>[y] no box</li>');
  expect(html).toContain('<p>[x] neither</p>');
});

it('leaves out no level of headings', () => {
  const levels = [...render('## b\n\n#### d\n\n# a\n\n### c').matchAll(/<h(\d)/g)].map(([, level]) => level);
  expect(levels).toEqual(['3', '4', '3', '4']);
});

describe('links', () => {
  it.each([
    ['docs/guide.md', '/example.com/m@v1.0.0?tab=files&amp;file=docs%2Fguide.md'],
    ['./docs/../LICENSE', '/example.com/m@v1.0.0?tab=files&amp;file=LICENSE'],
    ['/docs/guide.md#part', '/example.com/m@v1.0.0?tab=files&amp;file=docs%2Fguide.md#part'],
    ['docs', '/example.com/m@v1.0.0?tab=files&amp;file=docs'],
    ['../../etc/passwd', '#'],
    ['missing.md', '#'],
  ])('%s leads to %s', (link, href) => {
    expect(render(`[x](${link})`)).toBe(`<p><a href="${href}">x</a></p>\n`);
  });

  it('of a README in a folder are relative to it', () => {
    expect(render('[x](guide.md)', { file: 'docs/README.md' })).toContain('file=docs%2Fguide.md');
  });

  it('lead elsewhere plainly, and do not say from where', () => {
    const rel = 'rel="nofollow noopener noreferrer"';
    expect(render('[x](https://example.org/)')).toBe(`<p><a href="https://example.org/" ${rel}>x</a></p>\n`);
    expect(render('see https://example.org')).toContain(rel);
  });

  it.each([
    ...['javascript:alert(1)', 'JaVaScRiPt:alert(1)', 'data:text/html,x', 'vbscript:x', 'file:///etc/passwd'],
    ...['//evil.example/x', '&#106;avascript:alert(1)', 'ftp://x', 'blob:x'],
  ])('%s is not a link', (link) => {
    expect(render(`[x](${link})\n\n<${link}>`)).not.toContain('<a ');
  });
});

describe('pictures', () => {
  it('come out of the zip', () => {
    const src = '/-/raw/example.com/m@v1.0.0/docs/logo.png';
    expect(render('![The logo](docs/logo.png)')).toBe(
      `<p><img src="${src}" alt="The logo" loading="lazy"></p>\n`,
    );
    expect(render('<img src="docs/logo.png" alt="The logo" width="10">')).toContain(`src="${src}"`);
  });

  it.each([
    'https://evil.example/pixel.png',
    '//evil.example/p.png',
    'docs/missing.png',
    'docs/guide.md',
    'data:image/png;base64,AA',
  ])('are not loaded from %s', (source) => {
    const html = render(`![words](${source})\n\n<img src="${source}">`);
    expect(html).not.toContain('<img');
  });
});

describe('HTML', () => {
  it('for the layout is left out, code is not touched', () => {
    expect(render('<p align="center">\n  <b>Bold</b> <!-- a remark -->text<br/>\n</p>')).toBe(
      '<p>Bold text</p>\n',
    );
    expect(render('`<b>` stays')).toBe('<p><code>&lt;b&gt;</code> stays</p>\n');
    expect(render('```html\n<b>x</b>\n```')).toBe(
      '<pre><code class="language-html">&lt;b&gt;x&lt;/b&gt;\n</code></pre>\n',
    );
  });

  it.each([
    '<script>alert(1)</script>',
    '<img src=x onerror=alert(1)>',
    '<svg/onload=alert(1)>',
    '<iframe src="https://evil.example"></iframe>',
    '<meta http-equiv="refresh" content="0;url=https://evil.example">',
    '<form action="https://evil.example"><input name=q></form>',
    '<base href="https://evil.example/">',
    '<scr<b>ipt>alert(1)</scr</b>ipt>',
    '<img src="docs/logo.png" alt="]( x) ![a](https://evil.example/a.png)">',
    '<a href="javascript:alert(1)">x</a>',
    '<style>body{background:url(https://evil.example)}</style>',
    '[a]: javascript:alert(1)\n\n[a]',
    '![x](docs/logo.png"onerror="alert(1))',
    '# x" onmouseover="alert(1)',
    '``` "><script>alert(1)</script>\nx\n```',
  ])('that is not trusted is text: %j', (text) => {
    expectHarmless(render(text));
  });

  it('whatever the text is, nothing but known tags and attributes comes out', () => {
    const piece = fc.constantFrom(
      ...[
        '<',
        '>',
        '"',
        "'",
        '`',
        '[',
        ']',
        '(',
        ')',
        '!',
        '\\',
        '&',
        '#',
        '=',
        '/',
        ' ',
        '\n',
        ':',
        '*',
        '_',
        '|',
        '-',
      ],
      ...[
        'script',
        'img',
        'src',
        'onerror',
        'javascript:',
        'alert(1)',
        'a',
        'href',
        'http://x',
        '<b>',
        '<img src="',
        '<!--',
        '-->',
      ],
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 40 }), (pieces) => expectHarmless(render(pieces.join('')))),
      { numRuns: 500 },
    );
  });

  it('of a hundred thousand beginnings takes no time', () => {
    for (const text of ['<!--', '<b ', '`', '![', '[x](', '<img src="', '* ', '> ', '#']) {
      expectHarmless(render(text.repeat(20_000)));
    }
  });
});

/** Every tag that may come out, and the attributes that it may have. */
const TAGS = new Map(
  Object.entries({
    a: ['href', 'rel', 'title'],
    img: ['src', 'alt', 'loading'],
    span: ['class'],
    code: ['class'],
    ol: ['start'],
    th: ['style'],
    td: ['style'],
    ...Object.fromEntries(['h3', 'h4', 'h5', 'h6'].map((name) => [name, ['id']])),
    ...Object.fromEntries(
      'p em strong s ul li pre blockquote hr br table thead tbody tr'.split(' ').map((name) => [name, []]),
    ),
  }),
);

function expectHarmless(html: string): void {
  for (const [, name = '', attributes = ''] of html.matchAll(
    /<\/?([a-z0-9!?-]*)((?:\s+[^\s=>]+(?:="[^"]*")?)*)\s*>?/gi,
  )) {
    const allowed = TAGS.get(name);
    expect(allowed, `<${name}> in ${html.slice(0, 500)}`).toBeDefined();
    for (const [, attribute = '', value = ''] of attributes.matchAll(/\s([^\s=]+)(?:="([^"]*)")?/g)) {
      expect(allowed, `${attribute} in ${html.slice(0, 500)}`).toContain(attribute);
      if (attribute === 'src') expect(value).toMatch(/^\/-\/raw\//);
      if (attribute === 'href') expect(value).toMatch(/^(?:#|\/example\.com\/|https?:\/\/|mailto:)/i);
    }
  }
}
