import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import {
  isPseudoVersion,
  pseudoVersion,
  pseudoVersionBase,
  pseudoVersionRev,
  pseudoVersionTime,
} from '../../src/module/pseudo-version.js';
import * as semver from '../../src/module/semver.js';
import { canonicalVersions } from '../support/arbitraries.js';

const TIME = new Date('2023-01-02T03:04:05Z');
const REV = 'abcdef123456';

const FORMS = [
  { name: 'no base', major: 'v1', older: '', version: `v1.0.0-20230102030405-${REV}` },
  { name: 'no base and no major version', major: '', older: '', version: `v0.0.0-20230102030405-${REV}` },
  { name: 'a release', major: 'v1', older: 'v1.2.3', version: `v1.2.4-0.20230102030405-${REV}` },
  {
    name: 'a release whose patch gets longer',
    major: 'v1',
    older: 'v1.2.99',
    version: `v1.2.100-0.20230102030405-${REV}`,
  },
  {
    name: 'an incompatible release',
    major: 'v2',
    older: 'v2.0.0+incompatible',
    version: `v2.0.1-0.20230102030405-${REV}+incompatible`,
  },
  { name: 'a prerelease', major: 'v1', older: 'v1.2.3-rc.1', version: `v1.2.3-rc.1.0.20230102030405-${REV}` },
  {
    name: 'an incompatible prerelease',
    major: 'v2',
    older: 'v2.0.0-a-b+incompatible',
    version: `v2.0.0-a-b.0.20230102030405-${REV}+incompatible`,
  },
  {
    name: 'a patch number of any length',
    major: 'v1',
    older: 'v1.0.99999999999999999999',
    version: `v1.0.100000000000000000000-0.20230102030405-${REV}`,
  },
];

describe('pseudoVersion', () => {
  it.each(FORMS)('builds on $name', ({ major, older, version }) => {
    expect(pseudoVersion({ major, older, time: TIME, rev: REV })).toBe(version);
  });

  it.each(FORMS)('is taken apart again for $name', ({ older, version }) => {
    expect(isPseudoVersion(version)).toBe(true);
    expect(pseudoVersionTime(version)).toEqual(TIME);
    expect(pseudoVersionRev(version)).toBe(REV);
    expect(pseudoVersionBase(version)).toBe(older);
  });

  it('completes a base that is a shorthand', () => {
    expect(pseudoVersion({ major: 'v1', older: 'v1', time: TIME, rev: REV })).toBe(
      `v1.0.1-0.20230102030405-${REV}`,
    );
  });

  it('writes years before 1000 with four digits', () => {
    const time = new Date('0099-01-02T03:04:05Z');
    expect(pseudoVersion({ major: 'v1', older: '', time, rev: REV })).toBe(`v1.0.0-00990102030405-${REV}`);
  });

  it('parses back and sorts between its base and what may come next', () => {
    const seconds = fc.integer({ min: 0, max: 253_402_300_799 });
    const revs = fc.stringMatching(/^[0-9a-f]{12}$/);
    const bases = fc.tuple(canonicalVersions, fc.constantFrom('', '+incompatible'));
    fc.assert(
      fc.property(bases, seconds, revs, ([canonical, build], second, rev) => {
        const older = canonical + build;
        const time = new Date(second * 1000);
        const version = pseudoVersion({ major: '', older, time, rev });
        expect(isPseudoVersion(version)).toBe(true);
        expect(pseudoVersionTime(version)).toEqual(time);
        expect(pseudoVersionRev(version)).toBe(rev);
        expect(pseudoVersionBase(version)).toBe(older);
        expect(semver.compare(older, version)).toBeLessThan(0);
        const [, core = ''] = /^(v[^-]*)/.exec(version) ?? [];
        expect(semver.compare(version, core)).toBeLessThan(0);
      }),
    );
  });
});

