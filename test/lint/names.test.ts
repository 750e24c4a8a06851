/** One meaning a name: no two types of `src` are called the same, exported or not; and what comments name is there. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { ROOT } from '../../lint/zones.js';
import { sourceFiles } from './source-files.js';

/** The types that files declare, by name, with the files. */
function typesOf(texts: ReadonlyMap<string, string>): Map<string, string[]> {
  const found = new Map<string, string[]>();
  for (const [file, text] of texts) {
    for (const [, name = ''] of text.matchAll(
      /^(?:export )?(?:abstract )?(?:interface|type|class) ([A-Z]\w*)/gm,
    )) {
      found.set(name, [...(found.get(name) ?? []), file]);
    }
  }
  return found;
}

/** Each name that has a second meaning: `Name: a.ts, b.ts`. */
function ambiguous(texts: ReadonlyMap<string, string>): string[] {
  return [...typesOf(texts)]
    .filter(([, files]) => files.length > 1)
    .map(([name, files]) => `${name}: ${files.join(', ')}`);
}

/** Names of files, with or without folders before them, that the text names in its comments and strings. */
function namedFiles(text: string): string[] {
  const named = [
    ...text.matchAll(/`([\w./-]+\.tsx?)`/g),
    ...text.matchAll(/(?<![\w./-])((?:[\w-]+\/)+[\w.-]+\.tsx?)\b/g),
  ];
  return [...new Set(named.map(([, name = '']) => name))];
}

const read = (folder: string, file: string) => readFileSync(path.join(ROOT, folder, file), 'utf8');

/** What only one command takes is called so in each of them: nothing is exported, and nothing else reads it. */
const texts = new Map(
  sourceFiles()
    .map((file) => [file, read('src', file)] as const)
    .map(([file, text]) => [
      file,
      file.startsWith('cli/commands/') ? text.replace(/^interface Options\b/m, '') : text,
    ]),
);

describe('the name of a type', () => {
  it('has one meaning', () => {
    expect(typesOf(texts).size).toBeGreaterThan(500);
    expect(ambiguous(texts)).toEqual([]);
  });

  it('is found where it has two', () => {
    const planted = new Map([
      ['a.ts', 'export interface Entry {\n'],
      ['b.ts', 'class Entry {}\nexport type Other = 1;\n'],
      ['c.ts', 'export abstract class Base {}\n'],
    ]);
    expect(ambiguous(planted)).toEqual(['Entry: a.ts, b.ts']);
  });
});

describe('a file that a comment names', () => {
  const all = ['src', 'test', 'bench', 'scripts']
    .filter((folder) => existsSync(path.join(ROOT, folder)))
    .flatMap((folder) =>
      readdirSync(path.join(ROOT, folder), { recursive: true, encoding: 'utf8' }).map(
        (name) => `/${folder}/${name.split(path.sep).join('/')}`,
      ),
    );
  const isThere = (name: string) =>
    all.some((file) => file.endsWith(`/${name.replace(/^(?:\.\.?\/)+/, '')}`));

  it('is there', () => {
    const missing = [...texts].flatMap(([file, text]) =>
      namedFiles(text)
        .filter((name) => !isThere(name))
        .map((name) => `${file}: ${name}`),
    );
    expect(missing).toEqual([]);
  });

  it('is missed where it is not', () => {
    const text = '/** See `gone-file.ts`, module/semver.ts and `proxy/gone-file.ts`. */';
    expect(namedFiles(text).filter((name) => !isThere(name))).toEqual(['gone-file.ts', 'proxy/gone-file.ts']);
  });
});
