/** Attributes that change the bytes of a zip: it is made of what `git archive` prints. */
import { goMod } from '../go-mod-text.js';
import { files, tableCase, type Fill, type Row } from '../one-version.js';
import type { ConformanceCase } from '../types.js';

const LF = 'package a\n\nvar x = 1\n';
const CRLF = 'package a\r\n\r\nvar x = 1\r\n';

/** One file of each kind that line-ending conversion tells apart. */
const KINDS = {
  'lf.go': LF,
  'crlf.go': CRLF,
  'mixed.go': 'one\ntwo\r\nthree\n',
  'cr.go': 'one\rtwo\r',
  'zero.bin': 'one\0\ntwo\n',
  'zero-crlf.bin': 'one\0\r\ntwo\r\n',
  'noeol.txt': 'one\ntwo',
  'control.dat': `\x01\x02\x03\n${'\x04\n'.repeat(50)}`,
  'ctrl-z.txt': 'one\n\x1a',
  'empty.txt': '',
};

/** The files of all kinds under these attributes. */
function attributes(...lines: string[]): Fill {
  return files({ ...KINDS, '.gitattributes': `${lines.join('\n')}\n` });
}

/** The same in a repository whose module lies in `sub`. */
function inSub(rootFiles: Record<string, string>, subFiles: Record<string, string> = {}): Row {
  return {
    root: false,
    modules: ['sub'],
    fill: (r, path) => {
      r.write({ LICENSE: 'one\ntwo\n', ...rootFiles });
      for (const [name, content] of Object.entries({
        ...KINDS,
        'go.mod': goMod(`${path}/sub`),
        ...subFiles,
      })) {
        r.write({ [`sub/${name}`]: content });
      }
    },
  };
}

const IDENT = {
  'plain.go': '// $Id$\n',
  'old.go': '// $Id: 0123456789abcdef $\n// $Id: foreign and long text $ $Id$\n',
  'none.go': '// $id$ $Id $Id:$\n',
  'crlf.go': '// $Id$\r\n',
};

const UMLAUTS = 'Größe → nein\n';

