import { describe, expect, it } from 'vitest';

import { createCollisionChecker } from '../../../src/module/files/file-collisions.js';
import {
  createSizeChecker,
  describeInvalid,
  NestedModules,
  ZIP_LIMITS,
  ZipJudge,
  type ZipCandidate,
} from '../../../src/module/files/zip-files.js';

/** What becomes of each of `files`; lists are in their order. */
function judgeAll(files: ZipCandidate[], goMod: Buffer | undefined) {
  const modules = new NestedModules();
  for (const file of files) modules.add(file);
  const rules = new ZipJudge(modules, goMod, createCollisionChecker());
  const valid: string[] = [];
  const omitted: { path: string; reason: string }[] = [];
  for (const file of files) {
    const verdict = rules.judge(file);
    if (verdict === 'valid') valid.push(file.path);
    else if (verdict !== 'invalid') omitted.push({ path: file.path, reason: verdict.omitted });
  }
  return { valid, omitted, invalid: rules.invalid };
}

const VENDORED = 'file is in vendor directory';
const OTHER_MODULE = 'file is in another module';
const SYMLINK = 'file is a symbolic link';

interface Row {
  name: string;
  /** Paths of regular files; `@path` is a symbolic link, `|path` another irregular file. */
  files: string[];
  goMod?: string;
  valid?: string[];
  omitted?: Record<string, string>;
  invalid?: Record<string, string>;
}

