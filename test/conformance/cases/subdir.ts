/** Rules with a directory: go-import's fourth field (fact 15). */
import { goMod } from '../go-mod-text.js';
import type { ConformanceCase } from '../types.js';

export const subdirCases: readonly ConformanceCase[] = [
  {
    name: 'subdir',
    facts: [1, 15],
    build: async (make) => {
      const r = await make('a');
      await r
        .write({
          'go/mod/go.mod': goMod('example.com/vsub'),
          'go/mod/a.go': 'package vsub\n',
          'inner/go/mod/go.mod': goMod('example.com/vsub/inner'),
          'inner/go/mod/i.go': 'package inner\n',
          'go/mod/inner/go.mod': goMod('example.com/vsub/inner'),
          'go/mod/inner/wrong.go': 'package wrong\n',
          'go/mod/v2/go.mod': goMod('example.com/vsub/v2'),
          'go/mod/v2/two.go': 'package vsub\n',
          LICENSE: 'root\n',
          'go.mod': goMod('example.com/root'),
        })
        .commit('1');
      for (const name of [
        'v9.9.9',
        'v1.9.0',
        'go/mod/v1.0.0',
        'inner/go/mod/v0.3.0',
        'go/mod/inner/v0.4.0',
      ]) {
        await r.tag(name);
      }
      await r.tag('go/mod/v2.0.0');
      const first = await r.rev('main');
      await r.at('2024-01-02T00:00:00Z').write({ b: 'b' }).commit('2');
      return { first };
    },
    rules: { 'example.com/vsub': { repo: 'a', subdir: 'go/mod' } },
    queries: ({ first = '' }) => [
      ...['v1.0.0', 'v1.9.0', 'v2.0.0', 'main', 'v1', first].map((query) => `example.com/vsub@${query}`),
      ...['v2.0.0', 'main', first].map((query) => `example.com/vsub/v2@${query}`),
      ...['v0.3.0', 'v0.4.0', 'main', first].map((query) => `example.com/vsub/inner@${query}`),
      'example.com/vsub/nowhere@main',
    ],
    lists: ['', '/v2', '/inner', '/nowhere'].map((suffix) => `example.com/vsub${suffix}`),
  },
  {
    name: 'subdir-major-on-branch',
    facts: [14, 15],
    build: async (make) => {
      const r = await make('a');
      await r.write({ 'src/go.mod': goMod('example.com/vsubbranch/v2') }).commit('1');
      await r.tag('src/v2.0.0');
      await r.tag('src/v1.0.0');
      await r.at('2024-01-02T00:00:00Z').write({ b: 'b' }).commit('2');
      return undefined;
    },
    rules: { 'example.com/vsubbranch': { repo: 'a', subdir: 'src' } },
    queries: [
      'example.com/vsubbranch@v1.0.0',
      'example.com/vsubbranch@main',
      'example.com/vsubbranch/v2@v2.0.0',
      'example.com/vsubbranch/v2@main',
    ],
    lists: ['example.com/vsubbranch', 'example.com/vsubbranch/v2'],
  },
  {
    name: 'subdir-spellings',
    facts: [15],
    build: async (make) => {
      const r = await make('a');
      for (const name of ['slash', 'dot', 'up', 'absent', 'plain']) {
        if (name !== 'absent') r.write({ [`src/${name}/a.go`]: 'package a\n' });
      }
      for (const name of ['slash', 'dot', 'up']) {
        r.write({ [`src/${name}/go.mod`]: goMod(`example.com/spelled/${name}`) });
      }
      await r.commit('1');
      for (const name of ['slash', 'dot', 'up', 'absent', 'plain']) await r.tag(`src/${name}/v1.0.0`);
      return undefined;
    },
    rules: {
      'example.com/spelled/slash': { repo: 'a', subdir: 'src/slash/' },
      'example.com/spelled/dot': { repo: 'a', subdir: './src/./dot' },
      'example.com/spelled/up': { repo: 'a', subdir: 'lib/../src/up' },
      'example.com/spelled/absent': { repo: 'a', subdir: 'src/absent' },
      'example.com/spelled/plain': { repo: 'a', subdir: 'src/plain' },
    },
    queries: ['slash', 'dot', 'up', 'absent', 'plain'].flatMap((name) => [
      `example.com/spelled/${name}@v1.0.0`,
      `example.com/spelled/${name}@main`,
    ]),
    lists: ['slash', 'dot', 'up', 'absent', 'plain'].map((name) => `example.com/spelled/${name}`),
  },
];
