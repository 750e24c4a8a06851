/** `+incompatible`: majors from before modules (fact 13). */
import { goMod } from '../go-mod-text.js';
import type { ConformanceCase } from '../types.js';

export const incompatibleCases: readonly ConformanceCase[] = [
  {
    name: 'incompatible',
    facts: [13],
    build: async (make) => {
      const r = await make('a');
      await r.write({ 'a.go': 'package a\n' }).commit('1');
      for (const name of ['v0.9.0', 'v1.0.0', 'v2.0.0', 'v2.1.0-pre']) await r.tag(name);
      const first = await r.rev('main');
      await r.at('2024-01-02T00:00:00Z').write({ 'a.go': 'package a // 3\n' }).commit('2');
      await r.tag('v3.0.0');
      const last = await r.at('2024-01-03T00:00:00Z').write({ 'a.go': 'package a // 4\n' }).commit('3');
      return { first, last };
    },
    rules: { 'example.com/incompatible': { repo: 'a' } },
    queries: ({ first = '', last = '' }) => [
      ...[
        ...[
          'v1.0.0',
          'v1.0.0+incompatible',
          'v2.0.0',
          'v2.0.0+incompatible',
          'v2.1.0-pre',
          'v3.0.0',
          'v3.0.0+other',
        ],
        ...['v1', 'v2', 'v3', 'v4', 'v2.0', 'upgrade', '>=v2.0.0', '<v2.0.0', 'main', first, last],
        ...[
          `v3.0.1-0.20240103000000-${last.slice(0, 12)}`,
          `v3.0.1-0.20240103000000-${last.slice(0, 12)}+incompatible`,
        ],
        ...[`v1.0.1-0.20240103000000-${last.slice(0, 12)}`, `v0.0.0-20240103000000-${last.slice(0, 12)}`],
        `v4.0.0-20240103000000-${last.slice(0, 12)}+incompatible`,
      ].map((query) => `example.com/incompatible@${query}`),
      'example.com/incompatible/v2@v2.0.0',
    ],
    lists: ['example.com/incompatible', 'example.com/incompatible/v2'],
  },
  {
    // The newest v1 has a go.mod: nothing above it is listed, everything can be had by name.
    name: 'incompatible-left-out',
    facts: [13],
    build: async (make) => {
      const r = await make('a');
      await r.write({ 'a.go': 'package a\n' }).commit('1');
      await r.tag('v1.0.0');
      await r.tag('v2.0.0');
      await r.tag('v3.0.0');
      await r
        .at('2024-01-02T00:00:00Z')
        .write({ 'go.mod': goMod('example.com/leftout') })
        .commit('2');
      await r.tag('v1.1.0');
      await r.tag('v4.0.0');
      return undefined;
    },
    rules: { 'example.com/leftout': { repo: 'a' } },
    queries: ['v1.0.0', 'v2.0.0', 'v2.0.0+incompatible', 'v4.0.0', 'v4.0.0+incompatible', 'main'].map(
      (query) => `example.com/leftout@${query}`,
    ),
    lists: ['example.com/leftout'],
  },
  {
    name: 'incompatible-by-major',
    facts: [13],
    build: async (make) => {
      const r = await make('a');
      await r.write({ 'a.go': 'package a\n' }).commit('1');
      for (const name of ['v1.0.0', 'v2.0.0', 'v3.0.0', 'v4.0.0', 'v5.0.0']) await r.tag(name);
      await r
        .at('2024-01-02T00:00:00Z')
        .write({ 'go.mod': goMod('example.com/bymajor/v3') })
        .commit('2');
      await r.tag('v3.1.0');
      await r
        .at('2024-01-03T00:00:00Z')
        .remove('go.mod')
        .write({ 'v4/go.mod': goMod('example.com/bymajor/v4') })
        .commit('3');
      await r.tag('v4.1.0');
      await r.tag('v5.1.0');
      await r.at('2024-01-04T00:00:00Z').write({ b: 'b' }).commit('4');
      return undefined;
    },
    rules: { 'example.com/bymajor': { repo: 'a' } },
    queries: [
      ...['v2.0.0', 'v3.0.0', 'v3.1.0', 'v3.1.0+incompatible', 'v4.0.0', 'v4.1.0', 'v4.1.0+incompatible'],
      ...['v5.1.0', 'v2', 'v3', 'v4', 'v5', 'main'],
    ]
      .map((query) => `example.com/bymajor@${query}`)
      .concat(
        'example.com/bymajor/v3@v3.1.0',
        'example.com/bymajor/v3@v3.0.0',
        'example.com/bymajor/v4@v4.1.0',
      ),
    lists: ['example.com/bymajor', 'example.com/bymajor/v3', 'example.com/bymajor/v4'],
  },
  {
    name: 'incompatible-only',
    facts: [12, 13],
    build: async (make) => {
      const r = await make('a');
      await r.write({ 'a.go': 'package a\n' }).commit('1');
      await r.tag('v2.0.0-rc.1');
      await r.at('2024-01-02T00:00:00Z').write({ 'a.go': 'package a // 2\n' }).commit('2');
      await r.tag('v4.0.0+x');
      await r.tag('v3.0.0+incompatible');
      await r.at('2024-01-03T00:00:00Z').write({ 'a.go': 'package a // 3\n' }).commit('3');
      await r.tag('v5.0.0+incompatible');
      return undefined;
    },
    rules: { 'example.com/only': { repo: 'a' } },
    queries: [
      ...['v2.0.0-rc.1', 'v2.0.0-rc.1+incompatible', 'v3.0.0', 'v3.0.0+incompatible', 'v4.0.0+x', 'v4.0.0'],
      ...['v5.0.0+incompatible', 'v4.0.0+incompatible', 'v2', 'main'],
    ].map((query) => `example.com/only@${query}`),
    lists: ['example.com/only'],
  },
  {
    name: 'incompatible-and-submodule',
    facts: [13],
    build: async (make) => {
      const r = await make('a');
      await r.write({ 'a.go': 'package a\n', 'sub/go.mod': goMod('example.com/incsub/sub') }).commit('1');
      for (const name of ['v2.0.0', 'sub/v1.0.0', 'sub/v2.0.0']) await r.tag(name);
      await r.at('2024-01-02T00:00:00Z').write({ 'sub/a.go': 'package sub\n' }).commit('2');
      return undefined;
    },
    rules: { 'example.com/incsub': { repo: 'a' } },
    queries: [
      'example.com/incsub@main',
      'example.com/incsub/sub@v2.0.0',
      'example.com/incsub/sub@v2.0.0+incompatible',
      'example.com/incsub/sub@main',
      'example.com/incsub/sub/v2@v2.0.0',
    ],
    lists: ['example.com/incsub', 'example.com/incsub/sub'],
  },
];
