/** Where a module `/v2` lies: in the root, in `v2/`, in `sub/` or `sub/v2/`, on a branch (fact 14). */
import { goMod } from '../go-mod-text.js';
import type { ConformanceCase } from '../types.js';

export const majorVersionCases: readonly ConformanceCase[] = [
  {
    name: 'major-branch',
    facts: [14],
    build: async (make) => {
      const r = await make('a');
      const root = await r
        .write({ 'go.mod': goMod('example.com/vbranch'), 'a.go': 'package a\n' })
        .commit('1');
      await r.tag('v1.0.0');
      await r.tag('v2.9.0'); // go.mod still says v1
      const two = await r
        .checkout('v2')
        .at('2024-01-02T00:00:00Z')
        .write({ 'go.mod': goMod('example.com/vbranch/v2') })
        .commit('2', { parents: [root] });
      await r.tag('v2.0.0');
      const after = await r.at('2024-01-03T00:00:00Z').write({ 'a.go': 'package a // 2\n' }).commit('3');
      return { root, two, after };
    },
    rules: { 'example.com/vbranch': { repo: 'a' } },
    queries: ({ root = '', two = '', after = '' }) => [
      ...['v1.0.0', 'v2.0.0', 'v2.0.0+incompatible', 'v2.9.0', 'main', 'v2', two, after].map(
        (query) => `example.com/vbranch@${query}`,
      ),
      ...['v2.0.0', 'v2.9.0', 'v1.0.0', 'v2.0.0+incompatible', 'main', 'v2', 'v2.0', root, two, after].map(
        (query) => `example.com/vbranch/v2@${query}`,
      ),
      `example.com/vbranch/v2@v2.0.1-0.20240103000000-${after.slice(0, 12)}`,
      `example.com/vbranch/v2@v2.0.0-20240103000000-${after.slice(0, 12)}`,
      `example.com/vbranch/v2@v0.0.0-20240103000000-${after.slice(0, 12)}`,
      `example.com/vbranch@v1.0.1-0.20240103000000-${after.slice(0, 12)}`,
      'example.com/vbranch/v3@v3.0.0',
      'example.com/vbranch/v3@v2',
    ],
    lists: ['example.com/vbranch', 'example.com/vbranch/v2', 'example.com/vbranch/v3'],
  },
  {
    name: 'major-directory',
    facts: [14],
    build: async (make) => {
      const r = await make('a');
      await r
        .write({
          'go.mod': goMod('example.com/vdir'),
          'a.go': 'package a\n',
          'v2/go.mod': goMod('example.com/vdir/v2'),
          'v2/a.go': 'package a // v2\n',
          'v3/a.go': 'package a // no go.mod\n',
          LICENSE: 'free\n',
        })
        .commit('1');
      for (const name of ['v1.0.0', 'v2.0.0', 'v3.0.0', 'v2/v2.1.0']) await r.tag(name);
      await r.at('2024-01-02T00:00:00Z').write({ b: 'b' }).commit('2');
      return undefined;
    },
    rules: { 'example.com/vdir': { repo: 'a' } },
    queries: [
      ...['v1.0.0', 'v2.0.0', 'v2.0.0+incompatible', 'v3.0.0', 'main', 'v2', 'v3'].map(
        (query) => `example.com/vdir@${query}`,
      ),
      ...['v2.0.0', 'v2.1.0', 'main', 'v2', 'v2/v2.1.0'].map((query) => `example.com/vdir/v2@${query}`),
      ...['v3.0.0', 'main'].map((query) => `example.com/vdir/v3@${query}`),
      'example.com/vdir/v2/sub@main',
    ],
    lists: ['example.com/vdir', 'example.com/vdir/v2', 'example.com/vdir/v3'],
  },
  {
    name: 'major-in-both-places',
    facts: [14],
    build: async (make) => {
      const r = await make('a');
      await r
        .write({ 'go.mod': goMod('example.com/vboth/v2'), 'v2/go.mod': goMod('example.com/vboth/v2') })
        .commit('1');
      for (const name of ['v1.0.0', 'v2.0.0', 'v3.0.0']) await r.tag(name);
      return undefined;
    },
    rules: { 'example.com/vboth': { repo: 'a' } },
    queries: [
      'example.com/vboth@v1.0.0',
      'example.com/vboth@v2.0.0',
      'example.com/vboth@main',
      'example.com/vboth/v2@v2.0.0',
      'example.com/vboth/v2@main',
      'example.com/vboth/v3@v3.0.0',
    ],
    lists: ['example.com/vboth', 'example.com/vboth/v2', 'example.com/vboth/v3'],
  },
  {
    name: 'major-go-mod-disagrees',
    facts: [7, 14],
    build: async (make) => {
      for (const [name, root, two] of [
        ['none', undefined, goMod('example.com/vdisagree/none')],
        ['other', goMod('example.com/somewhere/v2'), undefined],
        ['wrongdir', goMod('example.com/vdisagree/wrongdir'), goMod('example.com/vdisagree/wrongdir/v3')],
        ['rootwins', goMod('example.com/vdisagree/rootwins/v2'), goMod('example.com/vdisagree/rootwins/v3')],
        ['blank', goMod('example.com/vdisagree/blank/v2'), '\n'],
        ['gopkg', goMod('gopkg.in/x.v2'), undefined],
        ['bad', 'module example.com/vdisagree/bad/v1\n', undefined],
      ] as const) {
        const r = await make(name);
        r.write({ a: 'a' });
        if (root !== undefined) r.write({ 'go.mod': root });
        if (two !== undefined) r.write({ 'v2/go.mod': two });
        await r.commit('1');
        await r.tag('v1.0.0');
        await r.tag('v2.0.0');
      }
      return undefined;
    },
    rules: Object.fromEntries(
      ['none', 'other', 'wrongdir', 'rootwins', 'blank', 'gopkg', 'bad'].map((name) => [
        `example.com/vdisagree/${name}`,
        { repo: name },
      ]),
    ),
    queries: ['none', 'other', 'wrongdir', 'rootwins', 'blank', 'gopkg', 'bad'].flatMap((name) => [
      `example.com/vdisagree/${name}@v1.0.0`,
      `example.com/vdisagree/${name}@v2.0.0`,
      `example.com/vdisagree/${name}/v2@v2.0.0`,
    ]),
    lists: [
      'example.com/vdisagree/none',
      'example.com/vdisagree/none/v2',
      'example.com/vdisagree/wrongdir/v2',
    ],
  },
  {
    name: 'major-in-rule',
    facts: [14],
    build: async (make) => {
      const r = await make('a');
      await r.write({ 'go.mod': goMod('example.com/vrule/v2'), 'v2/a.go': 'package a\n' }).commit('1');
      for (const name of ['v1.0.0', 'v2.0.0', 'v2.1.0-pre']) await r.tag(name);
      await r
        .at('2024-01-02T00:00:00Z')
        .write({ 'sub/go.mod': goMod('example.com/vrule/v2/sub') })
        .commit('2');
      await r.tag('sub/v0.1.0');
      return undefined;
    },
    rules: { 'example.com/vrule/v2': { repo: 'a' } },
    queries: [
      'example.com/vrule/v2@v2.0.0',
      'example.com/vrule/v2@v1.0.0',
      'example.com/vrule/v2@main',
      'example.com/vrule/v2/sub@v0.1.0',
      'example.com/vrule/v2/sub@main',
      'example.com/vrule/v2/v3@main',
    ],
    lists: ['example.com/vrule/v2', 'example.com/vrule/v2/sub'],
  },
  {
    // Both layouts of a submodule use tags sub/v2.x.y; sub/v2/v2.2.0 belongs to no module.
    name: 'major-of-submodule',
    facts: [14],
    build: async (make) => {
      const r = await make('a');
      await r
        .write({
          'go.mod': goMod('example.com/vsubmod'),
          'sub/go.mod': goMod('example.com/vsubmod/sub'),
          'sub/v2/go.mod': goMod('example.com/vsubmod/sub/v2'),
          'sub/v2/b.go': 'package sub\n',
        })
        .commit('1');
      for (const name of ['v1.0.0', 'sub/v1.0.0', 'sub/v2.0.0', 'sub/v2/v2.2.0']) await r.tag(name);
      const first = await r.rev('main');
      await r
        .checkout('two')
        .at('2024-01-02T00:00:00Z')
        .remove('sub/v2/go.mod')
        .remove('sub/v2/b.go')
        .write({ 'sub/go.mod': goMod('example.com/vsubmod/sub/v2') })
        .commit('2', { parents: [first] });
      await r.tag('sub/v2.1.0');
      await r
        .checkout('both')
        .at('2024-01-03T00:00:00Z')
        .write({ 'sub/go.mod': goMod('example.com/vsubmod/sub/v2') })
        .commit('3', { parents: [first] });
      await r.tag('sub/v2.3.0');
      return undefined;
    },
    rules: { 'example.com/vsubmod': { repo: 'a' } },
    queries: [
      ...['v1.0.0', 'v2.0.0', 'main'].map((query) => `example.com/vsubmod/sub@${query}`),
      ...['v2.0.0', 'v2.1.0', 'v2.2.0', 'v2.3.0', 'main', 'two', 'both', 'v2'].map(
        (query) => `example.com/vsubmod/sub/v2@${query}`,
      ),
    ],
    lists: ['example.com/vsubmod', 'example.com/vsubmod/sub', 'example.com/vsubmod/sub/v2'],
  },
  {
    name: 'major-suffixes-that-are-none',
    build: async (make) => {
      const r = await make('a');
      await r
        .write({
          'go.mod': goMod('example.com/vodd'),
          'v1/go.mod': goMod('example.com/vodd/v1'),
          'v02/go.mod': goMod('example.com/vodd/v02'),
          'v2.0/go.mod': goMod('example.com/vodd/v2.0'),
          'v10/go.mod': goMod('example.com/vodd/v10'),
          'x.v2/go.mod': goMod('example.com/vodd/x.v2'),
          'v2x/go.mod': goMod('example.com/vodd/v2x'),
        })
        .commit('1');
      for (const name of ['v1.0.0', 'v10.0.0', 'v2x/v1.0.0', 'x.v2/v2.0.0', 'x.v2/v1.0.0', 'v1/v1.0.0']) {
        await r.tag(name);
      }
      return undefined;
    },
    rules: { 'example.com/vodd': { repo: 'a' } },
    queries: [
      ...['/v0', '/v1', '/v02', '/v2.0', '/v10', '/x.v2', '/v2x'].map(
        (suffix) => `example.com/vodd${suffix}@main`,
      ),
      'example.com/vodd/v10@v10.0.0',
      'example.com/vodd/v2x@v1.0.0',
      'example.com/vodd/x.v2@v2.0.0',
      'example.com/vodd/x.v2@v1.0.0',
    ],
    lists: ['example.com/vodd/v1', 'example.com/vodd/v10', 'example.com/vodd/v2x', 'example.com/vodd/x.v2'],
  },
];
