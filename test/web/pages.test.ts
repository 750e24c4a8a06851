/**
 * All pages, filled with what an attacker might call things: nothing of it may come out as anything but text. The browser
 * sees them in `test/e2e/pages/pages.test.ts`.
 */
import type { VNode } from 'preact';
import { renderToString } from 'preact-render-to-string';
import { describe, expect, it } from 'vitest';
import { outlineGoMod } from '../../src/module/go-mod-outline.js';
import type { CanonicalVersion } from '../../src/module/version.js';
import type { ModulePath } from '../../src/module/module-path.js';
import type { VersionRow } from '../../src/web/content/module-view.js';
import { DiffTab, FileTab, FolderTab } from '../../src/web/pages/file-tabs.js';
import { HomePage } from '../../src/web/pages/home.js';
import { Copyable, Layout, counted, type PageContext } from '../../src/web/pages/layout.js';
import { sizeText } from '../../src/size-text.js';
import { ErrorPage, FetchingPage } from '../../src/web/pages/message.js';
import { ModulesPage } from '../../src/web/pages/modules.js';
import { ImportsTab, ModTab, ReadmeTab, VersionsTab } from '../../src/web/pages/module-tabs.js';
import { ModulePage, type ModuleFacts } from '../../src/web/pages/module.js';
import { StatusPage } from '../../src/web/pages/status.js';

const BAD = `x"'><script>alert(1)</script><img src=//evil onerror=alert(1)>&lt;`;

const context: PageContext = {
  name: BAD,
  canLogIn: true,
  publicUrl: `https://p.example/${BAD}`,
  version: BAD,
  assetsTag: 'tag',
};
const module = BAD as ModulePath;
const row: VersionRow = {
  version: BAD,
  isPrerelease: true,
  isPseudo: true,
  retracted: BAD,
  time: BAD,
  commit: BAD,
  tag: BAD,
  storedAt: BAD,
  fetchedBy: { kind: 'user', name: BAD },
};
const facts: ModuleFacts = {
  module,
  version: BAD,
  row,
  isLatest: false,
  latest: BAD,
  isStale: true,
  deprecated: BAD,
  isPrivate: true,
  rule: { key: BAD, repository: BAD, subdir: BAD },
  origin: { url: BAD, subdir: BAD },
  go: BAD,
  licences: [{ file: BAD, name: BAD }],
  zipSize: 1,
  versionCount: 2,
  docs: undefined,
  zipError: BAD,
};
const snippet = { id: BAD, title: BAD, file: BAD, text: BAD, note: BAD };
const outline = {
  ...outlineGoMod(''),
  requires: [
    { path: BAD, version: BAD, isIndirect: false },
    { path: `${BAD}2`, version: BAD, isIndirect: true },
  ],
  replaces: [{ path: BAD, version: BAD, with: BAD, withVersion: BAD }],
};
const lines = [BAD, '\u202e reversed'];

