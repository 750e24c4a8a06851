import { describe, expect, it } from 'vitest';
import type { CanonicalVersion } from '../../src/module/version.js';
import type { Comparison } from '../../src/verify/compare-version.js';
import { comparisonReport, fileList, isBad, storedReport } from '../../src/verify/report.js';
import { labModule } from './move-lab.js';

const HOME = ['http://new.corp/m.git'];

function same(version: CanonicalVersion): Comparison {
  return { module: 'my.corp/m', version, verdict: 'same', home: HOME, stored: {} };
}

describe('comparisonReport', () => {
  it.each<{ name: string; versions: CanonicalVersion[]; shown: string }>([
    { name: 'none', versions: [], shown: 'no versions to compare\n' },
    { name: 'one', versions: ['v1.0.0'], shown: '  same          v1.0.0\n1 version of 1 module: 1 same\n' },
    {
      name: 'many',
      versions: ['v1.0.0', 'v1.1.0', 'v1.2.0', 'v1.3.0'],
      shown: '  same          v1.0.0 … v1.3.0 (4 versions)\n4 versions of 1 module: 4 same\n',
    },
  ])('shows $name that are the same in one line', ({ versions, shown }) => {
    const head = versions.length === 0 ? '' : 'my.corp/m -> http://new.corp/m.git\n';
    expect(comparisonReport(versions.map(same), 0)).toBe(head + shown);
  });

  it('says that no rule covers a module, and that a whole module could not be asked about', () => {
    const module: Comparison = {
      module: 'my.corp/m',
      verdict: 'unreachable',
      home: [],
      stored: {},
      cause: 'why',
    };
    expect(comparisonReport([module], 1)).toBe(
      'my.corp/m -> no rule\n  UNREACHABLE\n      cause: why\n1 result taken from the earlier run\n' +
        '0 versions of 1 module: 0 same, 1 out of reach\n',
    );
  });
});

describe('isBad', () => {
  it.each([
    ['same', false],
    ['moved-commit', false],
    ['extra', false],
    ['different', true],
    ['missing', true],
    ['unreachable', true],
  ] as const)('%s: %s', (verdict, bad) => {
    expect(isBad({ ...same('v1.0.0'), verdict })).toBe(bad);
  });
});

describe('fileList', () => {
  it('names five files and counts the others', () => {
    const files = Array.from('abcdefg', (path) => ({ path, change: 'changed' as const }));
    expect(fileList(files)).toBe(
      'a (changed), b (changed), c (changed), d (changed), e (changed), and 2 more',
    );
    expect(fileList(files.slice(0, 1))).toBe('a (changed)');
  });
});

describe('storedReport', () => {
  it('has a line for each file that is not as recorded', () => {
    const faults = [
      { part: 'zip' as const, problem: 'is h1:b=, recorded is h1:a=' },
      { part: 'mod' as const, problem: 'is not the go.mod in the zip' },
    ];
    const text = storedReport([{ module: labModule('m'), version: 'v1.0.0', parts: ['zip'], faults }], []);
    expect(text).toMatch(/^my\.corp\/m@v1\.0\.0: \.zip is h1:b=.*\nmy\.corp\/m@v1\.0\.0: \.mod is not/);
    expect(text).toMatch(/\n1 version of 1 module: 1 not as recorded\n$/);
  });
});
