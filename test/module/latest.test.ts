import { describe, expect, it } from 'vitest';
import { newestRelease } from '../../src/module/latest.js';

describe('newestRelease', () => {
  it.each([
    { versions: [], newest: undefined },
    { versions: ['v1.0.0', 'v1.2.0', 'v1.10.0'], newest: 'v1.10.0' },
    { versions: ['v1.0.0', 'v1.1.0-rc.1'], newest: 'v1.0.0' },
    { versions: ['v0.1.0-alpha', 'v0.1.0-beta'], newest: 'v0.1.0-beta' },
    { versions: ['v1.0.0', 'v2.0.0+incompatible', 'v3.0.0-pre+incompatible'], newest: 'v2.0.0+incompatible' },
  ])('of $versions is $newest', ({ versions, newest }) => {
    expect(newestRelease(versions)).toBe(newest);
  });
});
