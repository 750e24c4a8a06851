/** Which tags are versions, and what the list of them is. */
import { goMod } from '../go-mod-text.js';
import type { ConformanceCase } from '../types.js';

export const versionCases: readonly ConformanceCase[] = [
  {
    name: 'tags',
    facts: [9],
    build: async (make) => {
      const r = await make('a');
      const first = await r
        .at('2024-01-02T03:04:05+09:00')
        .write({ 'go.mod': goMod('example.com/tags'), 'a.go': 'package a\n' })
        .commit('first');
      await r.tag('v1.0.0');
      await r.at('2024-02-03T04:05:06Z').tag('v1.1.0', { annotated: true });
      const second = await r
        .at('2024-03-03T04:05:06Z')
        .write({ 'a.go': 'package a // 2\n' })
        .commit('second');
      return { first, second };
    },
    rules: { 'example.com/tags': { repo: 'a' } },
    queries: ({ first = '', second = '' }) =>
      [
        ...['v1.0.0', 'v1.1.0', 'v1.2.0', 'v1', 'v1.0', 'v2', 'main', 'HEAD', 'master', 'upgrade'],
        ...[first, second].flatMap((hash) => [hash, hash.slice(0, 7), hash.slice(0, 12), hash.slice(0, 39)]),
        ...['<v1.1.0', '>=v1.0.0', '>v1.1.0', '<=v0.9.0'],
      ].map((query) => `example.com/tags@${query}`),
    lists: ['example.com/tags'],
  },
  {
    // Fact 10: Time is that of the commit, whatever the tagger's clock and zone said.
    name: 'annotated-tags',
    facts: [9, 10],
    build: async (make) => {
      const r = await make('a');
      await r
        .at('2023-12-31T23:30:00-01:00')
        .write({ 'go.mod': goMod('example.com/annotated') })
        .commit('first');
      await r.at('2030-01-01T00:00:00+05:30').tag('v0.1.0', { message: 'late' });
      await r.tag('nested', { at: 'v0.1.0', annotated: true });
      await r.tag('v0.2.0', { at: 'nested', annotated: true });
      await r.tag('v0.3.0', { at: 'v0.2.0' });
      return { object: await r.rev('refs/tags/v0.1.0') };
    },
    rules: { 'example.com/annotated': { repo: 'a' } },
    queries: ({ object = '' }) =>
      [...['v0.1.0', 'v0.2.0', 'v0.3.0', 'nested', object, object.slice(0, 12)]].map(
        (query) => `example.com/annotated@${query}`,
      ),
    lists: ['example.com/annotated'],
  },
  {
    // Fact 13: such tags are listed and do not resolve.
    name: 'tags-of-trees-and-blobs',
    facts: [13],
    build: async (make) => {
      const r = await make('a');
      await r.write({ 'go.mod': goMod('example.com/noncommit'), 'a.go': 'package a\n' }).commit('first');
      await r.tag('v1.0.0');
      await r.tag('v1.1.0', { at: 'main^{tree}' });
      await r.tag('v1.2.0', { at: 'main:a.go' });
      await r.tag('v1.3.0', { at: 'main^{tree}', annotated: true });
      await r.tag('tree', { at: 'main^{tree}' });
      const tree = await r.rev('main^{tree}');
      await r.write({ 'a.go': 'package a // 2\n' }).commit('second');
      return { tree };
    },
    rules: { 'example.com/noncommit': { repo: 'a' } },
    queries: ({ tree = '' }) =>
      ['v1.0.0', 'v1.1.0', 'v1.2.0', 'v1.3.0', 'tree', 'main', 'v1', tree, tree.slice(0, 8)].map(
        (query) => `example.com/noncommit@${query}`,
      ),
    lists: ['example.com/noncommit'],
  },
  {
    name: 'newest-tag-of-a-blob-of-a-legacy-module',
    facts: [13],
    build: async (make) => {
      const r = await make('a');
      await r.write({ 'a.go': 'package a\n' }).commit('first');
      await r.tag('v1.0.0');
      await r.tag('v2.0.0');
      await r.tag('v1.1.0', { at: 'main:a.go' });
      return undefined;
    },
    rules: { 'example.com/legacyblob': { repo: 'a' } },
    queries: ['v1.0.0', 'v2.0.0', 'v2.0.0+incompatible', 'main', 'v1', 'v2'].map(
      (query) => `example.com/legacyblob@${query}`,
    ),
    lists: ['example.com/legacyblob'],
    knownDifferences: [
      {
        subject: 'example.com/legacyblob@v2',
        of: 'go',
        is: 'refused',
        reason:
          'for v2 direct mode looks at no other tags; a proxy is asked for the whole list, which leaves v2 out',
      },
    ],
  },
  {
    name: 'three-thousand-tags',
    build: async (make) => {
      const r = await make('a');
      await r.write({ 'go.mod': goMod('example.com/many') }).commit('first');
      await r.manyTags(Array.from({ length: 3000 }, (_, i) => `v1.${i % 100}.${Math.floor(i / 100)}`));
      await r.at('2024-05-01T00:00:00Z').write({ a: 'a' }).commit('second');
      return undefined;
    },
    rules: { 'example.com/many': { repo: 'a' } },
    queries: ['v1.0.0', 'v1.99.29', 'v1.7', 'v1.100.0', 'main'].map((query) => `example.com/many@${query}`),
    lists: ['example.com/many'],
  },
  {
    // Fact 17: the module exists, so its list is empty, not absent; a folder of it is not a module.
    name: 'no-tags',
    facts: [16, 17],
    build: async (make) => {
      const r = await make('a');
      await r.write({ 'a.go': 'package a\n', 'sub/b.go': 'package sub\n' }).commit('first');
      return undefined;
    },
    rules: { 'example.com/notags': { repo: 'a' } },
    queries: [
      'example.com/notags@main',
      'example.com/notags@v1.0.0',
      'example.com/notags/sub@main',
      'example.com/notags/v2@main',
    ],
    lists: [
      'example.com/notags',
      'example.com/notags/sub',
      'example.com/notags/nowhere',
      'example.com/notags/v2',
    ],
  },
  {
    name: 'empty-repository',
    build: async (make) => {
      await make('a');
      return undefined;
    },
    rules: { 'example.com/empty': { repo: 'a' } },
    queries: ['main', 'HEAD', 'v1.0.0', 'v1', '0123456789ab'].map((query) => `example.com/empty@${query}`),
    lists: ['example.com/empty', 'example.com/empty/sub'],
  },
  {
    name: 'no-repository',
    build: async () => Promise.resolve(undefined),
    rules: { 'example.com/norepo': { repo: 'a' } },
    queries: ['example.com/norepo@main', 'example.com/norepo@v1.0.0'],
    lists: ['example.com/norepo'],
  },
  {
    // Facts 12, 17: only canonical spellings are versions, the others are names of commits.
    name: 'tags-not-quite-versions',
    facts: [12, 17],
    build: async (make) => {
      const r = await make('a');
      const module = goMod('example.com/spelling');
      await r.write({ 'go.mod': module }).commit('first');
      await r.tag('v1.0.0');
      const spellings = ['v1', 'v1.2', '1.3.0', 'V1.4.0', 'v01.5.0', 'v1.6.0-01', 'v1.7', 'release-1.8.0'];
      for (const [i, name] of [...spellings, 'v1.9.0.0', 'v1.10.0-', 'v', 'v1.x'].entries()) {
        await r
          .at(`2024-02-${String(i + 10)}T00:00:00Z`)
          .write({ i: String(i) })
          .commit(name);
        await r.tag(name);
      }
      await r.at('2024-03-01T00:00:00Z').write({ i: 'end' }).commit('end');
      return undefined;
    },
    rules: { 'example.com/spelling': { repo: 'a' } },
    queries: [
      ...['v1', 'v1.2', 'v1.2.0', '1.3.0', 'V1.4.0', 'v1.4.0', 'v01.5.0', 'v1.6.0-01', 'v1.7', 'v1.7.0'],
      ...['release-1.8.0', 'v1.9.0.0', 'v1.10.0-', 'v', 'v1.x', 'main', 'v1.0.0', 'v1.0'],
    ].map((query) => `example.com/spelling@${query}`),
    lists: ['example.com/spelling'],
  },
  {
    name: 'build-metadata',
    facts: [12],
    build: async (make) => {
      const r = await make('a');
      const commit = async (day: number, ...tags: string[]): Promise<string> => {
        await r
          .at(`2024-03-0${day}T00:00:00Z`)
          .write({ day: String(day) })
          .commit(`day ${day}`);
        for (const name of tags) await r.tag(name);
        return r.rev('main');
      };
      r.write({ 'go.mod': goMod('example.com/meta') });
      await commit(1, 'v1.0.0+meta');
      await commit(2, 'v1.1.0', 'v1.1.0+same');
      await commit(3, 'v1.2.3');
      await commit(4, 'v1.2.3+other');
      const last = await commit(5, 'v1.4.0+x', 'v1.3.0+y');
      const between = await commit(6, 'v1.5.0-pre+z');
      return { last, between };
    },
    rules: { 'example.com/meta': { repo: 'a' } },
    queries: ({ last = '', between = '' }) =>
      [
        ...['v1.0.0', 'v1.0.0+meta', 'v1.1.0', 'v1.1.0+same', 'v1.1.0+none', 'v1.2.3', 'v1.2.3+other'],
        ...['v1.2.3+nowhere', 'v1.4.0+x', 'v1.3.0+y', 'v1.4.0', 'main', 'v1', 'v1.5.0-pre+z', last, between],
      ].map((query) => `example.com/meta@${query}`),
    lists: ['example.com/meta'],
  },
  {
    name: 'prereleases-only',
    build: async (make) => {
      const r = await make('a');
      await r.write({ 'go.mod': goMod('example.com/pre') }).commit('first');
      for (const name of ['v1.0.0-alpha', 'v1.0.0-alpha.2', 'v1.0.0-alpha.10', 'v1.0.0-RC1', 'v0.9.0-0']) {
        await r.tag(name);
      }
      await r.at('2024-02-01T00:00:00Z').write({ a: 'a' }).commit('second');
      return undefined;
    },
    rules: { 'example.com/pre': { repo: 'a' } },
    queries: ['v1.0.0-alpha.2', 'v1.0.0-RC1', 'v1.0.0', 'v1', 'v0', 'main', '<v1.0.0-alpha.2'].map(
      (query) => `example.com/pre@${query}`,
    ),
    lists: ['example.com/pre'],
  },
  {
    name: 'release-beats-prerelease',
    build: async (make) => {
      const r = await make('a');
      await r.write({ 'go.mod': goMod('example.com/release') }).commit('first');
      await r.tag('v1.0.0');
      await r.at('2024-02-01T00:00:00Z').write({ a: 'a' }).commit('second');
      await r.tag('v1.1.0-rc.1');
      const second = await r.rev('main');
      await r.at('2024-03-01T00:00:00Z').write({ a: 'b' }).commit('third');
      return { second };
    },
    rules: { 'example.com/release': { repo: 'a' } },
    queries: ({ second = '' }) =>
      ['v1', 'v1.1', 'v1.1.0-rc.1', 'main', second, '>v1.0.0', 'upgrade'].map(
        (query) => `example.com/release@${query}`,
      ),
    lists: ['example.com/release'],
  },
  {
    name: 'tags-like-pseudo-versions',
    facts: [10],
    build: async (make) => {
      const r = await make('a');
      await r.write({ 'go.mod': goMod('example.com/liar') }).commit('first');
      await r.tag('v1.5.0-0.20240101000000-0123456789ab');
      await r.tag('v0.0.0-20240101000000-0123456789ab');
      await r.tag('v0.1.0');
      return undefined;
    },
    rules: { 'example.com/liar': { repo: 'a' } },
    queries: [
      ...[
        'v1.5.0-0.20240101000000-0123456789ab',
        'v0.0.0-20240101000000-0123456789ab',
        'main',
        'v1',
        'v0.1.0',
      ],
    ].map((query) => `example.com/liar@${query}`),
    lists: ['example.com/liar'],
  },
  {
    name: 'upper-case-path',
    build: async (make) => {
      const r = await make('a');
      await r
        .write({
          'go.mod': goMod('example.com/BurntSushi/TOML'),
          'Sub/go.mod': goMod('example.com/BurntSushi/TOML/Sub'),
        })
        .commit('first');
      for (const name of ['v1.0.0', 'v1.1.0-RC.1', 'Sub/v0.1.0', 'sub/v0.2.0']) await r.tag(name);
      return undefined;
    },
    rules: { 'example.com/BurntSushi/TOML': { repo: 'a' } },
    queries: [
      'example.com/BurntSushi/TOML@v1.0.0',
      'example.com/BurntSushi/TOML@v1.1.0-RC.1',
      'example.com/BurntSushi/TOML@v1.1.0-rc.1',
      'example.com/BurntSushi/TOML/Sub@v0.1.0',
      'example.com/BurntSushi/TOML/sub@v0.1.0',
      'example.com/BurntSushi/TOML/sub@v0.2.0',
    ],
    lists: ['example.com/BurntSushi/TOML', 'example.com/BurntSushi/TOML/Sub'],
  },
];
