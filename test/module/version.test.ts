import { describe, expect, it } from 'vitest';

import { canonicalVersion, isCanonicalVersion } from '../../src/module/version.js';

const ROWS = [
  { name: 'a release', v: 'v1.2.3', canonical: 'v1.2.3' },
  { name: 'a prerelease', v: 'v1.2.3-rc.1', canonical: 'v1.2.3-rc.1' },
  { name: '+incompatible', v: 'v2.0.0+incompatible', canonical: 'v2.0.0+incompatible' },
  { name: 'other build metadata', v: 'v2.0.0+meta', canonical: 'v2.0.0' },
  { name: 'build metadata that begins with incompatible', v: 'v2.0.0+incompatible.1', canonical: 'v2.0.0' },
  { name: 'a shorthand', v: 'v1', canonical: 'v1.0.0' },
  { name: 'no version', v: 'main', canonical: '' },
  { name: 'the empty text', v: '', canonical: '' },
];

describe('canonicalVersion', () => {
  it.each(ROWS)('of $name is "$canonical"', ({ v, canonical }) => {
    expect(canonicalVersion(v)).toBe(canonical);
  });
});

describe('isCanonicalVersion', () => {
  it.each(ROWS)('holds for what stays as it is, and so for $name or not', ({ v, canonical }) => {
    expect(isCanonicalVersion(v)).toBe(v !== '' && v === canonical);
  });
});
