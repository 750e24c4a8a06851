import { describe, expect, it } from 'vitest';
import { createZipEntryChecker } from '../../../src/module/files/zip-entries.js';

const MIB = 1024 * 1024;

describe('createZipEntryChecker', () => {
  const rows: { name: string; entries: [name: string, size: number][]; says?: string }[] = [
    {
      name: 'ordinary files',
      entries: [
        ['ex.test/m@v1.0.0/go.mod', 10],
        ['ex.test/m@v1.0.0/sub/a.go', 20],
        ['ex.test/m@v1.0.0/', 0],
        ['ex.test/m@v1.0.0/empty/', 0],
      ],
    },
    {
      name: 'another version',
      entries: [['ex.test/m@v1.0.1/a.go', 1]],
      says: 'it holds ex.test/m@v1.0.1/a.go',
    },
    {
      name: 'a way out',
      entries: [['ex.test/m@v1.0.0/../../etc/passwd', 1]],
      says: '../../etc/passwd: malformed file path "../../etc/passwd": invalid path element ".."',
    },
    {
      name: 'an empty element',
      entries: [['ex.test/m@v1.0.0/a//b.go', 1]],
      says: 'a//b.go: file path is not clean',
    },
    {
      name: 'a name that Windows has for itself',
      entries: [['ex.test/m@v1.0.0/aux.go', 1]],
      says: 'aux.go: malformed file path "aux.go": "aux" disallowed as path element component on Windows',
    },
    {
      name: 'names that differ in case only',
      entries: [
        ['ex.test/m@v1.0.0/README', 1],
        ['ex.test/m@v1.0.0/readme', 1],
      ],
      says: 'readme: case-insensitive file name collision: "README" and "readme"',
    },
    {
      name: 'a go.mod file of another module',
      entries: [['ex.test/m@v1.0.0/sub/go.mod', 1]],
      says: 'sub/go.mod: go.mod file not in module root directory',
    },
    {
      name: 'a go.mod file in capitals',
      entries: [['ex.test/m@v1.0.0/GO.MOD', 1]],
      says: 'GO.MOD: go.mod files must have lowercase names',
    },
    {
      name: 'too much',
      entries: [
        ['ex.test/m@v1.0.0/a', 400 * MIB],
        ['ex.test/m@v1.0.0/b', 101 * MIB],
      ],
      says: 'module source tree too large',
    },
  ];
  it.each(rows)('judges $name as go does', ({ entries, says }) => {
    const check = createZipEntryChecker('ex.test/m@v1.0.0');
    const judge = () => entries.forEach(([name, size]) => check(name, size));
    if (says === undefined) expect(judge).not.toThrow();
    else expect(judge).toThrow(says);
  });
});