const PAGES: Record<string, VNode> = {
  home: HomePage({
    context,
    shells: [snippet],
    logins: [snippet],
    tools: [snippet],
    settings: BAD,
    count: 3,
    newest: [{ module, version: BAD as string as CanonicalVersion, moment: { us: 1, ns: 1 } }],
    rules: [
      { prefix: BAD, isPattern: false },
      { prefix: `${BAD}2`, isPattern: true },
    ],
    isEmpty: true,
    hasUpstream: true,
  }),
  modules: ModulesPage({
    context,
    query: BAD,
    total: 1,
    page: 2,
    pages: 3,
    missing: 'rights',
    elsewhere: `/${encodeURI(BAD)}`,
    rows: [{ path: BAD, newest: BAD, storedAt: BAD, versions: 1, isPrivate: true }],
  }),
  error: ErrorPage({ context, status: 404, lines: [BAD, BAD] }),
  fetching: FetchingPage({
    context,
    target: { module, version: BAD },
    phases: [{ name: BAD, ms: undefined, failed: true }],
  }),
  module: ModulePage({ context, facts, tab: 'readme', children: BAD }),
  readme: ReadmeTab({ readme: { kind: 'text', file: BAD, text: BAD }, files: '/files' }),
  versions: VersionsTab({ module, current: 'v1.0.0', rows: [row], total: 1, page: 1, pages: 2 }),
  mod: ModTab({ lines: [`require ${BAD}`], outline }),
  imports: ImportsTab({
    module,
    outline,
    missing: 'store',
    users: [{ module: BAD, version: BAD, required: BAD }],
    total: 300,
    page: 2,
    pages: 3,
    pageHref: (page) => `/${encodeURI(BAD)}?page=${page}`,
  }),
  folder: FolderTab({
    module,
    version: BAD,
    folder: BAD,
    total: 2,
    isCut: true,
    folders: [{ name: BAD, files: 1 }],
    files: [{ name: BAD, size: 1 }],
  }),
  file: FileTab({ module, version: BAD, file: BAD, size: 1, content: { kind: 'text', lines } }),
  picture: FileTab({ module, version: BAD, file: `${BAD}.png`, size: 1, content: { kind: 'picture' } }),
  diff: DiffTab({
    module,
    version: BAD,
    from: 'v1.0.0',
    choices: [BAD],
    problem: undefined,
    files: [{ file: BAD, kind: 'removed', before: 1, after: undefined }],
    requires: [{ path: BAD, before: BAD, after: BAD }],
    go: { before: BAD, after: undefined },
    docs: { from: '/docs/1', to: '/docs/2' },
  }),
  'no diff': DiffTab({
    module,
    version: BAD,
    from: BAD,
    choices: [],
    problem: BAD,
    files: [],
    requires: [],
    go: { before: undefined, after: undefined },
    docs: undefined,
  }),
  status: StatusPage({
    context,
    status: {
      version: BAD,
      problems: [{ repository: BAD, [BAD]: BAD }],
      other: { [BAD]: BAD },
      list: [BAD],
      text: BAD,
    },
  }),
};

