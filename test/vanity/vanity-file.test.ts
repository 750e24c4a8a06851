import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { formatProblem } from '../../src/yaml/problems.js';
import { loadVanity, parseVanity } from '../../src/vanity/vanity-file.js';
import type { VanityMap } from '../../src/vanity/vanity-map.js';
import { messageOf } from '../support/message-of.js';

const FILE = '/etc/modhaven/vanity.yaml';

function parse(text: string, defaultHost = 'goproxy.corp'): VanityMap {
  return parseVanity(text, FILE, { defaultHost });
}

/** What matters of a map, short enough for a table. */
function summary(map: VanityMap): Record<string, string> {
  return Object.fromEntries(
    map.rules.map(({ prefix, sources, subdir }) => [prefix, [sources[0], subdir].join(' ').trim()]),
  );
}

/** The example of the manual. */
const FULL = `host: mycompany.com            # the vanity host of keys that begin with /
cache_max_age: 3600           # seconds, of the ?go-get=1 page
paths:
  /go/foo:                     # prefix
    repo: http://10.10.30.30/go/foo.git
    vcs: git
    display: "http://h http://h/tree{/dir} http://h/blob{/dir}/{file}#L{line}"
    subdir: src
  /go/common: ssh://tonybai@10.10.30.30:29418/go/common      # short form
  /go/{name}: http://10.10.30.30/go/{name}.git               # one path element
  other.corp/lib: { repo: "git@gitlab.mycompany.com:team/lib.git" }
`;

