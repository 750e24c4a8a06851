import { describe, expect, it } from 'vitest';
import { goModHash } from '../../src/module/files/dirhash.js';
import { parseModulePath } from '../../src/module/module-path.js';
import { partProblem, zipHashIn } from '../../src/store/part-problem.js';
import { infoSum, type VersionSums } from '../../src/store/recorded-sums.js';

const HASH = `h1:${Buffer.alloc(32, 1).toString('base64')}`;
const OTHER = `h1:${Buffer.alloc(32, 2).toString('base64')}`;
const INFO = '{"Version":"v1.0.0","Time":"2024-03-01T12:00:00Z"}';
const MOD = 'module corp.test/lib\n';

function problem(kind: 'info' | 'mod' | 'ziphash', text: string, sums: VersionSums = {}) {
  return partProblem(
    { module: parseModulePath('corp.test/lib'), version: 'v1.0.0', kind },
    Buffer.from(text),
    sums,
  );
}

describe('zipHashIn', () => {
  it.each([HASH, `${HASH}\n`, ` ${HASH} `])('reads %j', (text) => {
    expect(zipHashIn(Buffer.from(text))).toBe(HASH);
  });

  it.each(['', 'h1:', HASH.replace('h1', 'h2'), HASH.slice(0, -1), `${HASH}${HASH}`, `${HASH}\nx`])(
    'reads nothing in %j',
    (text) => {
      expect(zipHashIn(Buffer.from(text))).toBeUndefined();
    },
  );

  it('reads nothing where there is nothing', () => {
    expect(zipHashIn(undefined)).toBeUndefined();
  });
});

describe('partProblem', () => {
  it.each(['info', 'mod', 'ziphash'] as const)('finds an empty .%s, whatever is recorded', async (kind) => {
    expect(await problem(kind, '')).toBe('it is empty');
    expect(await problem(kind, '', { info: infoSum(Buffer.alloc(0)), mod: goModHash(Buffer.alloc(0)) })).toBe(
      'it is empty',
    );
  });

  it.each<[what: string, text: string, sums: VersionSums, found: string | undefined]>([
    ['is recorded so', INFO, { info: infoSum(Buffer.from(INFO)) }, undefined],
    ['is not recorded, and about this version', INFO, {}, undefined],
    [
      'is not the recorded one',
      `${INFO} `,
      { info: infoSum(Buffer.from(INFO)) },
      'it is not the one that was stored',
    ],
    ['is not JSON', 'x', {}, 'it is not JSON'],
    ['is cut off', INFO.slice(0, 20), { info: infoSum(Buffer.from(INFO)) }, 'it is not JSON'],
    ['is not an object', '"v1.0.0"', {}, 'it is not an .info'],
    ['is null', 'null', {}, 'it is not an .info'],
    ['is about another version', INFO.replace('v1.0.0', 'v1.0.1'), {}, 'it is about another version'],
  ])('says what is wrong with an .info that %s', async (_, text, sums, found) => {
    // The words of JSON.parse follow.
    expect((await problem('info', text, sums))?.replace(/^(it is not JSON): .*/, '$1')).toBe(found);
  });

  it('judges a .mod by its recorded hash, which also a file that go cannot read may have', async () => {
    const odd = 'module\n';
    expect(await problem('mod', MOD, { mod: goModHash(Buffer.from(MOD)) })).toBeUndefined();
    expect(await problem('mod', odd, { mod: goModHash(Buffer.from(odd)) })).toBeUndefined();
    const recorded = goModHash(Buffer.from(MOD));
    const text = `${MOD}// edited\n`;
    expect(await problem('mod', text, { mod: recorded })).toBe(
      `it was ${recorded}, now it is ${goModHash(Buffer.from(text))}`,
    );
  });

  it('judges a .mod by itself where nothing is recorded', async () => {
    expect(await problem('mod', MOD)).toBeUndefined();
    expect(await problem('mod', '\0\0\0\0')).toEqual(expect.any(String));
  });

  it('judges a .ziphash by the recorded hash, and by its form', async () => {
    expect(await problem('ziphash', `${HASH}\n`)).toBeUndefined();
    expect(await problem('ziphash', HASH, { zip: HASH })).toBeUndefined();
    expect(await problem('ziphash', OTHER, { zip: HASH })).toBe(`it was ${HASH}, now it is ${OTHER}`);
    expect(await problem('ziphash', 'h1:AAAA', { zip: 'h1:AAAA' })).toBe('it is not an h1: hash');
  });
});
