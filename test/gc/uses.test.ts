import { expect, it } from 'vitest';
import { LastUses } from '../../src/gc/uses.js';

it('says when a version was last used, and when any version of its module was', () => {
  const uses = new LastUses(
    new Map([
      ['corp.test/lib@v1.0.0', 5000],
      ['corp.test/lib@v1.1.0', 9000],
      ['corp.test/lib/sub@v1.0.0', 7000],
    ]),
  );
  expect(uses.ofVersion({ module: 'corp.test/lib', version: 'v1.0.0' })).toBe(5000);
  expect(uses.ofVersion({ module: 'corp.test/lib', version: 'v2.0.0' })).toBe(0);
  expect(uses.ofModule('corp.test/lib')).toBe(9000);
  expect(uses.ofModule('corp.test/lib/sub')).toBe(7000);
  expect(uses.ofModule('corp.test')).toBe(0);
});
