/** Names of files in a repository: which ones a zip takes, which it leaves out, and which make it impossible. */
import type { GitRepo } from '../../support/git/git-repo.js';
import type { RawTreeEntry } from '../../support/git/raw-tree.js';
import { goMod } from '../go-mod-text.js';
import { files, tableCase, type Fill } from '../one-version.js';
import type { ConformanceCase } from '../types.js';

/** Empty files of these names. */
function names(...list: string[]): Fill {
  return files(Object.fromEntries(list.map((name) => [name, name])));
}

/** A tree object with these entries and a go.mod, written unchecked. */
function rawEntries(make: (r: GitRepo) => Promise<RawTreeEntry[]> | RawTreeEntry[]): Fill {
  return async (r, path) =>
    r.rawTree([...(await make(r)), { mode: '100644', name: 'go.mod', content: { data: goMod(path) } }]);
}

/** The same with regular files of these names. */
function rawNames(...list: (string | Uint8Array)[]): Fill {
  return rawEntries(() => list.map((name) => ({ mode: '100644', name, content: { data: 'x' } })));
}

/** A directory of this name with a file in it. */
function rawDirectory(name: string, file = 'config'): Fill {
  return rawEntries(async (r) => {
    const hash = await r.rawTree([{ mode: '100644', name: file, content: { data: 'x' } }]);
    return [{ mode: '40000', name, content: { hash } }];
  });
}

const LONG = 'abcdefghij'.repeat(9);

