import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { inSlices } from '../../src/concurrency/slices.js';
import {
  formatVersionList,
  parseVersionList,
  versionsInList as versionsInSteps,
} from '../../src/module/version-list.js';
import type { CanonicalVersion } from '../../src/module/version.js';

const versionsInList = (text: Buffer) => inSlices(versionsInSteps(text));

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

  it('reads millions of empty lines in no time', () => {
    const start = process.cpuUsage();
    expect(parseVersionList(Buffer.concat([Buffer.alloc(4_000_000, '\n'), Buffer.from('v1.0.0')]))).toEqual([
      'v1.0.0',
    ]);
    expect(process.cpuUsage(start).user / 1000).toBeLessThan(700);
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

  it('is made once for each list, and is read back without parsing', async () => {
    const versions: CanonicalVersion[] = ['v1.0.0', 'v1.1.0'];
    expect(formatVersionList(versions)).toBe(formatVersionList(versions));
    expect(await versionsInList(formatVersionList(versions))).toBe(versions);
  });

  it('has nothing but versions, whatever text they came from', async () => {
    const versions = await versionsInList(Buffer.from('v1.0.0 2024-01-02T03:04:05Z\n'));
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
  it('reads each text once, and equal texts apart', async () => {
    const text = Buffer.from('v1.0.0\n');
    expect(await versionsInList(text)).toEqual(['v1.0.0']);
    expect(await versionsInList(text)).toBe(await versionsInList(text));
    expect(await versionsInList(Buffer.from('v1.0.0\n'))).not.toBe(await versionsInList(text));
  });

  it('lets others have their turn in a long list', async () => {
    let turns = 0;
    const turning = setInterval(() => (turns += 1), 0);
    const versions = await versionsInList(Buffer.from('v1.0.0\n'.repeat(100_000)));
    clearInterval(turning);
    expect(versions).toHaveLength(100_000);
    expect(turns).toBeGreaterThan(3);
  });
});