describe('isPseudoVersion', () => {
  it.each([
    { name: 'a release', v: 'v1.2.3' },
    { name: 'a prerelease', v: 'v1.2.3-rc.1' },
    { name: 'no base in a minor version', v: `v1.2.0-20230102030405-${REV}` },
    { name: 'a time of 13 digits', v: `v1.0.0-2023010203040-${REV}` },
    { name: 'a time of 15 digits', v: `v1.0.0-202301020304055-${REV}` },
    { name: 'a prerelease without the zero', v: `v1.2.3-pre.20230102030405-${REV}` },
    { name: 'no revision', v: 'v1.0.0-20230102030405' },
    { name: 'a revision with a dash', v: 'v1.0.0-20230102030405-abc-def' },
    { name: 'a leading zero', v: `v01.0.0-20230102030405-${REV}` },
    { name: 'an empty build', v: `v1.0.0-20230102030405-${REV}+` },
    { name: 'no version', v: 'main' },
  ])('is false for $name, whose parts are a syntax error', ({ v }) => {
    expect(isPseudoVersion(v)).toBe(false);
    for (const part of [pseudoVersionTime, pseudoVersionRev, pseudoVersionBase]) {
      expect(() => part(v)).toThrow(
        expect.objectContaining({
          code: 'VERSION_NOT_FOUND',
          message: `pseudo-version "${v}" invalid: syntax error`,
        }),
      );
    }
  });
});

describe('pseudoVersionTime', () => {
  it.each([
    { name: 'the last second of a year', timestamp: '20231231235959', time: '2023-12-31T23:59:59.000Z' },
    { name: 'a leap day', timestamp: '20240229000000', time: '2024-02-29T00:00:00.000Z' },
    {
      name: 'a leap day of a year that 400 divides',
      timestamp: '20000229000000',
      time: '2000-02-29T00:00:00.000Z',
    },
    { name: 'the year 0', timestamp: '00000101000000', time: '0000-01-01T00:00:00.000Z' },
    { name: 'the year 99', timestamp: '00990101000000', time: '0099-01-01T00:00:00.000Z' },
  ])('reads $name', ({ timestamp, time }) => {
    expect(pseudoVersionTime(`v1.0.0-${timestamp}-${REV}`).toISOString()).toBe(time);
  });

  it.each([
    { name: 'month 0', timestamp: '20230001000000' },
    { name: 'month 13', timestamp: '20231301000000' },
    { name: 'day 0', timestamp: '20230100000000' },
    { name: '31 February', timestamp: '20230231000000' },
    { name: '29 February of a common year', timestamp: '20230229000000' },
    { name: '29 February of a year that 100 divides', timestamp: '19000229000000' },
    { name: '31 April', timestamp: '20230431000000' },
    { name: 'hour 24', timestamp: '20230101240000' },
    { name: 'minute 60', timestamp: '20230101006000' },
    { name: 'second 60', timestamp: '20230101000060' },
  ])('refuses $name', ({ timestamp }) => {
    const v = `v1.0.0-${timestamp}-${REV}`;
    expect(isPseudoVersion(v)).toBe(true);
    expect(() => pseudoVersionTime(v)).toThrow(
      expect.objectContaining({
        code: 'VERSION_NOT_FOUND',
        message: `pseudo-version "${v}" invalid: malformed time "${timestamp}"`,
      }),
    );
  });
});

describe('pseudoVersionBase', () => {
  it.each([
    {
      name: 'build metadata without a base',
      v: `v2.0.0-20230102030405-${REV}+incompatible`,
      reason: 'lacks base version, but has build metadata "+incompatible"',
    },
    {
      name: 'a patch number that would be negative',
      v: `v1.2.0-0.20230102030405-${REV}`,
      reason: 'version before v1.2.0 would have negative patch number',
    },
  ])('refuses $name', ({ v, reason }) => {
    expect(() => pseudoVersionBase(v)).toThrow(
      expect.objectContaining({
        code: 'VERSION_NOT_FOUND',
        message: `pseudo-version "${v}" invalid: ${reason}`,
      }),
    );
  });
});
