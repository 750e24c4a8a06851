import { describe, expect, it } from 'vitest';
import { sumErrors } from '../../../src/cli/output/sum-errors.js';

const VERSION = { module: 'a.example/m', query: 'v1', version: 'v1.2.3' };
const mismatch = (kind: 'zip' | 'mod') => ({ kind, hash: 'h1:theirs', stored: 'h1:ours', place: 'go.sum:3' });

describe('sumErrors', () => {
  it('says nothing where everything matches', () => {
    expect(sumErrors([{ ...VERSION, mismatches: [] }])).toEqual([]);
  });

  it('names the version, what differs, both hashes and the place, and once what to do', () => {
    const lines = sumErrors([
      { ...VERSION, mismatches: [mismatch('zip'), mismatch('mod')] },
      { ...VERSION, version: undefined, mismatches: [mismatch('mod')] },
    ]);
    expect(lines.slice(0, 7)).toEqual([
      'SECURITY ERROR a.example/m@v1.2.3: the zip in the cache does NOT match go.sum:3',
      '  in the cache: h1:ours',
      '  recorded:     h1:theirs',
      'SECURITY ERROR a.example/m@v1.2.3: the go.mod in the cache does NOT match go.sum:3',
      '  in the cache: h1:ours',
      '  recorded:     h1:theirs',
      'SECURITY ERROR a.example/m@v1: the go.mod in the cache does NOT match go.sum:3',
    ]);
    expect(lines.filter((line) => line.includes('to do:'))).toHaveLength(1);
  });
});