export const fileNameCases: readonly ConformanceCase[] = [
  tableCase({
    name: 'good-names',
    facts: [4, 5],
    rows: {
      signs: names(
        'a b.go',
        ' lead',
        'trail ',
        '!#$%&()+,-.=@[]^_{}~',
        '-dash',
        '~tilde~1',
        'a..b',
        '...a',
        '@v/list',
        '{a,b}',
        'tab le',
      ),
      scripts: names(
        'größe.go',
        '日本語.go',
        'Ελληνικά.go',
        'кириллица.go',
        'عربي.go',
        'עברית.go',
        'ไทย',
        '한국어',
        'ªº',
        'ǅ',
        '𝒳',
        'ꜰ',
      ),
      dots: names(
        '.gitignore',
        '.gitmodules',
        '.hidden/x',
        '.git-x/y',
        'a/.gitkeep',
        '.gitx',
        'x.git/y',
        '.GITATTRIBUTE',
      ),
      'other-systems': names(
        '.hg/x',
        '.svn/entries',
        '.bzr/x',
        'CVS/Entries',
        '_darcs/x',
        '.hg_archival.txt',
        'p/.hg_archival.txt',
        '.HG_archival.txt',
      ),
      'long-names': names(
        `${LONG}1.go`,
        `${LONG}1234567890`,
        `${LONG}1234567890.go`,
        `${LONG}/${LONG}/x.go`,
        `${'d/'.repeat(120)}x.go`,
        `${LONG}/${LONG}/${LONG}/${LONG}/x.go`,
        `${'ä'.repeat(120)}/${'ö'.repeat(120)}.go`,
        'x'.repeat(255),
        `${`${'deep'.repeat(20)}/`.repeat(20)}x.go`,
      ),
      'devices-or-not': names(
        'auxiliary.go',
        'con1',
        'com0',
        'com10',
        'lpt',
        'prn-x',
        'x.aux',
        'x/y.con',
        'conin$',
        'com',
      ),
      'letters-that-do-not-fold': names('ß', 'ss', 'ı', 'i', 'ﬁ', 'fi', 'µ-1', 'ÿ', 'é', 'e', 'ǰ', 'j'),
      'unfortunate-directories': names(
        'vendorx/a.go',
        'vendor.go',
        'testdata/a.go',
        '_x/a.go',
        'go.mod.bak',
        'go.modx/a',
        'xgo.mod',
      ),
    },
  }),
  tableCase({
    name: 'bad-names',
    facts: [4],
    rows: {
      emoji: names('😀.go'),
      nfd: names('u\u0308.go'),
      superscript: names('m².go'),
      arrow: names('a→b.go'),
      'arabic-digit': names('١.go'),
      device: names('aux'),
      'device-with-ending': names('Aux.tar.gz'),
      'device-directory': names('con/x.go'),
      'device-with-digit': names('p/COM1.go'),
      'trailing-dot': names('a.'),
      'trailing-dot-directory': names('a./b'),
      'three-dots': names('.../b'),
      newline: names('a\nb'),
      backslash: names('a\\b'),
      colon: names('a:b'),
      'double-quote': names('a"b'),
      'single-quote': names("a'b"),
      star: names('a*b'),
      'question-mark': names('a?b'),
      bar: names('a|b'),
      less: names('a<b'),
      semicolon: names('a;b'),
      backquote: names('a`b'),
      tab: names('a\tb'),
      delete: names('a\u007fb'),
      'next-line': names('a\u0085b'),
      'no-break-space': names('a\u00a0b'),
      'byte-order-mark': names('\ufeffa.go'),
      joiner: names('a\u200db'),
      'right-to-left': names('a\u202eb'),
      'private-use': names('a\ue000b'),
      'replacement-character': names('a\ufffdb'),
      'not-utf-8': rawNames(Buffer.from([0x61, 0xff, 0x62])),
      latin1: rawNames(Buffer.from('gr\xf6\xdfe.go', 'latin1')),
      surrogate: rawNames(Buffer.from([0xed, 0xa0, 0x80])),
      'overlong-slash': rawNames(Buffer.from([0x61, 0xc0, 0xaf, 0x62])),
      'many-at-once': names('a:b', 'c:d', 'e:f', 'g:h', 'i:j'),
    },
  }),
  tableCase({
    name: 'collisions',
    facts: [4],
    rows: {
      files: names('A.go', 'a.go'),
      directories: names('P/x.go', 'p/y.go'),
      'file-and-directory': names('P', 'p/y.go'),
      deep: names('a/b/C/d', 'a/b/c/e'),
      kelvin: names('K', 'k'),
      'long-s': names('ſ', 's'),
      'sharp-s': names('ẞ', 'ß'),
      sigma: names('σ', 'ς'),
      umlaut: names('Ä.go', 'ä.go'),
      'title-case': names('ǅ', 'ǆ'),
      omega: names('Ω', 'ω'),
      micro: names('µ', 'μ'),
      astral: names('𐐀', '𐐨'),
      dotless: names('İ', 'i', 'ı', 'I2'),
      'not-in-vendor': names('vendor/p/A.go', 'vendor/p/a.go', 'b.go'),
      'not-in-other-module': files({
        'other/go.mod': 'module x\n',
        'other/A': '',
        'other/a': '',
        'other/aux': '',
        'other/b:c': '',
      }),
      'vendor-and-not': names('Vendor/p/a.go', 'vendor/p/a.go'),
      'go-mod': (r, path) => void r.write({ 'go.mod': goMod(path), 'Go.mod': '' }),
    },
  }),
  tableCase({
    name: 'links',
    facts: [2, 4],
    rows: {
      symlinks: (r, path) => {
        r.write({ 'go.mod': goMod(path), 'a.go': 'package a\n', 'p/b.go': '' });
        r.symlink('file', 'a.go')
          .symlink('dir', 'p')
          .symlink('outside', '/etc/passwd')
          .symlink('up', '../../x');
        r.symlink('dangling', 'nothing').symlink('itself', 'itself').symlink('p/c.go', '../a.go');
      },
      'symlink-device': (r, path) => void r.write({ 'go.mod': goMod(path) }).symlink('aux', 'x'),
      'symlink-bad-name': (r, path) => void r.write({ 'go.mod': goMod(path) }).symlink('a:b', 'x'),
      'symlink-collision': (r, path) =>
        void r.write({ 'go.mod': goMod(path), 'a.go': '' }).symlink('A.go', 'a.go'),
      'symlink-in-vendor': (r, path) => void r.write({ 'go.mod': goMod(path) }).symlink('vendor/p/aux', 'x'),
      'symlink-long-target': (r, path) =>
        void r.write({ 'go.mod': goMod(path), a: 'a' }).symlink('l', `${LONG}/${LONG}`),
      gitlinks: (r, path) => {
        r.write({ 'go.mod': goMod(path), 'a.go': '', 'p/b.go': '' });
        r.gitlink('sub', '1'.repeat(40))
          .gitlink('p/sub', '2'.repeat(40))
          .gitlink('aux', '3'.repeat(40))
          .gitlink('A.go', '4'.repeat(40));
      },
      'gitlink-go-mod': (r, path) =>
        void r.write({ 'go.mod': goMod(path), 'p/a.go': '' }).gitlink('p/go.mod', '1'.repeat(40)),
      modes: (r, path) => {
        r.write({ 'go.mod': goMod(path), 'run.sh': '#!/bin/sh\n', 'a.go': '' })
          .mode('run.sh', '100755')
          .mode('go.mod', '100755');
      },
      'old-modes': rawEntries(() =>
        ['100664', '100600', '100777', '0100644'].map((mode, i) => ({
          mode,
          name: `f${i}`,
          content: { data: 'x' },
        })),
      ),
    },
  }),
  tableCase({
    name: 'hostile-trees',
    facts: [5],
    rows: {
      'dot-git': rawDirectory('.git'),
      'dot-git-capitals': rawDirectory('.GIT'),
      'dot-git-file': rawNames('.git'),
      'dot-git-short': rawDirectory('git~1'),
      'dot-git-space': rawDirectory('.git '),
      'dot-git-ignorable': rawDirectory('.g\u200cit'),
      'dot-dot': rawDirectory('..'),
      'dot-dot-file': rawNames('..'),
      dot: rawDirectory('.'),
      'dot-file': rawNames('.'),
      slash: rawNames('a/b'),
      'leading-slash': rawNames('/etc'),
      'nested-dot-git': rawEntries(async (r) => {
        const git = await r.rawTree([{ mode: '100644', name: 'config', content: { data: 'x' } }]);
        const hash = await r.rawTree([{ mode: '40000', name: '.git', content: { hash: git } }]);
        return [{ mode: '40000', name: 'deep', content: { hash } }];
      }),
      twice: rawNames('a', 'a'),
      'file-and-directory': rawEntries(async (r) => {
        const hash = await r.rawTree([{ mode: '100644', name: 'x', content: { data: 'x' } }]);
        return [
          { mode: '100644', name: 'a', content: { data: 'x' } },
          { mode: '40000', name: 'a', content: { hash } },
        ];
      }),
      unsorted: rawNames('z', 'b', 'a'),
      'symlinked-attributes': rawEntries(() => [
        { mode: '120000', name: '.gitmodules', content: { data: 'x' } },
      ]),
      // The module itself is clean, but git reads the whole tree.
      elsewhere: {
        root: false,
        modules: ['sub'],
        fill: async (r, path) => {
          const sub = await r.rawTree([
            { mode: '100644', name: 'go.mod', content: { data: goMod(`${path}/sub`) } },
          ]);
          return r.rawTree([
            { mode: '40000', name: '.git', content: { hash: sub } },
            { mode: '40000', name: 'sub', content: { hash: sub } },
          ]);
        },
      },
    },
  }),
];
