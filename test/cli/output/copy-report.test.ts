import { describe, expect, it } from 'vitest';
import { copiesInOrder, copyReport, copySummary } from '../../../src/cli/output/copy-report.js';
import { parseModulePath } from '../../../src/module/module-path.js';
import type { CopiedVersion } from '../../../src/transfer/copy-version.js';
import type { CopiedChecksums } from '../../../src/transfer/copy-checksums.js';

const copy = (outcome: CopiedVersion['outcome'], ...problems: string[]): CopiedVersion => ({
  module: parseModulePath('ex.test/m'),
  version: 'v1.0.0',
  outcome,
  added: [],
  faults: problems.map((problem) => ({ part: 'zip', problem })),
});
const sums = (changed: Partial<CopiedChecksums>): CopiedChecksums => ({
  database: 'sum.ex.test',
  added: 0,
  same: 0,
  treeSize: 0,
  faults: [],
  ...changed,
});
const report = (copies: CopiedVersion[], checksums: CopiedChecksums[] = []) =>
  copyReport(copies, checksums, 'imported').split('\n').slice(0, -1);

describe('copiesInOrder', () => {
  it.each([
    ['added', true],
    ['same', true],
    ['incomplete', true],
    ['damaged', false],
    ['different', false],
  ] as const)('with one that is %s: %j', (outcome, isInOrder) => {
    expect(copiesInOrder([copy('added'), copy(outcome)])).toBe(isInOrder);
  });

  it('holds for nothing', () => {
    expect(copiesInOrder([])).toBe(true);
  });
});

it('copySummary counts each outcome, also those that did not come', () => {
  expect(copySummary([copy('added'), copy('added'), copy('damaged')])).toEqual({
    versions: 3,
    added: 2,
    same: 0,
    incomplete: 0,
    damaged: 1,
    different: 0,
  });
});

describe('copyReport', () => {
  it('is one line where all is in order', () => {
    expect(report([])).toEqual(['0 versions: 0 imported, 0 there before']);
    expect(report([copy('added')])).toEqual(['1 version: 1 imported, 0 there before']);
  });

  it('has a line for each fault, and what to do about a difference once', () => {
    expect(
      report([copy('damaged', 'a', 'b'), copy('different', 'c'), copy('different', 'd'), copy('incomplete')]),
    ).toEqual([
      'DAMAGED ex.test/m@v1.0.0: .zip a',
      'DAMAGED ex.test/m@v1.0.0: .zip b',
      'DIFFERENT ex.test/m@v1.0.0: .zip c',
      'DIFFERENT ex.test/m@v1.0.0: .zip d',
      'left out ex.test/m@v1.0.0: its go.mod is not stored, so no build can use it',
      expect.stringMatching(/^ {2}to do: nothing was replaced\./),
      expect.stringMatching(/^ {9}what is damaged there is written again/),
      '4 versions: 0 imported, 0 there before, 1 left out, 1 damaged, 2 different',
    ]);
  });

  it('tells of checksum databases that had something', () => {
    expect(
      report([], [sums({}), sums({ added: 1, same: 2, treeSize: 9 }), sums({ faults: ['a fault'] })]),
    ).toEqual([
      'NOT PROVED sum.ex.test: a fault',
      '0 versions: 0 imported, 0 there before',
      '3 records of sum.ex.test: 1 imported, 2 there before; all proved in its tree of 9',
    ]);
  });
});
