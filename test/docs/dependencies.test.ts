/** `docs/dependencies.md` has a line for each package of package.json, with its version, and for no other. */
import { readFileSync, readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const PROJECT = fileURLToPath(new URL('../..', import.meta.url));
const text = readFileSync(path.join(PROJECT, 'docs/dependencies.md'), 'utf8');
const manifest = JSON.parse(readFileSync(path.join(PROJECT, 'package.json'), 'utf8')) as Record<
  'dependencies' | 'devDependencies',
  Record<string, string>
>;

/** The rows of the table below a heading, without its head. */
function rowsBelow(heading: string): string[] {
  const [, section = ''] = text.split(`## ${heading}\n`);
  return (section.split('\n## ')[0] ?? '')
    .split('\n')
    .filter((line) => /^\| (?!---)/.test(line))
    .slice(1);
}

/** Packages with the versions that stand behind them, by name; a version counts for the names before it, too. */
function packagesIn(rows: readonly string[]): Map<string, string> {
  const found = new Map<string, string>();
  for (const row of rows) {
    const cell = row.split(' | ')[0] ?? '';
    let waiting: string[] = [];
    for (const [, name, version] of cell.matchAll(/`([^`]+)`|(\d+(?:\.\d+)*)/g)) {
      if (name !== undefined) waiting.push(name);
      if (version === undefined) continue;
      for (const each of waiting) found.set(each, version);
      waiting = [];
    }
  }
  return found;
}

describe.each([
  ['Libraries', 'dependencies'],
  ['Only for development', 'devDependencies'],
] as const)('the table %s', (heading, key) => {
  it('has every package, and its version', () => {
    const found = packagesIn(rowsBelow(heading));
    expect([...found.keys()].sort()).toEqual(Object.keys(manifest[key]).sort());
    for (const [name, version] of found) {
      expect(`${manifest[key][name] ?? ''}.`, name).toMatch(
        new RegExp(`^${version.replaceAll('.', '\\.')}\\.`),
      );
    }
  });
});

describe('what is written by hand', () => {
  const rows = rowsBelow('Written by hand').map((row) => row.split(' | '));

  it.each(rows)('%s has about as many lines as it says', (part, lines = '') => {
    const [first = '', ...more] = [...part.matchAll(/`(src\/[\w./-]+|[\w-]+\.ts)`/g)].map(
      ([, name = '']) => name,
    );
    const files = [
      first,
      ...more.map((name) => (name.startsWith('src/') ? name : `${path.dirname(first)}/${name}`)),
    ];
    const count = files.reduce((sum, file) => sum + linesOf(path.join(PROJECT, file)), 0);
    // A function in a larger file says how long itself is.
    if (part.includes(', in `')) return;
    const said = Number(lines.replace(',', ''));
    expect(Math.abs(count - said), `${part}: ${count} lines`).toBeLessThan(said * 0.2);
  });
});

function linesOf(file: string): number {
  if (statSync(file).isDirectory()) {
    return readdirSync(file).reduce((sum, name) => sum + linesOf(path.join(file, name)), 0);
  }
  return readFileSync(file, 'utf8').split('\n').length - 1;
}
