/** What goes into a zip beside names and attributes: vendored packages, nested modules, LICENSE, sizes. */
import { createCipheriv } from 'node:crypto';
import { goMod } from '../go-mod-text.js';
import { files, tableCase, type Fill } from '../one-version.js';
import type { ConformanceCase } from '../types.js';

const MIB = 1024 * 1024;

const VENDORED = Object.fromEntries(
  [
    ...[
      'vendor/modules.txt',
      'vendor/x.go',
      'vendor/p/p.go',
      'vendor/p/q/q.go',
      'vendor/vendor/y.go',
      'vendorx/z.go',
    ],
    ...[
      'pkg/vendor/x.go',
      'pkg/vendor/y/y.go',
      'pkg/vendor/modules.txt',
      'a/b/vendor/c/d.go',
      'a/vendor.go',
      'Vendor2/p/p.go',
    ],
  ].map((name) => [name, name]),
);

/** Vendored files beside this go.mod; MODULE stands for the path. */
function vendored(text: string | undefined, more: Record<string, string> = {}): Fill {
  return (r, path) => {
    r.write({ ...VENDORED, ...more });
    if (text !== undefined) r.write({ 'go.mod': text.replaceAll('MODULE', path) });
  };
}

/** A LICENSE case: files of the repository whose module is in `sub`. */
function licensed(content: Record<string, string | Uint8Array>) {
  return {
    root: false,
    modules: ['sub'],
    fill: (r: Parameters<Fill>[0], path: string) =>
      void r.write({ 'sub/go.mod': goMod(`${path}/sub`), 'sub/a.go': '', ...content }),
  };
}

/** The same bytes everywhere, and no two alike for deflate. */
function noise(size: number): Buffer {
  return createCipheriv('aes-128-ctr', Buffer.alloc(16), Buffer.alloc(16)).update(Buffer.alloc(size));
}

/** Commits a tree with `count` files of `size` zero bytes, one blob for all. */
function zeros(count: number, size: number): Fill {
  return async (r, path) => {
    await r.write({ f: Buffer.alloc(size) }).commit('blob');
    const hash = await r.rev('main:f');
    return r.rawTree([
      ...Array.from({ length: count }, (_, i) => ({
        mode: '100644',
        name: `f${String(i).padStart(2, '0')}`,
        content: { hash },
      })),
      { mode: '100644', name: 'go.mod', content: { data: goMod(path) } },
    ]);
  };
}

/** 500 MiB to be hashed, packed and unpacked by both sides takes its time. */
const SLOW: readonly ConformanceCase[] = [
  tableCase({
    name: 'at-the-limit',
    facts: [6],
    rows: { over: zeros(11, 50 * MIB), under: zeros(9, 50 * MIB) },
  }),
];

