/** The files of `src`, as the tests about the whole project read them. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import ts from 'typescript';
import { ROOT } from '../../lint/zones.js';
import type { Project } from './contracts.js';

/** Every source file, relative to `src`, with slashes, sorted. */
export function sourceFiles(): string[] {
  return filesBelow('src');
}

/** Every TypeScript file below a folder of the project, relative to it, with slashes, sorted. */
export function filesBelow(dir: string): string[] {
  return readdirSync(path.join(ROOT, dir), { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.tsx?$/.test(name))
    .map((name) => name.split(path.sep).join('/'))
    .sort();
}

/** The files of `src` that a file of it imports, in whatever form. */
export function importsOf(file: string): string[] {
  const text = readFileSync(path.join(ROOT, 'src', file), 'utf8');
  return ts
    .preProcessFile(text, true, true)
    .importedFiles.filter(({ fileName }) => fileName.startsWith('.'))
    .map(({ fileName }) => sourceOf(path.posix.join(path.posix.dirname(file), fileName)));
}

/** The source of a compiled name: `x.js` is written for `x.ts` or `x.tsx`. */
function sourceOf(name: string): string {
  const file = name.replace(/\.js$/, '.ts');
  const isThere = (candidate: string) => existsSync(path.join(ROOT, 'src', candidate));
  return !isThere(file) && isThere(`${file}x`) ? `${file}x` : file;
}

/** This project, as the tests about its shape see it. */
export const PROJECT: Project = {
  sources: sourceFiles(),
  tests: new Set(filesBelow('test')),
  source: textsBelow('src'),
  test: textsBelow('test'),
};

/** Reads each file once. */
function textsBelow(dir: string): (file: string) => string {
  const texts = new Map<string, string>();
  return (file) => {
    const text = texts.get(file) ?? readFileSync(path.join(ROOT, dir, file), 'utf8');
    texts.set(file, text);
    return text;
  };
}

/** This project with one more source file, to see what is said about it. */
export function withFile(file: string, text: string): Project {
  const source = (name: string) => (name === file ? text : PROJECT.source(name));
  return { ...PROJECT, sources: [...PROJECT.sources, file], source };
}
