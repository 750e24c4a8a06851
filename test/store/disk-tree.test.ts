import { describe, expect, it } from 'vitest';
import { partOfName } from '../../src/store/disk-tree.js';

describe('partOfName', () => {
  it.each([
    ['v1.0.0.info', { version: 'v1.0.0', kind: 'info' }],
    ['v1.0.0-!r!c1.zip', { version: 'v1.0.0-RC1', kind: 'zip' }],
    ['v2.0.0+incompatible.ziphash', { version: 'v2.0.0+incompatible', kind: 'ziphash' }],
    ['v1.0.0.lock', undefined],
    ['v1.0.0', undefined],
    ['v1.mod', undefined],
    ['V1.0.0.mod', undefined],
    ['.tmp-1-ab.mod', undefined],
    ['list', undefined],
    ['.mod', undefined],
  ])('reads %s', (name, part) => {
    expect(partOfName(name)).toEqual(part);
  });
});