describe.each(Object.entries(PAGES))('the page %s', (_name, page) => {
  const html = renderToString(page);
  const tags = [...html.matchAll(/<([a-z0-9]+)((?:\s+[\w:-]+(?:="[^"]*")?)*)\s*\/?>/gi)];

  it('shows what it is told', () => {
    expect(html).toMatch(/x(?:&quot;|"|%22)'?/);
  });

  it('has no tag that a name brought with it', () => {
    const scripts = tags.filter(([, tag]) => tag === 'script');
    expect(scripts.every(([, , attributes]) => attributes === ' defer src="/-/assets/live.js?v=tag"')).toBe(
      true,
    );
    expect(scripts.length).toBeLessThan(2);
    // Outside of the tags that were understood no `<` is left.
    expect(html.replace(/<\/?[a-z0-9]+(?:\s+[\w:-]+(?:="[^"]*")?)*\s*\/?>/gi, '')).not.toContain('<');
  });

  it('runs nothing and loads nothing from elsewhere', () => {
    const attributes = tags.flatMap(([, , text]) => [...(text ?? '').matchAll(/([\w:-]+)="([^"]*)"/g)]);
    expect(attributes.filter(([, name]) => name?.startsWith('on'))).toEqual([]);
    expect(attributes.filter(([, name]) => name === 'style')).toEqual([]);
    for (const [, name, value = ''] of attributes) {
      if (name === 'src' || name === 'action' || name === 'href') expect(value).toMatch(/^[/#](?!\/)/);
    }
  });
});

it('a character that turns the text around is shown by its number', () => {
  const html = renderToString(
    FileTab({ module, version: 'v1.0.0', file: 'a.go', size: 1, content: { kind: 'text', lines } }),
  );
  expect(html).not.toContain('\u202e');
  expect(html).toContain('U+202E');
});

it('the status says first what needs attention', () => {
  const status = {
    problems: [{ repository: 'r', text: 'broken' }],
    movedTags: [{}, {}],
    faults: { count: 0 },
  };
  const html = renderToString(StatusPage({ context, status }));
  expect(html).toContain('1 repository fails');
  expect(html).toContain('2 tags were moved or deleted');
  expect(renderToString(StatusPage({ context, status: { problems: [] } }))).toContain('All is well.');
});

it('the status says what is wrong with what replicas share', () => {
  const redis = { place: 'redis.corp:6379/0', reached: false, listens: false, error: 'it wants a login' };
  const html = renderToString(StatusPage({ context, status: { redis, store: { error: 'no right' } } }));
  expect(html).toContain('2 things need attention');
  expect(html).toContain('<a href="#store">the store cannot be used');
  expect(html).toContain('<a href="#redis">Redis spares no work now');
  expect(html).toContain('<dt>Passes on what other replicas say</dt><dd>no</dd>');
  const well = {
    redis: { ...redis, reached: true, listens: true, error: undefined },
    store: { place: 'disk' },
  };
  expect(renderToString(StatusPage({ context, status: well }))).toContain('All is well.');
});

it('the status has words for its keys, and names settings as modhaven.yaml does', () => {
  const status = { cache: { maxBytes: 1_024, wouldRemove: 0 }, settings: { 'cache.max_size': '1KiB' } };
  const html = renderToString(StatusPage({ context, status }));
  expect(html).toContain('<dt>Allowed size of the cache (cache.max_size)</dt><dd>1.0 KiB</dd>');
  expect(html).toContain('<dt>gc would free</dt><dd>0 B</dd>');
  expect(html).toContain('<dt><code>cache.max_size</code></dt>');
});

it('the status shows what is nested as facts, not as JSON', () => {
  const differences = [
    {
      module: 'corp.test/a',
      version: 'v1.0.0',
      stored: { zip: 'h1:old', mod: 'h1:mod' },
      old: {},
      files: [{ path: 'a.go', change: 'changed' }],
    },
  ];
  const html = renderToString(StatusPage({ context, status: { drift: { differences } } }));
  expect(html).toContain('<dt>Hash of the zip</dt><dd><span class="lines">h1:old</span></dd>');
  expect(html).toContain('<td class="lines"><span class="lines">a.go</span></td>');
  expect(html).not.toMatch(/[{}]/);
});

it('the status says what waits, and for which host', () => {
  const queue = { requests: 3, clients: [], hosts: [{ host: 'git.corp', waiting: 2, longestMs: 1_200 }] };
  const html = renderToString(StatusPage({ context, status: { queue } }));
  expect(html).toContain('<h2 id="queue-title">Queue</h2>');
  expect(html).toContain('<dt>Requests that wait</dt><dd>3</dd>');
  expect(html).toContain('1,200');
});

it('who requires a module is shown in pages, and counted as a whole', () => {
  const html = renderToString(
    ImportsTab({
      module,
      outline,
      missing: undefined,
      users: [],
      total: 300,
      page: 2,
      pages: 3,
      pageHref: (page) => `/m?tab=imports&page=${page}`,
    }),
  );
  expect(html).toContain('Required by 300 modules');
  expect(html).toMatch(/page=1">Previous.*Page 2 of 3.*page=3">Next/s);
});

it('a page without a script reloads itself while a fetch runs, and no other page does', () => {
  const html = renderToString(Layout({ context, title: 't', children: 'x', reloadAfter: 2 }));
  expect(html).toContain('<noscript><meta http-equiv="refresh" content="2"/></noscript>');
  expect(
    renderToString(Layout({ context, title: 't', children: Copyable({ text: 'a', label: 'b' }) })),
  ).not.toContain('refresh');
});

it('counts and sizes read as people write them', () => {
  expect([counted(0, 'module'), counted(1, 'module'), counted(12_345, 'module')]).toEqual([
    '0 modules',
    '1 module',
    '12,345 modules',
  ]);
  expect([sizeText(0), sizeText(1_023), sizeText(1_536), sizeText(3 * 1024 ** 4)]).toEqual([
    '0 B',
    '1023 B',
    '1.5 KiB',
    '3.0 TiB',
  ]);
});
