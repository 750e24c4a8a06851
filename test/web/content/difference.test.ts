import { expect, it } from 'vitest';
import { outlineGoMod } from '../../../src/module/go-mod-outline.js';
import { fileChanges, requirementChanges } from '../../../src/web/content/difference.js';

it('tells files that came, went and changed', () => {
  const before = [
    { name: 'same.go', size: 1, crc: 1 },
    { name: 'gone.go', size: 2, crc: 2 },
    { name: 'edited.go', size: 3, crc: 3 },
  ];
  const after = [
    { name: 'new.go', size: 4, crc: 4 },
    { name: 'edited.go', size: 3, crc: 9 },
    { name: 'same.go', size: 1, crc: 1 },
  ];
  expect(fileChanges(before, after)).toEqual([
    { file: 'edited.go', kind: 'changed', before: 3, after: 3 },
    { file: 'gone.go', kind: 'removed', before: 2, after: undefined },
    { file: 'new.go', kind: 'added', before: undefined, after: 4 },
  ]);
  expect(fileChanges(after, after)).toEqual([]);
});

it('tells requirements that came, went and changed', () => {
  const outline = (lines: string) => outlineGoMod(`module m.example/m\nrequire (\n${lines}\n)\n`);
  const before = outline('a.example/a v1.0.0\nb.example/b v1.0.0\nc.example/c v1.0.0');
  const after = outline('a.example/a v1.0.0\nb.example/b v1.1.0\nd.example/d v1.0.0');
  expect(requirementChanges(before, after)).toEqual([
    { path: 'b.example/b', before: 'v1.0.0', after: 'v1.1.0' },
    { path: 'c.example/c', before: 'v1.0.0', after: undefined },
    { path: 'd.example/d', before: undefined, after: 'v1.0.0' },
  ]);
});
