import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import * as semver from '../../src/module/semver.js';
import { versionLike, versions } from '../support/arbitraries.js';

const PARTS = [
  { v: 'v1', canonical: 'v1.0.0', major: 'v1', majorMinor: 'v1.0', prerelease: '', build: '' },
  { v: 'v1.2', canonical: 'v1.2.0', major: 'v1', majorMinor: 'v1.2', prerelease: '', build: '' },
  { v: 'v0.0.0', canonical: 'v0.0.0', major: 'v0', majorMinor: 'v0.0', prerelease: '', build: '' },
  {
    v: 'v1.2.3-a.0-b',
    canonical: 'v1.2.3-a.0-b',
    major: 'v1',
    majorMinor: 'v1.2',
    prerelease: '-a.0-b',
    build: '',
  },
  { v: 'v1.2.3--', canonical: 'v1.2.3--', major: 'v1', majorMinor: 'v1.2', prerelease: '--', build: '' },
  { v: 'v1.2.3+01.-', canonical: 'v1.2.3', major: 'v1', majorMinor: 'v1.2', prerelease: '', build: '+01.-' },
  {
    v: 'v10.20.30-0a+b',
    canonical: 'v10.20.30-0a',
    major: 'v10',
    majorMinor: 'v10.20',
    prerelease: '-0a',
    build: '+b',
  },
  {
    v: 'v123456789012345678901234567890.0.0',
    canonical: 'v123456789012345678901234567890.0.0',
    major: 'v123456789012345678901234567890',
    majorMinor: 'v123456789012345678901234567890.0',
    prerelease: '',
    build: '',
  },
];

const INVALID = [
  { name: 'the empty text', v: '' },
  { name: 'no v', v: '1.2.3' },
  { name: 'a capital V', v: 'V1.2.3' },
  { name: 'v alone', v: 'v' },
  { name: 'a leading zero in MAJOR', v: 'v01.2.3' },
  { name: 'a leading zero in MINOR', v: 'v1.02.3' },
  { name: 'a leading zero in PATCH', v: 'v1.2.03' },
  { name: 'a fourth number', v: 'v1.2.3.4' },
  { name: 'an empty number', v: 'v1..3' },
  { name: 'a trailing dot', v: 'v1.2.' },
  { name: 'a prerelease on a shorthand', v: 'v1-pre' },
  { name: 'build metadata on a shorthand', v: 'v1.2+meta' },
  { name: 'an empty prerelease', v: 'v1.2.3-' },
  { name: 'an empty prerelease identifier', v: 'v1.2.3-a..b' },
  { name: 'a numeric prerelease identifier with a leading zero', v: 'v1.2.3-a.01' },
  { name: 'empty build metadata', v: 'v1.2.3+' },
  { name: 'an empty build identifier', v: 'v1.2.3+a.' },
  { name: 'two build suffixes', v: 'v1.2.3+a+b' },
  { name: 'a character outside of the set', v: 'v1.2.3-a_b' },
  { name: 'a letter outside of ASCII', v: 'v1.2.3-é' },
  { name: 'a digit outside of ASCII', v: 'v1.2.٣' },
  { name: 'a space before', v: ' v1.2.3' },
  { name: 'a line break after', v: 'v1.2.3\n' },
];

/** From the lowest to the highest. */
const ASCENDING = [
  'not a version',
  'v0.0.0-0',
  'v0.0.0',
  'v1.0.0-1',
  'v1.0.0-2',
  'v1.0.0-10',
  'v1.0.0--',
  'v1.0.0-0a',
  'v1.0.0-Z',
  'v1.0.0-alpha',
  'v1.0.0-alpha.1',
  'v1.0.0-alpha.1.0',
  'v1.0.0-alpha.beta',
  'v1.0.0-beta',
  'v1.0.0-beta.2',
  'v1.0.0-beta.11',
  'v1.0.0-rc.1',
  'v1.0.0',
  'v1.0.1',
  'v1.9.0',
  'v1.10.0',
  'v9.0.0',
  'v10.0.0-99999999999999999999',
  'v10.0.0-100000000000000000000',
  'v10.0.0',
  'v99999999999999999999.0.0',
  'v100000000000000000000.0.0',
];

