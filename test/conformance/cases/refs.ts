/** Which commits exist at all: what HEAD, branches and tags lead to (facts 9 and 11). */
import { goMod } from '../go-mod-text.js';
import type { ConformanceCase } from '../types.js';

export const refCases: readonly ConformanceCase[] = [
  {
    name: 'changes-under-review',
    facts: [11],
    build: async (make) => {
      const r = await make('a');
      const main = await r.write({ 'go.mod': goMod('example.com/review') }).commit('first');
      await r.tag('v1.0.0');
      r.at('2024-02-01T00:00:00Z');
      const change = await r
        .checkout('refs/changes/45/12345/1')
        .write({ a: 'change' })
        .commit('change', { parents: [main] });
      const pull = await r
        .checkout('refs/pull/7/head')
        .write({ a: 'pull' })
        .commit('pull', { parents: [main] });
      await r.git('update-ref', 'refs/notes/commits', pull);
      // Left by a force push: the object is there, nothing leads to it.
      const lost = await r
        .checkout('refs/lost')
        .write({ a: 'lost' })
        .commit('lost', { parents: [main] });
      await r.git('update-ref', '-d', 'refs/lost');
      return { change, pull, lost };
    },
    rules: { 'example.com/review': { repo: 'a' } },
    queries: ({ change = '', pull = '', lost = '' }) =>
      [
        ...[change, pull, lost].flatMap((hash) => [
          ...[hash, hash.slice(0, 12), `v1.0.1-0.20240201000000-${hash.slice(0, 12)}`],
          `v0.0.0-20240201000000-${hash.slice(0, 12)}`,
        ]),
        ...['refs/changes/45/12345/1', 'refs/pull/7/head', 'pull/7/head', 'main'],
      ].map((query) => `example.com/review@${query}`),
    lists: ['example.com/review'],
  },
  {
    name: 'detached-head',
    facts: [11],
    build: async (make) => {
      const r = await make('a');
      const main = await r.write({ 'go.mod': goMod('example.com/detached') }).commit('first');
      await r.tag('v0.1.0');
      r.checkout('tmp').at('2024-02-01T00:00:00Z');
      const parent = await r.write({ a: 'parent' }).commit('parent', { parents: [main] });
      const head = await r.at('2024-02-02T00:00:00Z').write({ a: 'head' }).commit('head');
      await r.head(head);
      await r.git('update-ref', '-d', 'refs/heads/tmp');
      return { parent, head };
    },
    rules: { 'example.com/detached': { repo: 'a' } },
    queries: ({ parent = '', head = '' }) =>
      [
        ...[head, parent].flatMap((hash) => [hash, hash.slice(0, 7)]),
        ...[`v0.1.1-0.20240202000000-${head.slice(0, 12)}`, `v0.0.0-20240202000000-${head.slice(0, 12)}`],
        ...[`v0.1.1-0.20240201000000-${parent.slice(0, 12)}`, 'HEAD', 'main'],
      ].map((query) => `example.com/detached@${query}`),
    lists: ['example.com/detached'],
  },
  {
    name: 'detached-head-without-tags',
    facts: [11],
    build: async (make) => {
      const r = await make('a');
      const main = await r.write({ 'go.mod': goMod('example.com/detachedbare') }).commit('first');
      const head = await r
        .checkout('tmp')
        .write({ a: 'head' })
        .commit('head', { parents: [main] });
      await r.head(head);
      await r.git('update-ref', '-d', 'refs/heads/tmp');
      return undefined;
    },
    rules: { 'example.com/detachedbare': { repo: 'a' } },
    queries: ['HEAD', 'main'].map((query) => `example.com/detachedbare@${query}`),
    lists: ['example.com/detachedbare'],
  },
  {
    name: 'dangling-head',
    facts: [11],
    build: async (make) => {
      const bare = await make('bare');
      await bare
        .checkout('trunk')
        .write({ 'go.mod': goMod('example.com/dangling') })
        .commit('first');
      const tagged = await make('tagged');
      await tagged
        .checkout('trunk')
        .write({ 'go.mod': goMod('example.com/danglingtagged') })
        .commit('first');
      await tagged.tag('v1.0.0');
      return undefined;
    },
    rules: { 'example.com/dangling': { repo: 'bare' }, 'example.com/danglingtagged': { repo: 'tagged' } },
    queries: [
      'example.com/dangling@trunk',
      'example.com/dangling@HEAD',
      'example.com/danglingtagged@v1.0.0',
      'example.com/danglingtagged@HEAD',
      'example.com/danglingtagged@trunk',
    ],
    lists: ['example.com/dangling', 'example.com/danglingtagged'],
  },
  {
    name: 'reached-by-tag-only',
    facts: [11],
    build: async (make) => {
      const r = await make('a');
      const main = await r.write({ 'go.mod': goMod('example.com/bytag') }).commit('first');
      await r.tag('v1.0.0');
      const side = await r
        .checkout('side')
        .at('2024-02-01T00:00:00Z')
        .write({ a: 'side' })
        .commit('side', { parents: [main] });
      const tip = await r.at('2024-02-02T00:00:00Z').write({ a: 'tip' }).commit('tip');
      await r.tag('snapshot', { annotated: true });
      await r.git('update-ref', '-d', 'refs/heads/side');
      return { side, tip };
    },
    rules: { 'example.com/bytag': { repo: 'a' } },
    queries: ({ side = '', tip = '' }) =>
      [side, tip, side.slice(0, 7), 'snapshot', `v1.0.1-0.20240201000000-${side.slice(0, 12)}`].map(
        (query) => `example.com/bytag@${query}`,
      ),
    lists: ['example.com/bytag'],
  },
  {
    name: 'merges',
    facts: [9],
    build: async (make) => {
      const r = await make('a');
      const root = await r.write({ 'go.mod': goMod('example.com/merged'), m: '0' }).commit('root');
      await r.tag('v1.0.0');
      const side = await r
        .checkout('side')
        .at('2024-02-01T00:00:00Z')
        .write({ s: '1' })
        .commit('side', { parents: [root] });
      await r.tag('v1.2.0');
      await r.checkout('main').at('2024-02-02T00:00:00Z').write({ m: '1' }).commit('main');
      await r.tag('v1.1.0');
      const before = await r.at('2024-02-03T00:00:00Z').write({ m: '2' }).commit('before');
      const merge = await r.at('2024-02-04T00:00:00Z').merge('side');
      return { side, before, merge };
    },
    rules: { 'example.com/merged': { repo: 'a' } },
    queries: ({ side = '', before = '', merge = '' }) =>
      [
        ...[side, before, merge, 'main', 'side'],
        `v1.1.1-0.20240204000000-${merge.slice(0, 12)}`,
        `v1.2.1-0.20240203000000-${before.slice(0, 12)}`,
      ].map((query) => `example.com/merged@${query}`),
    lists: ['example.com/merged'],
  },
  {
    name: 'sha256-repository',
    facts: [9],
    build: async (make) => {
      const r = await make('a', { objectFormat: 'sha256' });
      const first = await r
        .write({ 'go.mod': goMod('example.com/sha256'), 'a.go': 'package a\n' })
        .commit('first');
      await r.tag('v1.0.0', { annotated: true });
      const second = await r
        .at('2024-02-01T00:00:00Z')
        .write({ 'a.go': 'package a // 2\n' })
        .commit('second');
      const third = await r.at('2024-03-01T00:00:00Z').write({ 'a.go': 'package a // 3\n' }).commit('third');
      return { first, second, third };
    },
    rules: { 'example.com/sha256': { repo: 'a' } },
    queries: ({ first = '', second = '', third = '' }) =>
      [
        ...['v1.0.0', 'main', first, second, first.slice(0, 40), second.slice(0, 40), first.slice(0, 7)],
        ...[third, third.slice(0, 40), third.slice(0, 41), second.slice(0, 39), second.slice(0, 41)],
        ...[second.slice(0, 63), `${second}0`, `v1.0.1-0.20240201000000-${second.slice(0, 12)}`],
      ].map((query) => `example.com/sha256@${query}`),
    lists: ['example.com/sha256'],
  },
];
