/** No content of a configuration file may end the process or keep it busy: what a reader of either file does with garbage. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { loadConfig, parseConfig } from '../../src/config/load-config.js';
import { isModhavenError } from '../../src/errors.js';
import { loadVanity, parseVanity } from '../../src/vanity/vanity-file.js';
import { MAX_ALIASES, MAX_DEPTH, MAX_FILE_BYTES, MAX_NODES } from '../../src/yaml/limits.js';
import { messageOf } from '../support/message-of.js';

const readers = {
  'modhaven.yaml': (text: string) => parseConfig(text, 'f.yaml', {}),
  'vanity.yaml': (text: string) => parseVanity(text, 'f.yaml', { defaultHost: 'a.corp' }),
};
type Reader = keyof typeof readers;
const FILES = Object.keys(readers) as Reader[];

/** What a reader makes of `text`: whether it took it. Anything but a CONFIG error is a fault. */
function accepts(file: Reader, text: string): boolean {
  try {
    readers[file](text);
    return true;
  } catch (error) {
    if (isModhavenError(error, 'CONFIG')) return false;
    throw error;
  }
}

const full = (unit: string) => unit.repeat(Math.floor(MAX_FILE_BYTES / unit.length));

describe.each(FILES)('%s', (file) => {
  it.each([
    ['brackets', full('['), `f.yaml:1:35: more than ${MAX_DEPTH} maps and lists stand inside one another`],
    ['braces', full('{a: '), `more than ${MAX_DEPTH} maps and lists stand inside one another`],
    ['dashes', full('- '), `more than ${MAX_DEPTH} maps and lists stand inside one another`],
    [
      'indentation',
      Array.from({ length: 1500 }, (_, level) => `${' '.repeat(level)}a:`).join('\n'),
      `f.yaml:34:35: more than ${MAX_DEPTH} maps and lists stand inside one another`,
    ],
    ['a list', `a: [${full('1,').slice(9)}]`, `the file holds more than ${MAX_NODES} keys and values`],
    ['closing brackets', full(']'), 'f.yaml:1:1: not valid YAML'],
    ['directives', full('%a\n'), 'not valid YAML'],
    ['an alias of itself', 'paths: &p\n  /x: *p\n', 'f.yaml:2:7: the alias *p stands in &p itself'],
    ['an alias of the whole', '&all {x: [*all]}', 'f.yaml:1:11: the alias *all stands in &all itself'],
    [
      'aliases of lists of aliases',
      `l0: &l0 [x]\n${Array.from({ length: 9 }, (_, i) => `l${i + 1}: &l${i + 1} [${`*l${i},`.repeat(9)}]`).join('\n')}`,
      `the file holds more than ${MAX_NODES} keys and values, its aliases followed`,
    ],
    [
      'a chain of aliases',
      Array.from({ length: 100 }, (_, i) => `l${i}: &l${i} [${i === 0 ? '' : `*l${i - 1}`}]`).join('\n'),
      `more than ${MAX_DEPTH} maps and lists stand inside one another, its aliases followed`,
    ],
    [
      'many aliases',
      `x: &x 1\ny: [${'*x,'.repeat(MAX_ALIASES + 1)}]`,
      `the file holds more than ${MAX_ALIASES} aliases`,
    ],
    ['an alias before its anchor', 'x: *y\ny: &y 1', 'f.yaml:1:4: the alias *y has no anchor &y'],
    ['zeros', '\0'.repeat(1000), 'f.yaml:1:1: the character U+0000 has no place in a text'],
    ['a bell', 'a: 1\nb: x\u0007y\n', 'f.yaml:2:5: the character U+0007 has no place in a text'],
  ])('refuses %s', (_, text, message) => {
    expect(messageOf(() => readers[file](text))).toContain(message);
  });

  it('lists no more problems than anybody reads', () => {
    const text = Array.from({ length: 500 }, (_, i) => `k${i}: 1`).join('\n');
    const lines = messageOf(() => readers[file](text)).split('\n');
    expect(lines).toHaveLength(101);
    expect(lines.at(-1)).toBe('f.yaml:101:1: 400 more problems');
  });

  it('takes or refuses any text, and throws nothing else', () => {
    const pieces = fc.constantFrom(
      ...['a', 'paths', 'host', 'vcs', 'hosts', '/x/{n}', '{p...}', '__proto__', 'constructor', '0', '~'],
      ...[
        ': ',
        ':',
        '- ',
        '? ',
        '[',
        ']',
        '{',
        '}',
        ', ',
        '\n',
        '\n  ',
        '\n    ',
        '|',
        '>',
        '"',
        "'",
        '#',
        '%',
        '!',
      ],
      ...[
        '&a ',
        '*a',
        '<<',
        '---',
        '...',
        '${X}',
        '${',
        '\t',
        '\r',
        '\u2028',
        '\uFEFF',
        '\\',
        'http://h/x',
        '1e400',
      ],
    );
    const text = fc.oneof(
      fc.array(pieces, { maxLength: 40 }).map((list) => list.join('')),
      fc.string(),
    );
    fc.assert(
      fc.property(text, (garbage) => void accepts(file, garbage)),
      { numRuns: 2000 },
    );
  });

  it('takes or refuses any data, whatever its shape', () => {
    const key = fc.constantFrom(
      'host',
      'paths',
      'cache',
      'dir',
      'vcs',
      'hosts',
      'repo',
      '/a',
      'b.c/d',
      'listen',
      '__proto__',
    );
    const { data } = fc.letrec((tie) => ({
      data: fc.oneof(
        { maxDepth: 4 },
        fc.constantFrom(null, true, 0, 1e9, -1, 'x', '', '/srv/x', 'off'),
        fc.array(tie('data'), { maxLength: 3 }),
        fc.dictionary(key, tie('data'), { maxKeys: 4 }),
      ),
    }));
    fc.assert(
      fc.property(data, (value) => void accepts(file, JSON.stringify(value))),
      { numRuns: 1000 },
    );
  });
});

describe('a file', () => {
  const dir = mkdtempSync(join(tmpdir(), 'modhaven-limits-'));
  afterAll(() => rmSync(dir, { recursive: true }));
  const loaders = {
    'modhaven.yaml': (path: string) => loadConfig(path, {}),
    'vanity.yaml': (path: string) => loadVanity(path, { defaultHost: 'a.corp' }),
  };

  it.each(FILES)('%s of the largest size is read, one of a byte more is not', (name) => {
    const path = join(dir, name);
    const start = name === 'vanity.yaml' ? 'paths: {}\n#' : '#';
    writeFileSync(path, start.padEnd(MAX_FILE_BYTES, 'x'));
    expect(loaders[name](path).warnings).toEqual([]);
    writeFileSync(path, start.padEnd(MAX_FILE_BYTES + 1, 'x'));
    expect(messageOf(() => loaders[name](path))).toMatch(/file is larger than 2 MiB$/);
  });

  it.each(FILES)('%s that is a named pipe, a device or a folder is refused, not waited for', (name) => {
    const pipe = join(dir, `${name}.pipe`);
    execFileSync('mkfifo', [pipe]);
    for (const path of [pipe, '/dev/zero', dir]) {
      expect(messageOf(() => loaders[name](path))).toMatch(/file cannot be read$/);
    }
  });
});