describe('the parts of a version', () => {
  it.each(PARTS)('are those of $v', ({ v, ...parts }) => {
    expect(semver.isValid(v)).toBe(true);
    expect({
      canonical: semver.canonical(v),
      major: semver.major(v),
      majorMinor: semver.majorMinor(v),
      prerelease: semver.prerelease(v),
      build: semver.build(v),
    }).toEqual(parts);
  });

  it.each(INVALID)('do not exist for $name', ({ v }) => {
    expect(semver.isValid(v)).toBe(false);
    const parts = [semver.canonical, semver.major, semver.majorMinor, semver.prerelease, semver.build];
    expect(parts.map((part) => part(v))).toEqual(['', '', '', '', '']);
  });
});

describe('compare', () => {
  it('follows the ascending list for every pair', () => {
    for (const [i, v] of ASCENDING.entries()) {
      for (const [j, w] of ASCENDING.entries()) {
        expect(Math.sign(semver.compare(v, w)), `${v} and ${w}`).toBe(Math.sign(i - j));
      }
    }
  });

  it.each([
    { name: 'build metadata', v: 'v1.0.0+a', w: 'v1.0.0+b' },
    { name: 'the shorthand of MINOR and PATCH', v: 'v1', w: 'v1.0.0' },
    { name: 'the shorthand of PATCH', v: 'v1.2', w: 'v1.2.0' },
    { name: 'which text it is that is not a version', v: 'x', w: 'y' },
  ])('ignores $name', ({ v, w }) => {
    expect(semver.compare(v, w)).toBe(0);
  });

  it('is antisymmetric and transitive', () => {
    fc.assert(
      fc.property(versionLike, versionLike, versionLike, (a, b, c) => {
        const [ab, ba, bc, ac] = [
          semver.compare(a, b),
          semver.compare(b, a),
          semver.compare(b, c),
          semver.compare(a, c),
        ];
        expect(Math.sign(ab) + Math.sign(ba)).toBe(0);
        if (ab <= 0 && bc <= 0) {
          expect(ac).toBeLessThanOrEqual(0);
        }
      }),
    );
  });

  it('says equal exactly for versions of one canonical form', () => {
    fc.assert(
      fc.property(versions, versions, fc.boolean(), (a, other, same) => {
        const b = same ? `${semver.canonical(a)}+other` : other;
        expect(semver.compare(a, b) === 0).toBe(semver.canonical(a) === semver.canonical(b));
      }),
    );
  });
});

describe('compareVersions', () => {
  it('is zero for identical texts only and otherwise agrees with compare', () => {
    fc.assert(
      fc.property(versionLike, versionLike, (a, b) => {
        expect(semver.compareVersions(a, b) === 0).toBe(a === b);
        if (semver.compare(a, b) !== 0) {
          expect(Math.sign(semver.compareVersions(a, b))).toBe(Math.sign(semver.compare(a, b)));
        }
      }),
    );
  });
});

describe('sortVersions', () => {
  it('puts equal versions in string order and leaves its argument alone', () => {
    const list = ['v1.0.0+b', 'v2', 'y', 'v1.0.0', 'v2.0.0', 'x', 'v1.0.0+a'];
    const before = [...list];
    expect(semver.sortVersions(list)).toEqual(['x', 'y', 'v1.0.0', 'v1.0.0+a', 'v1.0.0+b', 'v2', 'v2.0.0']);
    expect(list).toEqual(before);
  });

  it('gives what Array.sort gives with compareVersions', () => {
    fc.assert(
      fc.property(fc.array(versionLike), (list) => {
        expect(semver.sortVersions(list)).toEqual([...list].sort(semver.compareVersions));
      }),
    );
  });
});

describe('parseCanonical and compareParts', () => {
  it('take exactly what is its own canonical form', () => {
    fc.assert(
      fc.property(versionLike, (text) => {
        const parts = semver.parseCanonical(text);
        expect(parts !== undefined).toBe(text !== '' && semver.canonical(text) === text);
        if (parts === undefined) return;
        expect([parts.text, `v${parts.major}`]).toEqual([text, semver.major(text)]);
        expect([parts.prerelease, parts.build]).toEqual([semver.prerelease(text), '']);
      }),
    );
  });

  it('order versions as compareVersions does', () => {
    const canonical = ASCENDING.flatMap((text) => semver.parseCanonical(text) ?? []);
    expect(canonical.map(({ text }) => text)).toEqual(ASCENDING.slice(1));
    const shuffled = [...canonical].reverse();
    expect(shuffled.sort(semver.compareParts)).toEqual(canonical);
  });
});
