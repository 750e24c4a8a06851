/** What a go.mod may be like and still make a module (facts 2, 7 and 8). */
import { goMod } from '../go-mod-text.js';
import type { ConformanceCase } from '../types.js';

const MiB = 1024 * 1024;

/** Contents of go.mod, by the last element of the module path. */
const CONTENTS: Record<string, string | Uint8Array> = {
  otherpath: goMod('example.org/elsewhere'),
  othermajor: goMod('example.org/elsewhere/v3'),
  block: 'module (\n\texample.com/gomod/block\n)\n',
  bom: `\uFEFF${goMod('example.com/gomod/bom')}`,
  latin1: Buffer.from('module example.com/gomod/latin1 // caf\xe9\n', 'latin1'),
  latin1path: Buffer.from('module example.com/gomod/caf\xe9\n', 'latin1'),
  crlf: goMod('example.com/gomod/crlf').replaceAll('\n', '\r\n'),
  quoted: 'module "example.com/gomod/quoted"\n',
  backquoted: 'module `example.com/gomod/backquoted`\n',
  badquote: 'module "example.com/gomod/badquote\n',
  comment: '// Deprecated: use something else.\nmodule example.com/gomod/comment // trailing\n',
  blockcomment: '/* no such thing */\nmodule example.com/gomod/blockcomment\n',
  twice: 'module example.com/gomod/twice\nmodule example.com/gomod/again\n',
  late: 'go 1.21\n\nrequire example.com/gomod/x v1.0.0\n\nmodule example.com/gomod/late\n',
  syntax: 'module example.com/gomod/syntax\n\nrequire (\n',
  unknown: 'module example.com/gomod/unknown\n\nfrobnicate yes\n',
  notabs: 'module\texample.com/gomod/notabs\t\n',
  glued: 'moduleexample.com/gomod/glued\n',
  upper: 'MODULE example.com/gomod/upper\n',
  empty: '',
  nomodule: 'go 1.21\n',
  nonewline: 'module example.com/gomod/nonewline',
  zerobyte: 'module example.com/gomod/zerobyte\n\0\n',
  malformed: 'module example.com/gomod/../malformed\n',
  gopkg: 'module gopkg.in/gomod.v3\n',
  replaced: goMod(
    'example.com/gomod/replaced',
    'replace example.com/x => ../x',
    'exclude example.com/y v1.0.0',
  ),
  toolchain: goMod(
    'example.com/gomod/toolchain',
    'toolchain go1.21.3',
    'godebug default=go1.21',
    'tool example.com/t',
  ),
  require: goMod('example.com/gomod/require', 'require example.com/gomod/nowhere v1.2.3'),
};

const NEWER = 'module example.com/gomodnewer\n\ngo 1.99\n';

export const goModFileCases: readonly ConformanceCase[] = [
  {
    name: 'go-mod-contents',
    facts: [7],
    build: async (make) => {
      for (const [name, content] of Object.entries(CONTENTS)) {
        const r = await make(name);
        await r.write({ 'go.mod': content, 'a.go': 'package a\n' }).commit('1');
        await r.tag('v1.0.0');
      }
      return undefined;
    },
    rules: Object.fromEntries(
      Object.keys(CONTENTS).map((name) => [`example.com/gomod/${name}`, { repo: name }]),
    ),
    queries: Object.keys(CONTENTS).map((name) => `example.com/gomod/${name}@v1.0.0`),
    lists: ['bom', 'syntax', 'empty'].map((name) => `example.com/gomod/${name}`),
  },
  {
    name: 'go-mod-of-17-mebibytes',
    facts: [6],
    build: async (make) => {
      const start = goMod('example.com/gomodbig');
      const big = await make('big');
      await big.write({ 'go.mod': start + '// comment\n'.repeat(Math.ceil((17 * MiB) / 11)) }).commit('1');
      await big.tag('v1.0.0');
      const fits = await make('fits');
      await fits.write({ 'go.mod': goMod('example.com/gomodfits').padEnd(16 * MiB, '\n') }).commit('1');
      await fits.tag('v1.0.0');
      return undefined;
    },
    rules: { 'example.com/gomodbig': { repo: 'big' }, 'example.com/gomodfits': { repo: 'fits' } },
    queries: ['example.com/gomodbig@v1.0.0', 'example.com/gomodbig@main', 'example.com/gomodfits@v1.0.0'],
    lists: ['example.com/gomodbig'],
  },
  {
    name: 'go-mod-that-is-no-file',
    facts: [2, 4],
    build: async (make) => {
      const link = await make('link');
      await link
        .write({ 'real.mod': goMod('example.com/gomodlink'), a: 'a' })
        .symlink('go.mod', 'real.mod')
        .commit('1');
      await link.tag('v1.0.0');
      const text = await make('text');
      // The blob of this symlink is itself a go.mod.
      await text.symlink('go.mod', 'module example.com/gomodtext\n').write({ a: 'a' }).commit('1');
      await text.tag('v1.0.0');
      const directory = await make('directory');
      await directory.write({ 'go.mod/x': 'x', a: 'a' }).commit('1');
      await directory.tag('v1.0.0');
      await directory.tag('v2.0.0');
      const gitlink = await make('gitlink');
      await gitlink.gitlink('go.mod', '1'.repeat(40)).write({ a: 'a' }).commit('1');
      await gitlink.tag('v1.0.0');
      const upper = await make('upper');
      await upper.write({ 'GO.MOD': goMod('example.com/gomodupper'), a: 'a' }).commit('1');
      await upper.tag('v1.0.0');
      const executable = await make('executable');
      await executable
        .write({ 'go.mod': goMod('example.com/gomodexecutable') })
        .mode('go.mod', '100755')
        .commit('1');
      await executable.tag('v1.0.0');
      return undefined;
    },
    rules: Object.fromEntries(
      ['link', 'text', 'directory', 'gitlink', 'upper', 'executable'].map((name) => [
        `example.com/gomod${name}`,
        { repo: name },
      ]),
    ),
    queries: ['link', 'text', 'directory', 'gitlink', 'upper', 'executable']
      .map((name) => `example.com/gomod${name}@v1.0.0`)
      .concat('example.com/gomoddirectory@v2.0.0'),
    lists: ['example.com/gomodlink', 'example.com/gomoddirectory'],
  },
  {
    // Fact 8: whether a module is too new depends on the Go version of the client, and a server has none.
    name: 'go-mod-wants-newer-go',
    facts: [8],
    build: async (make) => {
      const r = await make('a');
      await r.write({ 'go.mod': NEWER }).commit('1');
      await r.tag('v1.0.0');
      return undefined;
    },
    rules: { 'example.com/gomodnewer': { repo: 'a' } },
    queries: ['example.com/gomodnewer@v1.0.0'],
    lists: ['example.com/gomodnewer'],
    knownDifferences: ['v1.0.0', 'latest'].flatMap((query) =>
      (['http', 'go'] as const).map((of) => ({
        subject: `example.com/gomodnewer@${query}`,
        of,
        is: { Sum: 'h1:LMuKIQs1Iu4NG7YxXa9c4wFAjlZyOMyodM4Vsj3xFUg=' },
        reason: 'whether a module wants too new a go depends on whose go it is; a server has none',
      })),
    ),
  },
];
