/** What `retract` changes: queries, names of commits, never the list (facts 9 and 13). */
import { goMod } from '../go-mod-text.js';
import type { ConformanceCase } from '../types.js';

export const retractionCases: readonly ConformanceCase[] = [
  {
    name: 'retracted-newest',
    facts: [9, 13],
    build: async (make) => {
      const r = await make('a');
      const module = 'example.com/retracted';
      await r.write({ 'go.mod': goMod(module) }).commit('1');
      await r.tag('v1.0.0');
      const bad = await r.at('2024-01-02T00:00:00Z').write({ a: '2' }).commit('2');
      await r.tag('v1.1.0');
      await r
        .at('2024-01-03T00:00:00Z')
        .write({ 'go.mod': goMod(module, 'retract (', '\tv1.1.0 // broken', '\t[v1.2.0, v1.2.9]', ')') })
        .commit('3');
      const self = await r.rev('main');
      await r.tag('v1.2.1');
      const after = await r.at('2024-01-04T00:00:00Z').write({ a: '4' }).commit('4');
      return { bad, self, after };
    },
    rules: { 'example.com/retracted': { repo: 'a' } },
    queries: ({ bad = '', self = '', after = '' }) =>
      [
        ...[
          'v1.0.0',
          'v1.1.0',
          'v1.2.1',
          'v1',
          'v1.1',
          'v1.2',
          'upgrade',
          '>=v1.0.1',
          'main',
          bad,
          self,
          after,
        ],
        ...[`v1.2.2-0.20240104000000-${after.slice(0, 12)}`, `v1.1.1-0.20240104000000-${after.slice(0, 12)}`],
      ].map((query) => `example.com/retracted@${query}`),
    lists: ['example.com/retracted'],
  },
  {
    name: 'all-retracted',
    build: async (make) => {
      const r = await make('a');
      const module = 'example.com/allretracted';
      await r.write({ 'go.mod': goMod(module) }).commit('1');
      await r.tag('v1.0.0');
      await r
        .at('2024-01-02T00:00:00Z')
        .write({ 'go.mod': goMod(module, 'retract [v0.0.0, v1.1.0]') })
        .commit('2');
      await r.tag('v1.1.0');
      await r.at('2024-01-03T00:00:00Z').write({ a: '3' }).commit('3');
      const everything = await make('everything');
      await everything
        .write({ 'go.mod': goMod('example.com/everythingretracted', 'retract [v0.0.0-0, v1.99.0]') })
        .commit('1');
      await everything.tag('v1.0.0');
      await everything.at('2024-01-02T00:00:00Z').write({ a: '2' }).commit('2');
      return undefined;
    },
    rules: {
      'example.com/allretracted': { repo: 'a' },
      'example.com/everythingretracted': { repo: 'everything' },
    },
    queries: [
      'example.com/allretracted@v1.0.0',
      'example.com/allretracted@v1',
      'example.com/allretracted@main',
      'example.com/everythingretracted@main',
      'example.com/everythingretracted@v1.0.0',
      'example.com/everythingretracted@upgrade',
    ],
    lists: ['example.com/allretracted', 'example.com/everythingretracted'],
  },
  {
    // The retraction that counts is that of the newest release, not of a prerelease or of the branch.
    name: 'retraction-in-prerelease-or-branch',
    build: async (make) => {
      const r = await make('a');
      const module = 'example.com/retractpre';
      await r.write({ 'go.mod': goMod(module) }).commit('1');
      await r.tag('v1.0.0');
      const second = await r.at('2024-01-02T00:00:00Z').write({ a: '2' }).commit('2');
      await r.tag('v1.1.0');
      await r
        .at('2024-01-03T00:00:00Z')
        .write({ 'go.mod': goMod(module, 'retract v1.1.0') })
        .commit('3');
      await r.tag('v1.2.0-pre');
      await r
        .at('2024-01-04T00:00:00Z')
        .write({ 'go.mod': goMod(module, 'retract v1.0.0') })
        .commit('4');
      return { second };
    },
    rules: { 'example.com/retractpre': { repo: 'a' } },
    queries: ({ second = '' }) =>
      ['v1', 'upgrade', 'main', second, 'v1.2.0-pre'].map((query) => `example.com/retractpre@${query}`),
    lists: ['example.com/retractpre'],
  },
  {
    name: 'retractions-in-majors-and-submodules',
    build: async (make) => {
      const r = await make('a');
      const module = 'example.com/retractmajor';
      await r
        .write({
          'go.mod': goMod(module, 'retract v1.0.0'),
          'v2/go.mod': goMod(`${module}/v2`, 'retract v2.0.0 // by itself'),
          'sub/go.mod': goMod(`${module}/sub`, 'retract [v0.1.0, v0.1.9]'),
        })
        .commit('1');
      const first = await r.rev('main');
      for (const name of ['v1.0.0', 'v2.0.0', 'sub/v0.1.0']) await r.tag(name);
      await r.at('2024-01-02T00:00:00Z').write({ a: '2' }).commit('2');
      return { first };
    },
    rules: { 'example.com/retractmajor': { repo: 'a' } },
    queries: ({ first = '' }) =>
      ['', '/v2', '/sub'].flatMap((suffix) =>
        ['main', first].map((query) => `example.com/retractmajor${suffix}@${query}`),
      ),
    lists: ['', '/v2', '/sub'].map((suffix) => `example.com/retractmajor${suffix}`),
  },
  {
    // A go.mod that cannot be parsed retracts nothing; a retraction with a mistake in it neither.
    name: 'unreadable-retractions',
    build: async (make) => {
      for (const [name, line] of Object.entries({
        syntax: 'retract [v1.0.0',
        unknown: 'frobnicate everything\nretract v1.0.0',
        badversion: 'retract v1.x',
        spelled: 'retract v1.0',
      })) {
        const r = await make(name);
        await r.write({ 'go.mod': goMod(`example.com/unreadable/${name}`) }).commit('1');
        await r.tag('v1.0.0');
        await r
          .at('2024-01-02T00:00:00Z')
          .write({ 'go.mod': goMod(`example.com/unreadable/${name}`, line) })
          .commit('2');
        await r.tag('v1.1.0-pre');
        await r.tag('v0.9.0');
        await r.tag('v1.0.1');
      }
      return undefined;
    },
    rules: Object.fromEntries(
      ['syntax', 'unknown', 'badversion', 'spelled'].map((name) => [
        `example.com/unreadable/${name}`,
        { repo: name },
      ]),
    ),
    queries: ['syntax', 'unknown', 'badversion', 'spelled'].flatMap((name) =>
      ['main', 'v1.0.0', 'v1.0'].map((query) => `example.com/unreadable/${name}@${query}`),
    ),
    lists: ['syntax', 'unknown', 'badversion', 'spelled'].map((name) => `example.com/unreadable/${name}`),
  },
];
