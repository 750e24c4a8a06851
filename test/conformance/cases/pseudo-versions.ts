/** Which pseudo-versions are true (fact 10). */
import { goMod } from '../go-mod-text.js';
import type { ConformanceCase } from '../types.js';

/** The part of a hash that is in pseudo-versions. */
function short(hash: string): string {
  return hash.slice(0, 12);
}

export const pseudoVersionCases: readonly ConformanceCase[] = [
  {
    name: 'pseudo-versions',
    facts: [10],
    build: async (make) => {
      const r = await make('a');
      const commit = async (day: number): Promise<string> =>
        r
          .at(`2024-01-0${day}T01:02:03+02:00`)
          .write({ day: String(day) })
          .commit(`day ${day}`);
      r.write({ 'go.mod': goMod('example.com/pseudo') });
      const untagged = await commit(1);
      const one = await commit(2);
      await r.tag('v1.0.0');
      await r.tag('v0.3.0');
      const pre = await commit(3);
      await r.tag('v1.1.0-rc.1');
      const last = await commit(4);
      const side = await r
        .checkout('side')
        .at('2024-01-05T00:00:00Z')
        .write({ s: 's' })
        .commit('side', { parents: [untagged] });
      await r.tag('v1.9.0');
      return { untagged, one, pre, last, side };
    },
    rules: { 'example.com/pseudo': { repo: 'a' } },
    queries: ({ untagged = '', one = '', pre = '', last = '', side = '' }) => {
      const [u, o, p, l, s] = [short(untagged), short(one), short(pre), short(last), short(side)];
      return [
        // As go makes them, then the same commits with other bases.
        ...[untagged, one, pre, last, 'main', 'side'],
        ...[`v0.0.0-20231231230203-${u}`, `v0.0.0-20240103230203-${l}`, `v0.0.0-20240101230203-${o}`],
        ...[
          `v1.0.1-0.20240103230203-${l}`,
          `v0.3.1-0.20240103230203-${l}`,
          `v1.1.0-rc.1.0.20240103230203-${l}`,
        ],
        ...[`v1.0.1-0.20240102230203-${p}`, `v1.0.1-0.20231231230203-${u}`, `v0.0.0-20240105000000-${s}`],
        // Bases that are on the commit, no tag, no ancestor, or impossible.
        ...[
          `v1.0.1-0.20240101230203-${o}`,
          `v1.1.0-rc.1.0.20240102230203-${p}`,
          `v1.2.1-0.20240103230203-${l}`,
        ],
        ...[`v1.9.1-0.20240103230203-${l}`, `v1.0.1-0.20240105000000-${s}`, `v1.1.0-0.20240103230203-${l}`],
        ...[`v1.0.0-20240103230203-${l}`, `v2.0.0-20240103230203-${l}`, `v2.0.1-0.20240103230203-${l}`],
        // Wrong times and hashes.
        ...[
          `v1.0.1-0.20240104010203-${l}`,
          `v0.0.0-20240103230204-${l}`,
          `v0.0.0-20240103230203-${last.slice(0, 11)}`,
        ],
        ...[`v0.0.0-20240103230203-${last.slice(0, 13)}`, `v0.0.0-20240103230203-${last}`],
        ...[`v0.0.0-20240103230203-${l.toUpperCase()}`, 'v0.0.0-20240103230203-0123456789ab'],
        ...[`v0.0.0-20240103230203-${p}`, `v0.0.0-0.20240103230203-${l}`, `v0.0.0-20241399000000-${l}`],
        ...[`v1.0.1-0.20240103230203-${l}+incompatible`, `v0.0.0-20240103230203-${l}+meta`],
      ].map((query) => `example.com/pseudo@${query}`);
    },
    lists: ['example.com/pseudo'],
  },
  {
    name: 'pseudo-versions-on-metadata-tags',
    facts: [10, 12],
    build: async (make) => {
      const r = await make('a');
      r.write({ 'go.mod': goMod('example.com/pseudometa') });
      const first = await r.write({ a: '1' }).commit('1');
      await r.tag('v1.0.0+meta');
      const second = await r.at('2024-01-02T00:00:00Z').write({ a: '2' }).commit('2');
      await r.tag('v1.1.0');
      await r.tag('v1.2.0+meta');
      const third = await r.at('2024-01-03T00:00:00Z').write({ a: '3' }).commit('3');
      return { first, second, third };
    },
    rules: { 'example.com/pseudometa': { repo: 'a' } },
    queries: ({ first = '', second = '', third = '' }) =>
      [
        ...[first, second, third, 'v1.0.0+meta', 'v1.2.0+meta'],
        `v1.0.1-0.20240101000000-${short(first)}`,
        `v1.2.1-0.20240102000000-${short(second)}`,
        `v1.2.1-0.20240103000000-${short(third)}`,
        `v1.0.1-0.20240103000000-${short(third)}`,
      ].map((query) => `example.com/pseudometa@${query}`),
    lists: ['example.com/pseudometa'],
  },
];
