import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { requiredVersions } from '../../src/transfer/go-mod-versions.js';
import { parseGoSum } from '../../src/transfer/go-sum.js';
import { readRequestList } from '../../src/transfer/request-list.js';
import { tempDir } from '../support/tmp.js';

describe('parseGoSum', () => {
  it('reads the lines of both kinds, whatever the space between', () => {
    const text =
      'ex.test/A v1.0.0 h1:zip=\n\nex.test/A\tv1.0.0/go.mod   h1:mod=\r\nex.test/b/v2 v2.0.0+incompatible h2:x';
    expect(parseGoSum(text, 'go.sum')).toEqual([
      { module: 'ex.test/A', version: 'v1.0.0', kind: 'zip', hash: 'h1:zip=', line: 1 },
      { module: 'ex.test/A', version: 'v1.0.0', kind: 'mod', hash: 'h1:mod=', line: 3 },
      { module: 'ex.test/b/v2', version: 'v2.0.0+incompatible', kind: 'zip', hash: 'h2:x', line: 4 },
    ]);
  });

  it('skips, as go does, the hash that an old go wrote for a missing go.mod', () => {
    const line = 'ex.test/a v1.0.0/go.mod h1:G7mAYYxgmS0lVkHyy2hEOLQCFB0DlQFTMLWggykrydY=\n';
    expect(parseGoSum(line, 'go.sum')).toEqual([]);
  });

  it.each([
    {
      name: 'two fields',
      text: '\nex.test/a v1.0.0\n',
      says: 'x/go.sum:2:1: a line of go.sum has three fields',
    },
    {
      name: 'a branch',
      text: 'ex.test/a main h1:a=\n',
      says: 'x/go.sum:1:11: "main" is not a canonical version',
    },
    {
      name: 'no module',
      text: '  foo v1.0.0 h1:a=\n',
      says: 'x/go.sum:1:3: malformed module path "foo": missing dot',
    },
    {
      name: 'a conflict mark of git',
      text: '<<<<<<< HEAD\n',
      says: 'x/go.sum:1:1: a line of go.sum has three fields (module, version, hash), this one 2',
    },
  ])('names the place of $name', ({ text, says }) => {
    expect(() => parseGoSum(text, 'x/go.sum')).toThrow(says);
  });
});

describe('requiredVersions', () => {
  it('knows require and replace, and lets the other lines be', () => {
    const text = `module ex.test/main // the build

go 1.24.1
toolchain go1.26.8
godebug default=go1.21

require ex.test/one v1.0.0
require (
	ex.test/two/v2 v2.1.0 // indirect
	"ex.test/three" v0.0.0-20240102030405-0123456789ab
	ex.test/four master
	ex.test/five v1.0.0
	ex.test/six v1.0.0
)
replace ex.test/one v1.0.0 => ex.fork/one v1.0.1
replace (
	ex.test/two/v2 v2.0.0 => ./not-this-version
	ex.test/five => ../five
	ex.test/six => ex.fork/six v1.6.0
)
exclude ex.test/one v0.9.0
retract [v1.0.0, v1.1.0]
tool ex.test/one/cmd
`;
    expect(requiredVersions(text, 'go.mod')).toEqual([
      { module: 'ex.fork/one', query: 'v1.0.1' },
      { module: 'ex.test/two/v2', query: 'v2.1.0' },
      { module: 'ex.test/three', query: 'v0.0.0-20240102030405-0123456789ab' },
      { module: 'ex.test/four', query: 'master' },
      { module: 'ex.fork/six', query: 'v1.6.0' },
    ]);
  });

  it.each([
    {
      name: 'an open block',
      text: 'require (\n',
      says: 'x/go.mod:2: syntax error (unterminated block started at ',
    },
    { name: 'no version', text: 'go 1.21\n\n  require ex.test/a\n', says: 'x/go.mod:3:3: usage: require' },
    {
      name: 'no module',
      text: 'require (\n\tfoo v1.0.0\n)\n',
      says: 'x/go.mod:2:2: malformed module path "foo"',
    },
    { name: 'no arrow', text: 'replace ex.test/a ./b\n', says: 'x/go.mod:1: usage: replace' },
    {
      name: 'a replacement that is neither',
      text: 'replace ex.test/a => ex.test/b\n',
      says: 'x/go.mod:1: replacement module without version must be directory path',
    },
  ])('names the place of $name', ({ text, says }) => {
    expect(() => requiredVersions(text, 'x/go.mod')).toThrow(says);
  });
});

describe('readWanted', () => {
  it('asks for each version once, and for the zip only where something needs it', async () => {
    const dir = await tempDir('wanted');
    const [sum, mod] = [path.join(dir, 'go.work.sum'), path.join(dir, 'go.mod')];
    await writeFile(
      sum,
      'ex.test/a v1.0.0/go.mod h1:1=\nex.test/b v1.0.0/go.mod h1:2=\nex.test/b v1.0.0 h1:3=\n',
    );
    await writeFile(mod, 'module m\nrequire ex.test/c v1.0.0\n');
    expect(await readRequestList([sum, mod, 'ex.test/c@latest'])).toEqual([
      {
        module: 'ex.test/a',
        query: 'v1.0.0',
        zip: false,
        sums: [{ kind: 'mod', hash: 'h1:1=', place: `${sum}:1` }],
      },
      {
        ...{ module: 'ex.test/b', query: 'v1.0.0', zip: true },
        sums: [
          { kind: 'mod', hash: 'h1:2=', place: `${sum}:2` },
          { kind: 'zip', hash: 'h1:3=', place: `${sum}:3` },
        ],
      },
      { module: 'ex.test/c', query: 'v1.0.0', zip: true, sums: [] },
      { module: 'ex.test/c', query: 'latest', zip: true, sums: [] },
    ]);
  });

  it.each([
    { arg: 'ex.test/a', says: 'ex.test/a: no version is named' },
    { arg: 'ex.test/a@', says: 'ex.test/a@: no version is named' },
    { arg: 'foo@v1.0.0', says: 'foo@v1.0.0: malformed module path "foo": missing dot' },
    { arg: '/nonexistent/go.sum', says: '/nonexistent/go.sum: the file cannot be read' },
  ])('refuses $arg', async ({ arg, says }) => {
    await expect(readRequestList([arg])).rejects.toMatchObject({
      code: 'CONFIG',
      message: expect.stringContaining(says) as string,
    });
  });
});
