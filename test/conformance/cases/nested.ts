/** Several modules in one repository, several rules for one path. */
import { goMod } from '../go-mod-text.js';
import type { ConformanceCase } from '../types.js';

export const nestedCases: readonly ConformanceCase[] = [
  {
    name: 'nested-three-deep',
    facts: [9, 16],
    build: async (make) => {
      const r = await make('a');
      await r
        .write({
          'go.mod': goMod('example.com/deep'),
          'deep.go': 'package deep\n',
          'a/go.mod': goMod('example.com/deep/a'),
          'a/a.go': 'package a\n',
          'a/b/go.mod': goMod('example.com/deep/a/b'),
          'a/b/b.go': 'package b\n',
          'a/b/c/go.mod': goMod('example.com/deep/a/b/c'),
          'a/b/c/c.go': 'package c\n',
          'a/bc/bc.go': 'package bc\n',
          'plain/p.go': 'package plain\n',
          LICENSE: 'root\n',
          'a/b/LICENSE': 'own\n',
        })
        .commit('1');
      for (const name of [
        'v1.0.0',
        'a/v1.1.0',
        'a/b/v1.2.0',
        'a/b/c/v1.3.0',
        'plain/v1.4.0',
        'gone/v1.0.0',
      ]) {
        await r.tag(name);
      }
      const first = await r.rev('main');
      await r.at('2024-01-02T00:00:00Z').write({ 'a/b/c/c.go': 'package c // 2\n' }).commit('2');
      return { first };
    },
    rules: { 'example.com/deep': { repo: 'a' } },
    queries: ({ first = '' }) => [
      ...['', '/a', '/a/b', '/a/b/c', '/a/bc', '/plain', '/gone'].flatMap((suffix) => [
        `example.com/deep${suffix}@main`,
        `example.com/deep${suffix}@${first}`,
      ]),
      'example.com/deep@v1.0.0',
      'example.com/deep/a@v1.1.0',
      'example.com/deep/a@v1.0.0',
      'example.com/deep/a@a/v1.1.0',
      'example.com/deep@a/v1.1.0',
      'example.com/deep/a/b@v1.2.0',
      'example.com/deep/a/b/c@v1.3.0',
      'example.com/deep/plain@v1.4.0',
      'example.com/deep/gone@v1.0.0',
      'example.com/deep/A@main',
    ],
    lists: ['', '/a', '/a/b', '/a/b/c', '/a/b/c/d', '/plain', '/gone'].map(
      (suffix) => `example.com/deep${suffix}`,
    ),
  },
  {
    name: 'no-module-in-root',
    build: async (make) => {
      const r = await make('a');
      await r
        .write({ 'tools/x/go.mod': goMod('example.com/noroot/tools/x'), 'README.md': 'hi\n' })
        .commit('1');
      await r.tag('tools/x/v0.1.0');
      await r.tag('x/v0.9.0');
      return undefined;
    },
    rules: { 'example.com/noroot': { repo: 'a' } },
    queries: [
      'example.com/noroot@main',
      'example.com/noroot/tools@main',
      'example.com/noroot/tools/x@v0.1.0',
      'example.com/noroot/tools/x@main',
      'example.com/noroot/x@v0.9.0',
    ],
    lists: ['example.com/noroot', 'example.com/noroot/tools', 'example.com/noroot/tools/x'],
  },
  {
    name: 'submodule-came-and-went',
    build: async (make) => {
      const r = await make('a');
      const commit = async (day: number): Promise<string> =>
        r.at(`2024-01-0${day}T00:00:00Z`).commit(`day ${day}`);
      r.write({ 'go.mod': goMod('example.com/came'), 'sub/s.go': 'package sub\n' });
      await commit(1);
      await r.tag('v1.0.0');
      await r.tag('sub/v0.1.0'); // no go.mod yet
      r.write({ 'sub/go.mod': goMod('example.com/came/sub') });
      await commit(2);
      await r.tag('v1.1.0');
      await r.tag('sub/v0.2.0');
      r.remove('sub/go.mod');
      await commit(3);
      await r.tag('sub/v0.3.0');
      await commit(4);
      return undefined;
    },
    rules: { 'example.com/came': { repo: 'a' } },
    queries: [
      'example.com/came@v1.0.0',
      'example.com/came@v1.1.0',
      'example.com/came@main',
      'example.com/came/sub@v0.1.0',
      'example.com/came/sub@v0.2.0',
      'example.com/came/sub@v0.3.0',
      'example.com/came/sub@main',
    ],
    lists: ['example.com/came', 'example.com/came/sub'],
  },
  {
    name: 'overlapping-rules',
    facts: [16],
    build: async (make) => {
      const outer = await make('outer');
      await outer
        .write({
          'go.mod': goMod('example.com/over'),
          'inner/go.mod': goMod('example.com/over/inner'),
          'inner/from': 'outer\n',
          'other/go.mod': goMod('example.com/over/other'),
        })
        .commit('1');
      for (const name of ['v1.0.0', 'inner/v1.0.0', 'inner/v1.5.0', 'other/v1.0.0']) await outer.tag(name);
      const inner = await make('inner');
      await inner
        .write({
          'go.mod': goMod('example.com/over/inner'),
          from: 'inner\n',
          'sub/go.mod': goMod('example.com/over/inner/sub'),
        })
        .commit('1');
      await inner.tag('v1.0.0');
      await inner.tag('sub/v1.0.0');
      const two = await make('two');
      await two.write({ 'go.mod': goMod('example.com/over/inner/v2') }).commit('1');
      await two.tag('v2.0.0');
      await two.tag('v1.9.0');
      return undefined;
    },
    rules: {
      'example.com/over': { repo: 'outer' },
      'example.com/over/inner': { repo: 'inner' },
      'example.com/over/inner/v2': { repo: 'two' },
    },
    queries: [
      'example.com/over@v1.0.0',
      'example.com/over/inner@v1.0.0',
      'example.com/over/inner@v1.5.0',
      'example.com/over/inner/sub@v1.0.0',
      'example.com/over/inner/v2@v2.0.0',
      'example.com/over/inner/v2@v1.9.0',
      'example.com/over/other@v1.0.0',
      'example.com/over/innermost@main',
    ],
    lists: [
      'example.com/over',
      'example.com/over/inner',
      'example.com/over/inner/v2',
      'example.com/over/other',
    ],
  },
  {
    name: 'submodule-pseudo-versions',
    facts: [9, 10],
    build: async (make) => {
      const r = await make('a');
      r.write({
        'go.mod': goMod('example.com/subpseudo'),
        'sub/go.mod': goMod('example.com/subpseudo/sub'),
      });
      await r.commit('1');
      await r.tag('v1.5.0');
      await r.tag('sub/v0.2.0');
      await r.tag('sub/v0.3.0+meta');
      const last = await r.at('2024-01-02T00:00:00Z').write({ a: 'a' }).commit('2');
      await r.tag('sub/v0.1.0-pre');
      await r.tag('subway/v0.9.0');
      await r.tag('v1.6.0-pre');
      const end = await r.at('2024-01-03T00:00:00Z').write({ a: 'b' }).commit('3');
      return { last, end };
    },
    rules: { 'example.com/subpseudo': { repo: 'a' } },
    queries: ({ last = '', end = '' }) =>
      ['', '/sub'].flatMap((suffix) =>
        [
          ...['main', last, end, `v0.2.1-0.20240102000000-${last.slice(0, 12)}`],
          ...[`v0.2.1-0.20240103000000-${end.slice(0, 12)}`, `v0.3.1-0.20240103000000-${end.slice(0, 12)}`],
          ...[`v1.5.1-0.20240103000000-${end.slice(0, 12)}`, `v0.0.0-20240103000000-${end.slice(0, 12)}`],
          `v0.1.0-pre.0.20240103000000-${end.slice(0, 12)}`,
        ].map((query) => `example.com/subpseudo${suffix}@${query}`),
      ),
    lists: ['example.com/subpseudo', 'example.com/subpseudo/sub'],
  },
];
