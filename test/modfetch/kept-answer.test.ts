import { describe, expect, it } from 'vitest';
import { decodeAnswer, encodeAnswer } from '../../src/modfetch/kept-answer.js';

const LIST = 'corp.test/lib/@v/list';
const INFOS = ['corp.test/lib/@latest', 'corp.test/lib/@v/main.info'];
const VERSIONS = Buffer.from('v1.0.0\nv1.1.0\nv1.2.0\n');
const INFO = Buffer.from('{"Version":"v1.2.0","Time":"2024-05-06T07:08:09Z"}');

describe('an answer that is kept', () => {
  it.each<readonly [string, Buffer]>([
    [LIST, VERSIONS],
    [LIST, Buffer.alloc(0)],
    ...INFOS.map((path) => [path, INFO] as const),
  ])('for %s is what was kept', (path, answer) => {
    expect(decodeAnswer(path, encodeAnswer(path, answer))).toEqual(answer);
  });

  it.each<[string, (kept: Buffer) => Buffer]>([
    ['was emptied', () => Buffer.alloc(0)],
    ['was cut behind a version', (kept) => kept.subarray(0, kept.length - 'v1.2.0\n'.length)],
    ['was cut in its first line', (kept) => kept.subarray(0, 20)],
    ['is all zeros', (kept) => Buffer.alloc(kept.length)],
    ['lost a bit', (kept) => Buffer.from(kept).fill('v1.3.0', kept.length - 7, kept.length - 1)],
    ['has another digest', (kept) => Buffer.from(kept).fill('A', 9, 12)],
    ['is a page', () => Buffer.from('<html>login</html>\n')],
    ['is JSON of another kind', () => Buffer.from('[]')],
    ['is longer than it was', (kept) => Buffer.concat([kept, Buffer.from('v9.9.9\n')])],
  ])('is unknown where it %s', (_, damage) => {
    expect(decodeAnswer(LIST, damage(encodeAnswer(LIST, VERSIONS)))).toBeUndefined();
    for (const path of INFOS) expect(decodeAnswer(path, damage(encodeAnswer(path, INFO)))).toBeUndefined();
  });

  it('is unknown where it is that of another module', () => {
    expect(decodeAnswer('corp.test/other/@v/list', encodeAnswer(LIST, VERSIONS))).toBeUndefined();
  });

  it('of an earlier program is taken as it is, if it is one', () => {
    expect(decodeAnswer(LIST, VERSIONS)).toEqual(VERSIONS);
    expect(decodeAnswer(LIST, Buffer.alloc(0))).toBeUndefined();
    expect(decodeAnswer(LIST, VERSIONS.subarray(0, 10))).toBeUndefined();
    for (const path of INFOS) {
      expect(decodeAnswer(path, INFO)).toEqual(INFO);
      expect(decodeAnswer(path, INFO.subarray(0, 20))).toBeUndefined();
    }
  });
});
