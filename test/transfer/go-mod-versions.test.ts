import { describe, expect, it } from 'vitest';
import { requiredVersions } from '../../src/transfer/go-mod-versions.js';

const read = (text: string) =>
  requiredVersions(text, 'dir/go.mod').map(({ module, query }) => `${module}@${query}`);

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
    ['module ex.test/m\ngo 1.22\n', []],
    ['require a.b/c v1.0.0', ['a.b/c@v1.0.0']],
    [
      'require (\n\ta.b/c v1.0.0 // indirect\n\ta.b/d v0.1.0\n)\nrequire e.f/g v2.0.0+incompatible',
      ['a.b/c@v1.0.0', 'a.b/d@v0.1.0', 'e.f/g@v2.0.0+incompatible'],
    ],
    ['require "a.b/c" "v1.0.0"', ['a.b/c@v1.0.0']],
    ['require a.b/c main', ['a.b/c@main']],
    ['exclude a.b/c v1.0.0\nretract v1.0.0\ntool a.b/c\ntoolchain go1.22.1', []],
  ])('%j', (text, versions) => {
    expect(read(text)).toEqual(versions);
  });

  it.each([
    ['replace a.b/c => x.y/z v3.0.0', ['x.y/z@v3.0.0']],
    ['replace a.b/c v1.0.0 => x.y/z v3.0.0', ['x.y/z@v3.0.0']],
    ['replace a.b/c v1.1.0 => x.y/z v3.0.0', ['a.b/c@v1.0.0']],
    ['replace a.b/c => x.y/z v3.0.0\nreplace a.b/c v1.0.0 => x.y/z v4.0.0', ['x.y/z@v4.0.0']],
    ['replace (\na.b/c v1.0.0 => x.y/z v4.0.0\na.b/c => x.y/z v3.0.0\n)', ['x.y/z@v4.0.0']],
    ['replace a.b/c => ../c', []],
    ['replace a.b/c => .', []],
    ['replace a.b/c => /srv/c', []],
    ['replace a.b/c => C:\\c', []],
    ['replace a.b/d => x.y/z v3.0.0', ['a.b/c@v1.0.0']],
  ])('after %j', (replace, versions) => {
    expect(read(`require a.b/c v1.0.0\n${replace}\n`)).toEqual(versions);
    expect(read(`${replace}\nrequire a.b/c v1.0.0\n`)).toEqual(versions);
  });

  it.each([
    ['require a.b/c', 'dir/go.mod:1: usage: require module/path v1.2.3'],
    ['\nrequire a.b/c v1.0.0 v2.0.0', 'dir/go.mod:2: usage: require module/path v1.2.3'],
    [
      'replace a.b/c x.y/z',
      'dir/go.mod:1: usage: replace module/path [v1.2.3] => other/module v1.4 or directory',
    ],
    ['replace => x.y/z v1.0.0', 'dir/go.mod:1: usage: replace'],
    ['replace a.b/c =>', 'dir/go.mod:1: usage: replace'],
    ['replace a.b/c v1 v2 => x.y/z v1.0.0', 'dir/go.mod:1: usage: replace'],
    ['replace a.b/c => x.y/z v1.0.0 v2.0.0', 'dir/go.mod:1: usage: replace'],
    ['replace a.b/c => x.y/z', 'dir/go.mod:1: replacement module without version must be directory path'],
    ['require -x v1.0.0', 'dir/go.mod:1: '],
    // As in go, backquotes are none of its quotes.
    ['require a.b/c `v1.0.0`', 'dir/go.mod:1: invalid quoted string in a.b/c `v1.0.0`'],
    ['require a.b/c ""', 'dir/go.mod:1: invalid quoted string in a.b/c ""'],
  ])('refuses %j: %s', (text, message) => {
    expect(() => read(text)).toThrow(
      expect.objectContaining({
        code: 'CONFIG',
        message: expect.stringMatching(placed(message)) as string,
      }) as Error,
    );
  });

  it.each([
    ['require (\n', 'x/go.mod:2: syntax error (unterminated block started at '],
    ['go 1.21\n\n  require ex.test/a\n', 'x/go.mod:3:3: usage: require'],
    ['require (\n\tfoo v1.0.0\n)\n', 'x/go.mod:2:2: malformed module path "foo"'],
  ])('names the place in %j: %s', (text, says) => {
    expect(() => requiredVersions(text, 'x/go.mod')).toThrow(says);
  });
});

/** The message, with any column. */
function placed(message: string): RegExp {
  const [place = '', ...words] = message.split(': ');
  return new RegExp(
    `^${place.replaceAll('.', '\\.')}(:\\d+)?: ${words.join(': ').replace(/[.[\]"()*+?]/g, '\\$&')}`,
  );
}