export const zipCases: readonly ConformanceCase[] = [
  tableCase({
    name: 'vendor',
    facts: [3],
    rows: {
      'no-go-mod': vendored(undefined),
      'no-go-line': vendored('module MODULE\n'),
      'go-1-23': vendored('module MODULE\n\ngo 1.23\n'),
      'go-1-23-12': vendored('module MODULE\n\ngo 1.23.12\n'),
      'go-1-24': vendored('module MODULE\n\ngo 1.24\n'),
      'go-1-24-3': vendored('module MODULE\n\ngo 1.24.3\n'),
      'go-1-24rc1': vendored('module MODULE\n\ngo 1.24rc1\n'),
      'go-1-4': vendored('module MODULE\n\ngo 1.4\n'),
      'toolchain-only': vendored('module MODULE\n\ntoolchain go1.24.0\n'),
      'toolchain-too': vendored('module MODULE\n\ngo 1.23\n\ntoolchain go1.24.0\n'),
      'syntax-error': vendored('module MODULE\n\ngo 1.24\n\nrequire (\n'),
      'unknown-line': vendored('module MODULE\n\ngo 1.24\n\nnonsense x y\n'),
      'bad-require': vendored('module MODULE\n\ngo 1.24\n\nrequire x\n'),
      crlf: vendored('module MODULE\r\n\r\ngo 1.24\r\n'),
      comment: vendored('module MODULE // go 1.24\n\n// go 1.24\ngo 1.23 // go 1.24\n'),
      block: vendored('module MODULE\n\ngo (\n\t1.24\n)\n'),
      quoted: vendored('module MODULE\n\ngo "1.24"\n'),
      twice: vendored('module MODULE\n\ngo 1.24\ngo 1.23\n'),
      'with-x': vendored('module MODULE\n\ngo 1.24.x\n'),
      'with-v': vendored('module MODULE\n\ngo v1.24\n'),
      'no-line-end': vendored('module MODULE\ngo 1.24'),
      below: vendored('module MODULE\n', {
        'other/go.mod': 'module x\n\ngo 1.24\n',
        'other/vendor/modules.txt': '',
      }),
      symlink: async (r, path) => {
        await r.write({ ...VENDORED, real: `module ${path}\n\ngo 1.24\n` }).commit('x');
        r.symlink('go.mod', `module ${path}\n\ngo 1.24\n`);
      },
      file: files({ vendor: 'a file', 'p/vendor': 'another' }),
      names: vendored('module MODULE\n\ngo 1.24\n', { 'vendor/p/aux': '', 'vendor/p/a:b': '' }),
      'names-kept': vendored('module MODULE\n\ngo 1.24\n', { 'pkg/vendor/aux': '' }),
      'names-before': vendored('module MODULE\n\ngo 1.23\n', { 'pkg/vendor/aux': '' }),
      'go-mod-in-vendor': vendored('module MODULE\n\ngo 1.24\n', {
        'vendor/go.mod': 'module x\n',
        'pkg/vendor/go.mod': 'module x\n',
      }),
    },
  }),
  tableCase({
    name: 'license',
    facts: [2, 5],
    rows: {
      'root-only': licensed({ LICENSE: 'root\n' }),
      both: licensed({ LICENSE: 'root\n', 'sub/LICENSE': 'own\n' }),
      none: licensed({ 'LICENSE.md': 'root\n', COPYING: 'x' }),
      'lower-case-in-sub': licensed({ LICENSE: 'root\n', 'sub/license': 'own\n' }),
      'lower-case-alone': licensed({ license: 'root\n', 'sub/License': 'own\n' }),
      'directory-in-root': licensed({ 'LICENSE/MIT': 'root\n' }),
      'directory-in-sub': licensed({ LICENSE: 'root\n', 'sub/LICENSE/MIT': 'own\n' }),
      'in-nested-module': licensed({
        LICENSE: 'root\n',
        'sub/other/go.mod': 'module x\n',
        'sub/other/LICENSE': 'other\n',
      }),
      empty: licensed({ LICENSE: '' }),
      'not-utf-8': licensed({ LICENSE: Buffer.from([0xff, 0x00, 0xfe]) }),
      'symlink-in-root': {
        ...licensed({ 'docs/LICENSE': 'root\n' }),
        fill: (r, path) =>
          void r.write({ 'sub/go.mod': goMod(`${path}/sub`) }).symlink('LICENSE', 'docs/LICENSE'),
      },
      'symlink-in-sub': {
        ...licensed({}),
        fill: (r, path) =>
          void r
            .write({ 'sub/go.mod': goMod(`${path}/sub`), LICENSE: 'root\n' })
            .symlink('sub/LICENSE', '../LICENSE'),
      },
      'gitlink-in-sub': {
        ...licensed({}),
        fill: (r, path) =>
          void r
            .write({ 'sub/go.mod': goMod(`${path}/sub`), LICENSE: 'root\n' })
            .gitlink('sub/LICENSE', '1'.repeat(40)),
      },
      'gitlink-in-root': {
        ...licensed({}),
        fill: (r, path) =>
          void r.write({ 'sub/go.mod': goMod(`${path}/sub`) }).gitlink('LICENSE', '1'.repeat(40)),
      },
      executable: {
        ...licensed({}),
        fill: (r, path) =>
          void r.write({ 'sub/go.mod': goMod(`${path}/sub`), LICENSE: 'root\n' }).mode('LICENSE', '100755'),
      },
      'major-version': {
        root: false,
        modules: ['sub/v2'],
        fill: (r, path) =>
          void r.write({
            LICENSE: 'root\n',
            'sub/LICENSE': 'sub\n',
            'sub/v2/go.mod': goMod(`${path}/sub/v2`),
          }),
      },
      'three-deep': {
        root: false,
        modules: ['a/b/c'],
        fill: (r, path) =>
          void r.write({ LICENSE: 'root\n', 'a/LICENSE': 'a\n', 'a/b/c/go.mod': goMod(`${path}/a/b/c`) }),
      },
    },
  }),
  tableCase({
    name: 'other-modules',
    facts: [4],
    rows: {
      nested: files({
        'p/go.mod': 'module x\n',
        'p/a.go': '',
        'p/q/b.go': '',
        'pq/c.go': '',
        'r/s/go.mod': '',
        'r/t.go': '',
      }),
      capitals: files({ 'p/GO.MOD': '', 'p/a.go': '', 'q/Go.Mod': '', 'q/b.go': '' }),
      symlink: (r, path) =>
        void r.write({ 'go.mod': goMod(path), 'p/a.go': '' }).symlink('p/go.mod', '../go.mod'),
      directory: files({ 'p/go.mod/x': '', 'p/a.go': '' }),
      'directory-with-module': files({ 'p/go.mod/go.mod': '', 'p/go.mod/x': '', 'p/a.go': '' }),
      executable: (r, path) =>
        void r.write({ 'go.mod': goMod(path), 'p/go.mod': '', 'p/a.go': '' }).mode('p/go.mod', '100755'),
      'capital-root': (r) => void r.write({ 'GO.MOD': 'module x\n', 'a.go': '' }),
      'go-work': files({ 'go.work': 'go 1.21\n', 'go.sum': '', 'p/go.work': '', 'p/a.go': '' }),
      both: {
        modules: ['p', 'p/q'],
        fill: (r, path) =>
          void r.write({
            'go.mod': goMod(path),
            'a.go': '',
            'p/go.mod': goMod(`${path}/p`),
            'p/b.go': '',
            'p/q/go.mod': goMod(`${path}/p/q`),
            'p/q/c.go': '',
          }),
      },
    },
  }),
  tableCase({
    name: 'sizes',
    facts: [6],
    rows: {
      'empty-files': files({ a: '', 'b/c': '', '.d': '' }),
      'empty-tree': () => undefined,
      'only-go-mod': (r, path) => void r.write({ 'go.mod': goMod(path) }),
      'only-links': (r) => void r.symlink('a', 'b'),
      'five-thousand': files(
        Object.fromEntries(
          Array.from({ length: 5000 }, (_, i) => [`d${i % 70}/e${i % 11}/f${i}.go`, `package f${i}\n`]),
        ),
      ),
      noise: files({ 'noise.bin': noise(40 * MIB) }),
      prose: files({ 'prose.txt': 'All that is gold does not glitter.\n'.repeat(1_200_000) }),
      'around-half-a-mebibyte': files({
        a: noise(512 * 1024),
        b: noise(512 * 1024 + 1),
        c: Buffer.alloc(512 * 1024 - 1),
        d: Buffer.alloc(65_537),
      }),
      license: files({ LICENSE: Buffer.alloc(16 * MIB + 1) }),
      'license-at-limit': files({ LICENSE: Buffer.alloc(16 * MIB) }),
      'license-below': files({ 'p/LICENSE': Buffer.alloc(16 * MIB + 1) }),
      'license-in-root': licensed({ LICENSE: Buffer.alloc(16 * MIB + 1) }),
      'license-far-over': licensed({ LICENSE: Buffer.alloc(70 * MIB) }),
      'go-mod-elsewhere': files({
        'vendor/p/go.mod': Buffer.alloc(17 * MIB, '\n'),
        'p/go.mod': Buffer.alloc(17 * MIB, '\n'),
      }),
      'go-mod': (r, path) => void r.write({ 'go.mod': `${goMod(path)}${'// filler\n'.repeat(1_800_000)}` }),
    },
  }),
  ...(process.env.MODHAVEN_SLOW === '1' ? SLOW : []),
];