describe('parseVanity', () => {
  it('reads every form', () => {
    const map = parse(FULL);
    expect(summary(map)).toEqual({
      'mycompany.com/go/foo': 'http://10.10.30.30/go/foo.git src',
      'mycompany.com/go/common': 'ssh://tonybai@10.10.30.30:29418/go/common',
      'mycompany.com/go/{name}': 'http://10.10.30.30/go/{name}.git',
      'other.corp/lib': 'ssh://git@gitlab.mycompany.com/team/lib.git',
    });
    expect(map).toMatchObject({
      file: FILE,
      host: 'mycompany.com',
      hostless: false,
      cacheMaxAge: 3600,
      warnings: [],
    });
    expect(map.rules.map(({ key, line, column, isPattern }) => ({ key, line, column, isPattern }))).toEqual([
      { key: '/go/foo', line: 4, column: 3, isPattern: false },
      { key: '/go/common', line: 9, column: 3, isPattern: false },
      { key: '/go/{name}', line: 10, column: 3, isPattern: true },
      { key: 'other.corp/lib', line: 11, column: 3, isPattern: false },
    ]);
  });

  it.each([
    {
      name: 'the file of its README',
      text: `host: example.com
cache_max_age: 3600
paths:
  /foo:
    repo: https://github.com/example/foo
    display: "https://github.com/example/foo https://github.com/example/foo/tree/master{/dir} https://github.com/example/foo/blob/master{/dir}/{file}#L{line}"
    vcs: git
`,
      rules: { 'example.com/foo': 'https://github.com/example/foo' },
    },
    {
      name: 'the file it ships, without a host',
      text: `paths:
  /launchpad:
    repo: https://github.com/rakyll/launchpad

  /portmidi:
    repo: https://github.com/rakyll/portmidi
`,
      rules: {
        'goproxy.corp/launchpad': 'https://github.com/rakyll/launchpad',
        'goproxy.corp/portmidi': 'https://github.com/rakyll/portmidi',
      },
    },
    {
      name: 'a file of its first versions, with rules at the top level',
      text: `/portmidi:
  repo: https://github.com/rakyll/portmidi
  display: https://github.com/rakyll/portmidi _ _
/mygit:
  repo: https://bitbucket.org/zombiezen/mygit
  vcs: git
`,
      rules: {
        'goproxy.corp/portmidi': 'https://github.com/rakyll/portmidi',
        'goproxy.corp/mygit': 'https://bitbucket.org/zombiezen/mygit',
      },
    },
    {
      name: 'rules at the top level beside a host',
      text: 'host: a.corp\n/x: http://h/x\nb.corp/y: http://h/y\n',
      rules: { 'a.corp/x': 'http://h/x', 'b.corp/y': 'http://h/y' },
    },
    {
      name: 'a trailing slash, the root, and upper case in a host',
      text: 'host: A.Corp\npaths:\n  /x/: http://h/x\n  /: http://h/root\n  B.corp/Y: http://h/y\n  c.corp: http://h/c\n',
      rules: {
        'a.corp/x': 'http://h/x',
        'a.corp': 'http://h/root',
        'b.corp/Y': 'http://h/y',
        'c.corp': 'http://h/c',
      },
    },
    {
      name: 'local repositories',
      text: 'host: a.corp\npaths: { /x: ../demo/x.bundle, /y/{n}: "/srv/{n}.git" }\n',
      rules: { 'a.corp/x': 'file:///etc/demo/x.bundle', 'a.corp/y/{n}': 'file:///srv/{n}.git' },
    },
    {
      name: 'a pattern inside braces, without quotes',
      text: 'host: a.corp\npaths: { /x/{n}: { repo: http://h/{n}.git, subdir: go/{n} } }\n',
      rules: { 'a.corp/x/{n}': 'http://h/{n}.git go/{n}' },
    },
    {
      name: 'several repositories',
      text: 'host: a.corp\npaths:\n  /x:\n    repo: [http://h/x, "git@g:x"]\n',
      rules: { 'a.corp/x': 'http://h/x' },
    },
    { name: 'no rules at all', text: 'paths: {}\n', rules: {} },
    { name: 'no rules yet', text: 'host: a.corp\npaths:\n', rules: {} },
  ])('reads $name', ({ text, rules }) => {
    const map = parse(text);
    expect(summary(map)).toEqual(rules);
    expect(map.warnings).toEqual([]);
  });

  it.each([
    { written: 'src', cleaned: 'src' },
    { written: 'src/', cleaned: 'src' },
    { written: './src', cleaned: 'src' },
    { written: 'a/../src//x', cleaned: 'src/x' },
    { written: '.', cleaned: '' },
    { written: '""', cleaned: '' },
  ])('cleans the subdir $written', ({ written, cleaned }) => {
    const { rules } = parse(`host: a.corp\npaths:\n  /x: { repo: http://h/x, subdir: ${written} }\n`);
    expect(rules[0]?.subdir).toBe(cleaned);
  });

  it('finds every mistake in one look, also where a rule cannot be read at all', () => {
    const text = `host: a.corp
cache_max_age: soon
paths:
  /a: ""
  /b: { rep: http://h/b }
  /c: { repo: http://h/c, subdirs: x }
  /d: ftp://h/d
  /e: { vcs: git }
  /f: http://h/f
  /f/: http://h/g
`;
    expect(() => parse(text)).toThrow(
      [
        `${FILE}:2:16: "cache_max_age" must be a number, not text`,
        `${FILE}:4:7: "paths./a" must not be empty`,
        `${FILE}:5:9: unknown key "rep"; did you mean "repo"?`,
        `${FILE}:6:27: unknown key "subdirs"; did you mean "subdir"?`,
        `${FILE}:7:7: bad repository address "ftp://h/d": the scheme "ftp" is unknown`,
      ].join('\n'),
    );
    expect(() => parse(text)).toThrow(
      new RegExp(
        `${FILE}:8:\\d+: "paths./e.repo" must be the address of a repository\n${FILE}:10:3: two rules for one path`,
      ),
    );
  });

  it.each([
    {
      name: 'two rules for one path',
      text: 'host: a.corp\npaths:\n  /x: http://h/x\n  a.corp/x: http://h/y\n',
      message: '4:3: two rules for one path: "a.corp/x" and "/x" on line 3 both stand for a.corp/x',
    },
    {
      name: 'two rules for one path, one with a trailing slash',
      text: 'host: a.corp\npaths:\n  /x: http://h/x\n  /x/: http://h/y\n',
      message: '4:3: two rules for one path: "/x/" and "/x" on line 3 both stand for a.corp/x',
    },
    {
      name: 'two rules for one path, one at the top level',
      text: 'host: a.corp\n/x: http://h/x\npaths:\n  /x: http://h/y\n',
      message: '4:3: two rules for one path: "/x" and "/x" on line 2 both stand for a.corp/x',
    },
    {
      name: 'two patterns of one shape',
      text: 'host: a.corp\npaths:\n  /{a}/x: http://h/{a}\n  /{b}/x: http://h/{b}\n',
      message: '4:3: two rules for one path: "/{b}/x" and "/{a}/x" on line 3 both stand for a.corp/{a}/x',
    },
    {
      name: 'one key twice',
      text: 'host: a.corp\npaths:\n  /x: http://h/x\n  /x: http://h/y\n',
      message: '4:3: the key "/x" is already on line 3',
    },
    {
      name: 'a rule under no host',
      text: 'host: a.corp\npaths:\n  go/x: http://h/x\n',
      message:
        '3:3: "go/x" is under no host; begin it with / (then it belongs to a.corp), or with a host name',
    },
    {
      name: 'a pattern for the host',
      text: 'host: a.corp\npaths:\n  "{h}/x": http://h/x\n',
      message: '3:3: "{h}/x" is under no host',
    },
    {
      name: 'a pattern with a dot for the host',
      text: 'host: a.corp\npaths:\n  "{h}.corp/x": http://h/x\n',
      message: '3:3: bad import path "{h}.corp/x": "{h}.corp" is not a host name',
    },
    {
      name: 'a host with a port in a key',
      text: 'paths:\n  a.corp:80/x: http://h/x\n',
      message:
        '2:3: bad import path "a.corp:80/x": "a.corp:80" is not a host name; write a host without scheme and port',
    },
    {
      name: 'a host that is a URL',
      text: 'host: https://a.corp\npaths:\n',
      message: '1:7: "host" must be a host name such as mycompany.com, without scheme, port and path',
    },
    { name: 'a host with a port', text: 'host: a.corp:8080\n', message: '1:7: "host" must be a host name' },
    { name: 'an empty host', text: 'host: ""\n', message: '1:7: "host" must be a host name' },
    { name: 'a host that is not text', text: 'host: [a]\n', message: '1:7: "host" must be text, not a list' },
    {
      name: 'a negative age',
      text: 'cache_max_age: -1\n',
      message: '1:16: "cache_max_age" must be at least 0',
    },
    {
      name: 'an age with a unit',
      text: 'cache_max_age: 1d\n',
      message: '1:16: "cache_max_age" must be a number, not text',
    },
    {
      name: 'a misspelt key of the file',
      text: 'host: a.corp\npath:\n  /x: http://h/x\n',
      message: '2:1: unknown key "path"; did you mean "paths"?',
    },
    {
      name: 'a misspelt key of a rule',
      text: 'host: a.corp\npaths:\n  /x:\n    rep: http://h/x\n    repo: http://h/x\n',
      message: '4:5: unknown key "rep"; did you mean "repo"?',
    },
    {
      name: 'a misspelt key of a rule at the top level',
      text: '/x:\n  repo: http://h/x\n  sub_dir: y\n',
      message: '3:3: unknown key "sub_dir"; did you mean "subdir"?',
    },
    {
      name: 'a rule without a repository',
      text: 'paths:\n  /x:\n    vcs: git\n',
      message: '2:3: "paths./x.repo" must be the address of a repository',
    },
    {
      name: 'a rule without anything',
      text: 'paths:\n  /x:\n',
      message: '2:3: "paths./x" must be the address of a repository, or a map with the key repo',
    },
    {
      name: 'an empty repository',
      text: 'paths:\n  /x: ""\n',
      message: '2:7: "paths./x" must not be empty',
    },
    {
      name: 'an empty list of repositories',
      text: 'paths:\n  /x: { repo: [] }\n',
      message: '2:15: "paths./x.repo" must not be empty',
    },
    {
      name: 'rules in a list',
      text: 'paths:\n  - /x: http://h/x\n',
      message: '2:3: "paths" must be a map of keys, not a list',
    },
    {
      name: 'a bad URL',
      text: 'paths:\n  /x: gopher://h/x\n',
      message:
        '2:7: bad repository address "gopher://h/x": the scheme "gopher" is unknown; write an http, https, ssh, git',
    },
    {
      name: 'a bad URL in the long form',
      text: 'paths:\n  /x:\n    repo: http://h:99999/x\n',
      message: '3:11: bad repository address "http://h:99999/x": "99999" is not a port',
    },
    {
      name: 'a bad URL in a list',
      text: 'paths:\n  /x:\n    repo:\n      - http://h/x\n      - http://h\n',
      message: '5:9: bad repository address "http://h": it names a host but no repository',
    },
    {
      name: 'a bad URL in a pattern',
      text: 'paths:\n  /{n}: http://h:99999/{n}\n',
      message: '2:9: bad repository address "http://h:99999/{n}": "99999" is not a port',
    },
    {
      name: 'another version control system',
      text: 'paths:\n  /gopdf:\n    repo: https://bitbucket.org/zombiezen/gopdf\n    vcs: cvs\n',
      message: '4:10: unsupported vcs "cvs"; write git, hg, svn, bzr or fossil',
    },
    {
      name: 'a double slash',
      text: 'paths:\n  /x//y: http://h/x\n',
      message: '2:3: bad import path "/x//y": empty path element',
    },
    {
      name: 'an element that leads up',
      text: 'paths:\n  /x/../y: http://h/x\n',
      message: '2:3: bad import path "/x/../y": invalid path element ".."',
    },
    {
      name: 'an element with a leading dot',
      text: 'paths:\n  /.x: http://h/x\n',
      message: '2:3: bad import path "/.x": leading dot in path element',
    },
    {
      name: 'a character that import paths have not',
      text: 'paths:\n  /a b: http://h/x\n',
      message: '2:3: bad import path "/a b": invalid char \' \'',
    },
    {
      name: 'a name that is part of an element',
      text: 'paths:\n  /go-{n}: http://h/{n}\n',
      message: '2:3: bad import path "/go-{n}": "go-{n}": a {name} must be a whole element between slashes',
    },
    {
      name: 'a name twice',
      text: 'paths:\n  /{n}/{n}: http://h/{n}\n',
      message: '2:3: bad import path "/{n}/{n}": {n} stands in it twice',
    },
    {
      name: 'a name with a space',
      text: 'paths:\n  "/{a b}": http://h/x\n',
      message: '2:3: bad import path "/{a b}": {a b}: a name is made of letters, digits and _',
    },
    {
      name: 'a name that takes the rest, not at the end',
      text: 'paths:\n  /{n...}/x: http://h/{n...}\n',
      message:
        '2:3: bad import path "/{n...}/x": {n...} takes all elements that are left, so it must be the last one',
    },
    {
      name: 'a name in the repository only',
      text: 'paths:\n  /{n}: http://h/{m}\n',
      message: '2:9: bad repository address "http://h/{m}": {m} does not stand in the key; the key has {n}',
    },
    {
      name: 'a name in a repository without a pattern',
      text: 'paths:\n  /n: http://h/{n}\n',
      message: '2:7: bad repository address "http://h/{n}": {n} does not stand in the key',
    },
    {
      name: 'a name in the subdir only',
      text: 'paths:\n  /{n}:\n    repo: http://h/{n}\n    subdir: a/{m}\n',
      message: '4:13: bad subdir "a/{m}": {m} does not stand in the key',
    },
    {
      name: 'a name that chooses the host',
      text: 'paths:\n  /{n}: http://{n}/x\n',
      message: '2:9: bad repository address "http://{n}/x": a {name} may stand in the path only',
    },
    {
      name: 'a name that chooses the ssh user',
      text: 'paths:\n  /{n}: "{n}@h:x"\n',
      message: '2:9: bad repository address "{n}@h:x": a {name} may stand in the path only',
    },
    {
      name: 'an absolute subdir',
      text: 'paths:\n  /x: { repo: http://h/x, subdir: /src }\n',
      message: '2:35: bad subdir "/src": it begins with a slash',
    },
    {
      name: 'a subdir with a leading dash',
      text: 'paths:\n  /x: { repo: http://h/x, subdir: -src }\n',
      message: '2:35: bad subdir "-src": it begins with a dash',
    },
    {
      name: 'a subdir with a leading dash once it is cleaned',
      text: 'paths:\n  /x: { repo: http://h/x, subdir: ./-src }\n',
      message: '2:35: bad subdir "./-src": it begins with a dash',
    },
    {
      name: 'a subdir that leads out',
      text: 'paths:\n  /x: { repo: http://h/x, subdir: a/../../b }\n',
      message: '2:35: bad subdir "a/../../b": it leads out of the repository',
    },
    {
      name: 'a subdir with a space',
      text: 'paths:\n  /x: { repo: http://h/x, subdir: a b }\n',
      message: '2:35: bad subdir "a b": it holds a space',
    },
    {
      name: 'a tab',
      text: 'paths:\n\t/x: http://h/x\n',
      message: '2:1: YAML does not allow tabs for indentation; use spaces',
    },
  ])('refuses $name', ({ text, message }) => {
    const expected = `${FILE}:${message}`;
    const [first = '', ...more] = messageOf(() => parse(text)).split('\n');
    expect(first.slice(0, expected.length)).toBe(expected);
    expect(more).toEqual([]);
  });

  it('refuses a path under no host when there is none to take', () => {
    expect(messageOf(() => parse('paths:\n  /x: http://h/x\n', ''))).toBe(
      `${FILE}:2:3: "/x" is under no host; add "host: mycompany.com", or begin the path with a host`,
    );
  });

  it('reports every problem, in the order of the file', () => {
    const text = 'host: a b\npaths:\n  /x: { repo: gopher://h/x, vcs: cvs, subdir: /y }\n  z: http://h/z\n';
    const lines = messageOf(() => parse(text)).split('\n');
    expect(lines.map((line) => line.slice(FILE.length + 1, FILE.length + 6))).toEqual([
      '1:7: ',
      '3:15:',
      '3:34:',
      '3:47:',
      '4:3: ',
    ]);
  });

  it('collects warnings, with positions', () => {
    const text = `host: a.corp
paths:
  /x: ssh://git@10.10.30.30:go/foo.git
  /y:
    repo: https://me:s3cret@h/y.git
  /z/{n}: ssh://git@h:z/{n}.git
`;
    const map = parse(text);
    const lines = map.warnings.map((warning) => formatProblem('v.yaml', warning));
    expect(lines).toEqual([
      expect.stringMatching(
        /^v\.yaml:3:7: .*"git@10\.10\.30\.30:go\/foo\.git".*"ssh:\/\/git@10\.10\.30\.30\/go\/foo\.git"$/,
      ),
      expect.stringMatching(/^v\.yaml:5:11: the address holds a password/),
      expect.stringMatching(/^v\.yaml:6:11: .*"git@h:z\/\{n\}\.git".*"ssh:\/\/git@h\/z\/\{n\}\.git"$/),
    ]);
    expect(lines.join()).not.toContain('s3cret');
    expect(map.rules.map(({ sources }) => sources)).toEqual([
      ['ssh://git@10.10.30.30/go/foo.git'],
      ['https://h/y.git'],
      ['ssh://git@h/z/{n}.git'],
    ]);
  });

  it('warns when the host has no dot, since go takes no such paths', () => {
    const warned = parse('paths:\n  /x: http://h/x\n', 'localhost').warnings;
    expect(warned).toEqual([
      { line: 2, column: 3, message: expect.stringContaining('"localhost", has no dot') as string },
    ]);
    expect(parse('host: go\n/x: http://h/x\n').warnings).toMatchObject([{ line: 1, column: 7 }]);
    expect(parse('paths:\n  a.corp/x: http://h/x\n', 'localhost').warnings).toEqual([]);
  });

  it.each([
    'http://me:s3cret@{n}/x',
    'http://me:s3cret@h:99999/{n}',
    'ssh://me:s3cret@{n}/x',
    'http://me:s3cret@h/{m}',
  ])('hides the secret of %s in its error', (repo) => {
    expect(messageOf(() => parse(`paths:\n  /{n}: ${repo}\n`))).not.toContain('s3cret');
  });

  it('reads 10,000 rules', () => {
    const rules = Array.from({ length: 10_000 }, (_, i) => `  /go/m${i}: http://h/go/m${i}.git\n`).join('');
    const map = parse(`host: a.corp\npaths:\n${rules}`);
    expect(map.rules).toHaveLength(10_000);
    expect(map.rules.at(-1)).toMatchObject({ line: 10_002, column: 3 });
    expect(map.resolve('a.corp/go/m9999/x')?.root).toBe('a.corp/go/m9999');
  });
});

describe('loadVanity', () => {
  it('resolves local paths against the folder of the file', () => {
    const dir = mkdtempSync(join(tmpdir(), 'modhaven-vanity-'));
    writeFileSync(join(dir, 'vanity.yaml'), 'paths:\n  a.corp/x: ./x.git\n');
    const map = loadVanity(join(dir, 'vanity.yaml'), { defaultHost: '' });
    expect(map.resolve('a.corp/x')?.repos[0]?.gitUrl).toBe(join(dir, 'x.git'));
  });

  it('says which file cannot be read', () => {
    expect(messageOf(() => loadVanity('/nowhere/vanity.yaml', { defaultHost: '' }))).toBe(
      '/nowhere/vanity.yaml: the vanity file cannot be read',
    );
  });
});
