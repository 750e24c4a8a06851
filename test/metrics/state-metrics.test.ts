import { expect, it } from 'vitest';
import { stateFamilies, type ServerState } from '../../src/metrics/state-metrics.js';

const STATE: ServerState = {
  version: '1.2.3',
  rules: 4,
  hasError: { config: false, vanity: true },
  workers: 2,
  workersUp: 1,
  cacheBytes: undefined,
  cacheLimit: 100,
  drift: 1,
  movedTags: 2,
  damagedParts: 0,
  sumdbRecords: undefined,
  faults: 5,
  gitChildren: 0,
};
const valuesOf = (state: ServerState, name: string) =>
  stateFamilies(state).find((family) => family.name === name)?.values;

it('adds up the folders that have no name of their own', () => {
  const cacheBytes = new Map([
    ['download', 10],
    ['vcs', 5],
    ['usage', 1],
    ['upstream-abc', 2],
  ]);
  expect(valuesOf({ ...STATE, cacheBytes }, 'modhaven_cache_bytes')).toEqual([
    { labels: { kind: 'versions' }, value: 10 },
    { labels: { kind: 'mirrors' }, value: 5 },
    { labels: { kind: 'other' }, value: 3 },
  ]);
});

it('says which file has an error, and nothing of what it does not know', () => {
  expect(valuesOf(STATE, 'modhaven_file_error')).toEqual([
    { labels: { file: 'config' }, value: 0 },
    { labels: { file: 'vanity' }, value: 1 },
  ]);
  expect(valuesOf(STATE, 'modhaven_cache_bytes')).toBeUndefined();
  expect(valuesOf(STATE, 'modhaven_sumdb_records')).toBeUndefined();
  expect(valuesOf({ ...STATE, sumdbRecords: 7 }, 'modhaven_sumdb_records')).toEqual([
    { labels: {}, value: 7 },
  ]);
});