const ROWS: Row[] = [
  { name: 'nothing', files: [] },
  {
    name: 'ordinary files',
    files: ['go.mod', 'a.go', '.git/x', 'testdata/b'],
    valid: ['go.mod', 'a.go', '.git/x', 'testdata/b'],
  },
  {
    name: 'vendored packages before 1.24',
    goMod: 'go 1.23\n',
    files: [
      'vendor/modules.txt',
      'vendor/p.go',
      'vendor/p/p.go',
      'a/vendor/p.go',
      'a/vendor/p/p.go',
      'vendor',
    ],
    valid: ['vendor/modules.txt', 'vendor/p.go'],
    omitted: { 'vendor/p/p.go': VENDORED, 'a/vendor/p.go': VENDORED, 'a/vendor/p/p.go': VENDORED },
    invalid: { vendor: 'entry "vendor" is both a file and a directory' },
  },
  {
    name: 'vendored packages since 1.24',
    goMod: 'go 1.24rc1\n',
    files: ['vendor/modules.txt', 'vendor/p.go', 'vendor/p/p.go', 'a/vendor/p.go', 'a/vendor/p/p.go'],
    valid: ['vendor/p.go', 'a/vendor/p.go'],
    omitted: { 'vendor/modules.txt': VENDORED, 'vendor/p/p.go': VENDORED, 'a/vendor/p/p.go': VENDORED },
  },
  {
    name: 'vendored packages without a go line',
    goMod: 'module m\ntoolchain go1.25.0\n',
    files: ['vendor/modules.txt', 'a/vendor/p.go'],
    valid: ['vendor/modules.txt'],
    omitted: { 'a/vendor/p.go': VENDORED },
  },
  {
    name: 'vendored packages with a go.mod file that does not parse',
    goMod: 'go 1.24\nrequire x\n',
    files: ['vendor/modules.txt'],
    valid: ['vendor/modules.txt'],
  },
  {
    name: 'vendored packages in a directory with a similar name',
    goMod: 'go 1.24\n',
    files: ['Vendor/p/p.go', 'xvendor/p/p.go', 'vendored/p/p.go'],
    valid: ['Vendor/p/p.go', 'xvendor/p/p.go', 'vendored/p/p.go'],
  },
  {
    name: 'another module below',
    files: ['a/b.go', 'sub/go.mod', 'sub/a.go', 'sub/deep/a.go', 'submarine/a.go'],
    valid: ['a/b.go', 'submarine/a.go'],
    omitted: { 'sub/go.mod': OTHER_MODULE, 'sub/a.go': OTHER_MODULE, 'sub/deep/a.go': OTHER_MODULE },
  },
  {
    name: 'another module below that is not written in lower case',
    files: ['sub/GO.Mod', 'sub/a.go'],
    omitted: { 'sub/GO.Mod': OTHER_MODULE, 'sub/a.go': OTHER_MODULE },
  },
  {
    name: 'a go.mod file below that is not a file',
    files: ['@sub/go.mod', 'sub/a.go', '|other/go.mod', 'dir/go.mod/x'],
    valid: ['sub/a.go', 'dir/go.mod/x'],
    omitted: { 'sub/go.mod': SYMLINK, 'other/go.mod': 'not a regular file' },
  },
  {
    name: 'a root go.mod file that is not in lower case',
    files: ['Go.mod'],
    invalid: { 'Go.mod': 'go.mod files must have lowercase names' },
  },
  {
    name: 'the file of hg archive',
    files: ['.hg_archival.txt', 'a/.hg_archival.txt'],
    valid: ['a/.hg_archival.txt'],
    omitted: { '.hg_archival.txt': "file is inserted by 'hg archive' and is always omitted" },
  },
  {
    name: 'a name that is refused',
    files: ['a²', 'ok'],
    valid: ['ok'],
    invalid: { 'a²': 'malformed file path "a²": invalid char \'²\'' },
  },
  {
    name: 'a symbolic link with a name that is refused',
    files: ['@aux'],
    invalid: { aux: 'malformed file path "aux": "aux" disallowed as path element component on Windows' },
  },
  {
    name: 'left-out files with names that are refused',
    files: ['vendor/p/a²', 'sub/go.mod', 'sub/aux'],
    omitted: { 'vendor/p/a²': VENDORED, 'sub/go.mod': OTHER_MODULE, 'sub/aux': OTHER_MODULE },
  },
  {
    name: 'two files that differ in case',
    files: ['a.go', 'A.go'],
    valid: ['a.go'],
    invalid: { 'A.go': 'case-insensitive file name collision: "a.go" and "A.go"' },
  },
  {
    name: 'two files that differ in case outside of ASCII',
    files: ['dir/É', 'dir/é'],
    valid: ['dir/É'],
    invalid: { 'dir/é': 'case-insensitive file name collision: "dir/É" and "dir/é"' },
  },
  {
    name: 'two directories that differ in case, for each of their files',
    files: ['dir/a', 'Dir/b', 'Dir/sub/c'],
    valid: ['dir/a'],
    invalid: {
      'Dir/b': 'case-insensitive file name collision: "dir" and "Dir"',
      'Dir/sub/c': 'case-insensitive file name collision: "dir" and "Dir"',
    },
  },
  {
    name: 'a symbolic link beside a file that differs in case',
    files: ['@a.go', 'A.go'],
    omitted: { 'a.go': SYMLINK },
    invalid: { 'A.go': 'case-insensitive file name collision: "a.go" and "A.go"' },
  },
  {
    name: 'left-out files that differ in case',
    files: ['vendor/p/a', 'vendor/p/A', 'license', 'LICENSE2'],
    valid: ['license', 'LICENSE2'],
    omitted: { 'vendor/p/a': VENDORED, 'vendor/p/A': VENDORED },
  },
  {
    name: 'a file that is also a directory',
    files: ['a', 'a/b'],
    valid: ['a'],
    invalid: { 'a/b': 'entry "a" is both a file and a directory' },
  },
  { name: 'a file twice', files: ['a', 'a'], valid: ['a'], invalid: { a: 'multiple entries for file "a"' } },
  { name: 'a name that is not clean', files: ['a//b'], invalid: { 'a//b': 'file path is not clean' } },
  { name: 'a name that is not relative', files: ['/a'], invalid: { '/a': 'file path is not relative' } },
  {
    name: 'a name that leads out',
    files: ['../a'],
    invalid: { '../a': 'malformed file path "../a": invalid path element ".."' },
  },
];

