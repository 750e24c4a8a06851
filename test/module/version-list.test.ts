import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatVersionList, parseVersionList, versionsInList } from '../../src/module/version-list.js';
import type { CanonicalVersion } from '../../src/module/version.js';

describe('parseVersionList', () => {
  it.each([
    ['', []],
    ['\n\n', []],
    ['v1.0.0', ['v1.0.0']],
    ['v1.0.0\nv1.1.0\n', ['v1.0.0', 'v1.1.0']],
    ['v1.0.0\r\n v1.1.0 \r\n', ['v1.0.0', 'v1.1.0']],
    // Some proxies add the time of the version.
    ['v1.0.0 2024-01-02T03:04:05Z\nv1.1.0\t2024', ['v1.0.0', 'v1.1.0']],
    [
      'v2.0.0+incompatible\nv0.0.0-20240102030405-0123456789ab',
      ['v2.0.0+incompatible', 'v0.0.0-20240102030405-0123456789ab'],
    ],
    ['v1\nv1.2\n1.0.0\nlatest\nmaster\nv1.0.0+build\nv01.0.0\n<html>\n', []],
    ['v1.1.0\nv1.0.0\nv1.1.0', ['v1.1.0', 'v1.0.0', 'v1.1.0']],
  ])('%j', (text, versions) => {
    expect(parseVersionList(Buffer.from(text))).toEqual(versions);
  });

  it('does not mind bytes that are not text', () => {
    expect(parseVersionList(Buffer.from([0xff, 0xfe, 10, ...Buffer.from('v1.0.0\n')]))).toEqual(['v1.0.0']);
  });
});

describe('formatVersionList', () => {
  it('has one version a line, and nothing for none', () => {
    expect(formatVersionList(['v1.0.0', 'v1.1.0']).toString()).toBe('v1.0.0\nv1.1.0\n');
    expect(formatVersionList([])).toHaveLength(0);
  });

  it('is made once for each list, and is read back without parsing', () => {
    const versions: CanonicalVersion[] = ['v1.0.0', 'v1.1.0'];
    expect(formatVersionList(versions)).toBe(formatVersionList(versions));
    expect(versionsInList(formatVersionList(versions))).toBe(versions);
  });

  it('has nothing but versions, whatever text they came from', () => {
    const versions = versionsInList(Buffer.from('v1.0.0 2024-01-02T03:04:05Z\n'));
    expect(formatVersionList(versions).toString()).toBe('v1.0.0\n');
  });

  it('is read back as it was', () => {
    const number = fc.nat(1000);
    const version = fc
      .tuple(number, number, number, fc.constantFrom('', '-rc.1', '-0.20240102030405-0123456789ab'))
      .map(([a, b, c, pre]): CanonicalVersion => `v${a}.${b}.${c}${pre}`);
    fc.assert(
      fc.property(fc.array(version), (versions) => {
        expect(parseVersionList(formatVersionList(versions))).toEqual(versions);
      }),
    );
  });
});

describe('versionsInList', () => {
  it('reads each text once, and equal texts apart', () => {
    const text = Buffer.from('v1.0.0\n');
    expect(versionsInList(text)).toEqual(['v1.0.0']);
    expect(versionsInList(text)).toBe(versionsInList(text));
    expect(versionsInList(Buffer.from('v1.0.0\n'))).not.toBe(versionsInList(text));
  });
});