export const attributeCases: readonly ConformanceCase[] = [
  tableCase({
    name: 'line-endings',
    facts: [1, 2],
    rows: {
      none: files(KINDS),
      'eol-crlf': attributes('* eol=crlf'),
      'eol-lf': attributes('* eol=lf'),
      text: attributes('* text'),
      'text-auto': attributes('* text=auto'),
      'text-auto-eol-crlf': attributes('* text=auto eol=crlf'),
      'text-auto-eol-lf': attributes('* text=auto eol=lf'),
      'text-eol-crlf': attributes('* text eol=crlf'),
      'no-text': attributes('* -text eol=crlf'),
      binary: attributes('* eol=crlf', '*.go binary'),
      'old-names': attributes('*.go crlf', '*.txt -crlf', '*.bin crlf=input'),
      'unknown-values': attributes('* text=maybe eol=cr'),
      others: attributes('* diff=golang merge=union -delta whitespace=fix linguist-generated custom=x'),
    },
  }),
  tableCase({
    name: 'attribute-files',
    facts: [1, 2],
    rows: {
      nested: files({
        '.gitattributes': '* eol=crlf\n',
        'a.go': LF,
        'p/.gitattributes': '*.go eol=lf\n',
        'p/a.go': LF,
        'p/a.txt': LF,
        'p/q/a.go': CRLF,
        'p/q/.gitattributes': '*.go !eol\n',
        'r/.gitattributes': '* -text\n',
        'r/a.go': LF,
      }),
      patterns: files({
        '.gitattributes':
          'a/*.go eol=crlf\n/b.go eol=crlf\nc/** eol=crlf\n**/d.go eol=crlf\n*.GO eol=crlf\n"with space.go" eol=crlf\n' +
          'e/ eol=crlf\n[fg].go eol=crlf\n# *.txt eol=crlf\n!h.go eol=crlf\n\\#i.go eol=crlf\n"\\303\\266.go" eol=crlf\n',
        ...Object.fromEntries(
          [
            'a/x.go',
            'a/b/x.go',
            'b.go',
            'x/b.go',
            'c/x/y.go',
            'd.go',
            'x/d.go',
            'x.GO',
            'with space.go',
            'e/x.go',
          ]
            .concat(['f.go', 'g.go', 'h.go', '#i.go', 'ö.go', 'j.txt'])
            .map((name) => [name, LF]),
        ),
      }),
      macro: files({ '.gitattributes': '[attr]dos text eol=crlf\n*.go dos\n', 'a.go': LF, 'b.txt': LF }),
      'macro-below': files({
        'p/.gitattributes': '[attr]dos text eol=crlf\n*.go dos\n',
        'p/a.go': LF,
        'a.go': LF,
      }),
      'macro-redefined': files({ '.gitattributes': '[attr]binary text eol=crlf\n*.go binary\n', 'a.go': LF }),
      'macro-of-macro': files({ '.gitattributes': '[attr]a text\n[attr]b a eol=crlf\n*.go b\n', 'a.go': LF }),
      'crlf-file': files({
        '.gitattributes': '*.go eol=crlf\r\n*.txt eol=crlf\r\n',
        'a.go': LF,
        'b.txt': LF,
      }),
      'mark-file': files({
        '.gitattributes': '\ufeff*.go eol=crlf\n*.txt eol=crlf\n',
        'a.go': LF,
        'b.txt': LF,
      }),
      'overlong-line': files({ '.gitattributes': `${'x'.repeat(2100)} eol=crlf\n* eol=crlf\n`, 'a.go': LF }),
      'no-line-end': files({ '.gitattributes': '*.go eol=crlf', 'a.go': LF }),
      symlink: (r, path) => {
        r.write({ 'go.mod': goMod(path), 'a.go': LF, attributes: '* eol=crlf\n' }).symlink(
          '.gitattributes',
          'attributes',
        );
      },
      directory: files({ '.gitattributes/x': '* eol=crlf\n', 'a.go': LF }),
      'other-case': files({ '.GitAttributes': '* eol=crlf\n', 'a.go': LF }),
    },
  }),
  tableCase({
    name: 'attributes-and-modules',
    facts: [1, 2, 3],
    rows: {
      'root-attributes': inSub({ '.gitattributes': '* eol=crlf\n' }),
      'path-attributes': inSub({ '.gitattributes': 'sub/*.go eol=crlf\n/lf.go -text\n' }),
      'own-attributes': inSub({ '.gitattributes': '* eol=crlf\n' }, { '.gitattributes': '*.go eol=lf\n' }),
      'other-attributes': inSub({ 'other/.gitattributes': '* eol=crlf\n' }),
      'own-license': inSub({ '.gitattributes': '* eol=crlf\n' }, { LICENSE: 'own\n' }),
      'root-license': {
        fill: files({ '.gitattributes': 'LICENSE eol=crlf\ngo.mod eol=crlf\n', LICENSE: 'one\ntwo\n' }),
      },
      'license-encoding': inSub({ '.gitattributes': 'LICENSE working-tree-encoding=UTF-16\n' }),
      // What is vendored is read from the go.mod of the archive, which here is not text that Go could read.
      'go-mod-encoding': files({
        '.gitattributes': 'go.mod working-tree-encoding=UTF-16\n',
        'vendor/modules.txt': '',
        'a/vendor/b.go': LF,
        'go.mod': 'module example.com/attributes-and-modules/go-mod-encoding\n\ngo 1.24\n',
      }),
      'go-mod-crlf': files({
        '.gitattributes': 'go.mod eol=crlf\n',
        'vendor/modules.txt': '',
        'a/vendor/b.go': LF,
        'go.mod': 'module example.com/attributes-and-modules/go-mod-crlf\n\ngo 1.24\n',
      }),
      'go-mod-ident': files({
        '.gitattributes': 'go.mod ident\n',
        'go.mod': '// $Id$\nmodule example.com/attributes-and-modules/go-mod-ident\n',
      }),
      sha256: {
        options: { objectFormat: 'sha256' },
        fill: files({ ...IDENT, ...KINDS, '.gitattributes': '* ident eol=crlf\n' }),
      },
    },
  }),
  tableCase({
    name: 'substitutions',
    facts: [1],
    rows: {
      ident: files({ ...IDENT, '.gitattributes': '* ident\n' }),
      'ident-crlf': files({ ...IDENT, '.gitattributes': '* ident eol=crlf\n' }),
      'export-subst': files({ '.gitattributes': '* export-subst\n', 'a.go': '// $Format:%H %an %d$\n' }),
      'export-ignore': files({
        '.gitattributes':
          '*.txt export-ignore\np export-ignore\n.gitattributes export-ignore\ngo.mod export-ignore\n',
        'a.txt': LF,
        'p/a.go': LF,
        'b.go': LF,
      }),
      'export-ignore-below': files({
        'p/.gitattributes': '* export-ignore export-subst\n',
        'p/a.go': '// $Format:%H$\n',
      }),
      'lfs-pointer': files({
        '.gitattributes': '*.bin filter=lfs diff=lfs merge=lfs -text\n',
        'a.bin': `version https://git-lfs.github.com/spec/v1\noid sha256:${'0'.repeat(64)}\nsize 12345\n`,
      }),
      'unknown-filter': files({ '.gitattributes': '* filter=nonexistent\n', 'a.go': LF }),
    },
  }),
  tableCase({
    name: 'encodings',
    facts: [1],
    rows: {
      'utf-16': files({ '.gitattributes': '*.txt working-tree-encoding=UTF-16\n', 'a.txt': UMLAUTS }),
      'utf-16le-bom': files({
        '.gitattributes': '*.txt working-tree-encoding=UTF-16LE-BOM\n',
        'a.txt': UMLAUTS,
      }),
      'utf-16be': files({ '.gitattributes': '*.txt working-tree-encoding=UTF-16BE\n', 'a.txt': UMLAUTS }),
      'utf-16-crlf': files({
        '.gitattributes': '*.txt text working-tree-encoding=UTF-16LE eol=crlf\n',
        'a.txt': UMLAUTS,
      }),
      latin1: files({ '.gitattributes': '*.txt working-tree-encoding=ISO-8859-1\n', 'a.txt': 'Größe\n' }),
      'not-in-latin1': files({
        '.gitattributes': '*.txt working-tree-encoding=ISO-8859-1\n',
        'a.txt': UMLAUTS,
      }),
      sjis: files({ '.gitattributes': '*.txt working-tree-encoding=SHIFT-JIS\n', 'a.txt': '日本語\n' }),
      'utf-8': files({ '.gitattributes': '*.txt working-tree-encoding=UTF-8\n', 'a.txt': UMLAUTS }),
      unknown: files({ '.gitattributes': '*.txt working-tree-encoding=nonsense\n', 'a.txt': UMLAUTS }),
      'not-utf-8': files({
        '.gitattributes': '*.txt working-tree-encoding=UTF-16\n',
        'a.txt': Buffer.from([0x61, 0xff, 0x0a]),
      }),
      empty: files({ '.gitattributes': '*.txt working-tree-encoding=UTF-16\n', 'a.txt': '' }),
    },
  }),
];
