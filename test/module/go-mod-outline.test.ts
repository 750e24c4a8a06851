import { expect, it } from 'vitest';
import { outlineGoMod } from '../../src/module/go-mod-outline.js';

const TEXT = `// A module for tests.
//
// Deprecated: use example.com/m/v2
// instead.
module example.com/m

go 1.22
toolchain go1.22.3

require example.com/a v1.0.0
require (
	example.com/b v1.1.0 // indirect
	example.com/c v1.2.0 // for the tests
	"example.com/d" v1.3.0 // indirect; and more
)

replace example.com/a v1.0.0 => ../a
replace example.com/b => example.com/fork v1.9.0
exclude example.com/c v1.1.9

// published by mistake
retract v1.0.1

retract (
	[v1.1.0, v1.1.9] // broken on Windows
	v1.2.0
)

tool example.com/a/cmd
`;

it('reads what people want to know of a go.mod', () => {
  expect(outlineGoMod(TEXT)).toEqual({
    module: 'example.com/m',
    go: '1.22',
    toolchain: 'go1.22.3',
    deprecated: 'use example.com/m/v2 instead.',
    requires: [
      { path: 'example.com/a', version: 'v1.0.0', isIndirect: false },
      { path: 'example.com/b', version: 'v1.1.0', isIndirect: true },
      { path: 'example.com/c', version: 'v1.2.0', isIndirect: false },
      { path: 'example.com/d', version: 'v1.3.0', isIndirect: true },
    ],
    replaces: [
      { path: 'example.com/a', version: 'v1.0.0', with: '../a', withVersion: undefined },
      { path: 'example.com/b', version: undefined, with: 'example.com/fork', withVersion: 'v1.9.0' },
    ],
    excludes: [{ path: 'example.com/c', version: 'v1.1.9' }],
    retracts: [
      { low: 'v1.0.1', high: 'v1.0.1', rationale: 'published by mistake' },
      { low: 'v1.1.0', high: 'v1.1.9', rationale: 'broken on Windows' },
      { low: 'v1.2.0', high: 'v1.2.0', rationale: '' },
    ],
    tools: ['example.com/a/cmd'],
  });
});

it('takes a deprecation beside the module line, and none from elsewhere', () => {
  expect(outlineGoMod('module m.example/x // Deprecated: gone\n').deprecated).toBe('gone');
  expect(outlineGoMod('// Deprecated: not this\n\nmodule m.example/x\n').deprecated).toBeUndefined();
  expect(outlineGoMod('// This is Deprecated: no\nmodule m.example/x\n').deprecated).toBeUndefined();
});

it('is empty for what is not a go.mod', () => {
  expect(outlineGoMod('require (\n').requires).toEqual([]);
  expect(outlineGoMod('\u0000\u0001').module).toBeUndefined();
});

it('finds the comments of many lines, and reads no further above than a page', () => {
  const lines = Array.from({ length: 10_000 }, (_, i) => `// why ${i}\nretract v1.0.${i}\n`);
  const { retracts } = outlineGoMod(`module m.example/x\n\n${lines.join('\n')}`);
  expect(retracts).toHaveLength(10_000);
  expect(retracts.at(-1)).toEqual({ low: 'v1.0.9999', high: 'v1.0.9999', rationale: 'why 9999' });
  const above = `${'// a line\n'.repeat(10_000)}// Deprecated: it is.\n`;
  const { deprecated, module } = outlineGoMod(`${above}module m.example/x\n`);
  expect([deprecated, module]).toEqual([undefined, 'm.example/x']); // the last line begins no paragraph
});

it('is empty for a go.mod that is too long for people', () => {
  expect(outlineGoMod(`module m.example/x\n${'\n'.repeat(512 * 1024)}`).module).toBeUndefined();
});