describe('ZipJudge', () => {
  it.each(ROWS)('decides about $name', ({ files, goMod, valid = [], omitted = {}, invalid = {} }) => {
    const selection = judgeAll(files.map(candidate), goMod === undefined ? undefined : Buffer.from(goMod));
    expect(selection.valid).toEqual(valid);
    expect(selection.omitted).toEqual(problems(omitted));
    expect(selection.invalid).toEqual(problems(invalid));
  });
});

describe('describeInvalid', () => {
  it('is empty if nothing is invalid', () => {
    expect(describeInvalid({ invalid: [] })).toBe('');
  });

  it('names three files and how many more there are', () => {
    const selection = judgeAll(['a?', 'b?', 'c?', 'd?', 'e?'].map(candidate), undefined);
    expect(describeInvalid(selection)).toBe(
      [
        `a?: malformed file path "a?": invalid char '?'`,
        `b?: malformed file path "b?": invalid char '?'`,
        `c?: malformed file path "c?": invalid char '?'`,
        'and 2 more',
      ].join('\n'),
    );
  });

  it('names exactly three without a remainder', () => {
    const selection = judgeAll(['a?', 'b?', 'c?'].map(candidate), undefined);
    expect(describeInvalid(selection).split('\n')).toHaveLength(3);
  });

  it('keeps a file name with a line break on one line', () => {
    const selection = judgeAll([candidate('a\nb')], undefined);
    expect(describeInvalid(selection)).toBe(String.raw`a\nb: malformed file path "a\nb": invalid char '\n'`);
  });
});

describe('createSizeChecker', () => {
  it.each([
    {
      name: 'all files together',
      files: [
        ['a', ZIP_LIMITS.zip - 1],
        ['b', 1],
      ] as const,
    },
    { name: 'go.mod', files: [['go.mod', ZIP_LIMITS.goMod]] as const },
    { name: 'LICENSE', files: [['LICENSE', ZIP_LIMITS.license]] as const },
    {
      name: 'other files of these names',
      files: [
        ['a/LICENSE', ZIP_LIMITS.license + 1],
        ['a/go.mod', ZIP_LIMITS.goMod + 1],
      ] as const,
    },
  ])('takes the largest possible size of $name', ({ files }) => {
    const checker = createSizeChecker();
    expect(() => files.forEach(([path, size]) => checker.add(path, size))).not.toThrow();
  });

  it.each([
    {
      name: 'all files together',
      files: [
        ['a', ZIP_LIMITS.zip],
        ['b', 1],
      ] as const,
      message: 'module source tree too large (max size is 524288000 bytes)',
    },
    {
      name: 'go.mod',
      files: [['go.mod', ZIP_LIMITS.goMod + 1]] as const,
      message: 'go.mod file too large (max size is 16777216 bytes)',
    },
    {
      name: 'LICENSE',
      files: [['LICENSE', ZIP_LIMITS.license + 1]] as const,
      message: 'LICENSE file too large (max size is 16777216 bytes)',
    },
  ])('refuses one byte more of $name', ({ files, message }) => {
    const checker = createSizeChecker();
    expect(() => files.forEach(([path, size]) => checker.add(path, size))).toThrow(
      expect.objectContaining({ code: 'MODULE_INVALID', message }),
    );
  });
});

function candidate(spec: string): ZipCandidate {
  if (spec.startsWith('@')) {
    return { path: spec.slice(1), mode: 'symlink' };
  }
  return spec.startsWith('|') ? { path: spec.slice(1), mode: 'other' } : { path: spec, mode: 'regular' };
}

function problems(reasons: Record<string, string>): { path: string; reason: string }[] {
  return Object.entries(reasons).map(([path, reason]) => ({ path, reason }));
}
