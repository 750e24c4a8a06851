/** What names a commit: tags, branches and hashes, and which of them wins. */
import { goMod } from '../go-mod-text.js';
import type { ConformanceCase } from '../types.js';

export const queryCases: readonly ConformanceCase[] = [
  {
    name: 'tag-beats-branch',
    facts: [9],
    build: async (make) => {
      const r = await make('a');
      await r.write({ 'go.mod': goMod('example.com/beats') }).commit('first');
      await r.tag('v1.0.0');
      await r.tag('both');
      await r.at('2024-02-01T00:00:00Z').write({ a: 'a' }).commit('second');
      for (const name of ['both', 'v1.0.0', 'v1.7.0', 'v1.8', 'v2', 'latest', 'upgrade', 'HEAD']) {
        await r.branch(name);
      }
      await r.at('2024-03-01T00:00:00Z').write({ a: 'b' }).commit('third');
      return undefined;
    },
    rules: { 'example.com/beats': { repo: 'a' } },
    queries: ['both', 'v1.0.0', 'v1.7.0', 'v1.8', 'v1.8.0', 'v2', 'v2.0.0', 'HEAD', 'upgrade', 'main'].map(
      (query) => `example.com/beats@${query}`,
    ),
    lists: ['example.com/beats'],
  },
  {
    name: 'branches',
    facts: [18],
    build: async (make) => {
      const r = await make('a');
      await r.write({ 'go.mod': goMod('example.com/branches') }).commit('first');
      await r.tag('v1.0.0');
      for (const [i, name] of ['dev', 'feature/x', 'release-1.x', 'UPPER', 'a+b', 'a_b'].entries()) {
        r.checkout(name).at(`2024-02-0${i + 1}T00:00:00Z`);
        await r.write({ a: name }).commit(name, { parents: [await r.rev('main')] });
      }
      return undefined;
    },
    rules: { 'example.com/branches': { repo: 'a' } },
    queries: [
      ...['dev', 'feature/x', 'release-1.x', 'UPPER', 'upper', 'a+b', 'a_b', 'nowhere', 'refs/heads/dev'],
      ...['dev~0', 'dev^', 'dev^{commit}', 'main..dev', ':dev', '@', '-x', '..', 'dev.lock', 'none', 'patch'],
    ].map((query) => `example.com/branches@${query}`),
    lists: ['example.com/branches'],
  },
  {
    // A tag spelled like hex beats the hash, and so does a branch.
    name: 'names-like-hashes',
    facts: [9],
    build: async (make) => {
      const r = await make('a');
      const first = await r.write({ 'go.mod': goMod('example.com/hex') }).commit('first');
      await r.at('2024-02-01T00:00:00Z').write({ a: 'a' }).commit('second');
      await r.tag('abcdef1');
      await r.tag(first.slice(0, 8));
      await r.branch('deadbeefdeadbeef');
      await r.branch(first.slice(0, 9));
      await r.at('2024-03-01T00:00:00Z').write({ a: 'b' }).commit('third');
      await r.tag('1234567');
      return { first };
    },
    rules: { 'example.com/hex': { repo: 'a' } },
    queries: ({ first = '' }) =>
      [
        ...[
          'abcdef1',
          'deadbeefdeadbeef',
          '1234567',
          first.slice(0, 7),
          first.slice(0, 8),
          first.slice(0, 9),
        ],
        ...[first, first.slice(0, 10)],
      ].map((query) => `example.com/hex@${query}`),
    lists: ['example.com/hex'],
  },
  {
    name: 'hash-lengths',
    facts: [9],
    build: async (make) => {
      const r = await make('a');
      const first = await r.write({ 'go.mod': goMod('example.com/hash') }).commit('first');
      const second = await r.at('2024-02-01T00:00:00Z').write({ a: 'a' }).commit('second');
      return { first, second, tree: await r.rev('main^{tree}'), blob: await r.rev('main:a') };
    },
    rules: { 'example.com/hash': { repo: 'a' } },
    queries: ({ first = '', second = '', tree = '', blob = '' }) =>
      [
        ...[6, 7, 12, 40].flatMap((length) => [first.slice(0, length), second.slice(0, length)]),
        ...[
          `${first}0`,
          first.toUpperCase(),
          second.slice(0, 12).toUpperCase(),
          '0'.repeat(40),
          '0'.repeat(7),
        ],
        ...[
          tree,
          tree.slice(0, 10),
          blob,
          `${first}^0`,
          `g${first.slice(0, 12)}`,
          `v0.0.0-1-g${first.slice(0, 12)}`,
        ],
      ].map((query) => `example.com/hash@${query}`),
    lists: ['example.com/hash'],
  },
  {
    // Among these commits two begin with 8bcc8f8; the tips of two branches are told apart without the history.
    name: 'ambiguous-hash',
    facts: [9],
    build: async (make) => {
      const history = await make('history');
      await history.manyCommits(7722);
      const tips = await make('tips');
      await tips.manyCommits(7722);
      await tips.branch('other', '8bcc8f86');
      return undefined;
    },
    rules: { 'example.com/ambiguous': { repo: 'history' }, 'example.com/ambiguoustips': { repo: 'tips' } },
    queries: [
      'example.com/ambiguous@8bcc8f8',
      'example.com/ambiguous@8bcc8f86',
      'example.com/ambiguous@v0.0.0-20240101010818-8bcc8f86f176',
      'example.com/ambiguoustips@8bcc8f8',
      'example.com/ambiguoustips@8bcc8f85',
    ],
    lists: [],
  },
];
