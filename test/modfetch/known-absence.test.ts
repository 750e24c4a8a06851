import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { KnownAbsence } from '../../src/modfetch/known-absence.js';
import { parseModulePath } from '../../src/module/module-path.js';

const version = { module: parseModulePath('corp.test/lib'), version: 'v1.0.0' as const };
const other = { ...version, version: 'v1.1.0' as const };

it('holds for a request that has just looked, until something of the version was fetched', async () => {
  const absence = new KnownAbsence();
  const absentSince = performance.now();
  expect(absence.holds(version, { onlyCached: false, absentSince })).toBe(true);
  await sleep(2);
  absence.fetched(version);
  expect(absence.holds(version, { onlyCached: false, absentSince })).toBe(false);
  expect(absence.holds(other, { onlyCached: false, absentSince })).toBe(true);
  await sleep(2);
  expect(absence.holds(version, { onlyCached: false, absentSince: performance.now() })).toBe(true);
});

it('does not hold for a request that has not looked, and where nothing may be fetched', () => {
  const absence = new KnownAbsence();
  expect(absence.holds(version, { onlyCached: false })).toBe(false);
  expect(absence.holds(version, { onlyCached: true, absentSince: performance.now() })).toBe(false);
});
