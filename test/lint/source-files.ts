/** The files of `src`, as the tests about the whole project read them. */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import ts from 'typescript';
import { ROOT } from '../../lint/zones.js';

/** Every source file, relative to `src`, with slashes, sorted. */
export function sourceFiles(): string[] {
  return filesBelow('src');
}

/** Every TypeScript file below a folder of the project, relative to it, with slashes, sorted. */
export function filesBelow(dir: string): string[] {
  return readdirSync(path.join(ROOT, dir), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => name.split(path.sep).join('/'))
    .sort();
}

/** The files of `src` that a file of it imports, in whatever form. */
export function importsOf(file: string): string[] {
  const text = readFileSync(path.join(ROOT, 'src', file), 'utf8');
  return ts
    .preProcessFile(text, true, true)
    .importedFiles.filter(({ fileName }) => fileName.startsWith('.'))
    .map(({ fileName }) => path.posix.join(path.posix.dirname(file), fileName).replace(/\.js$/, '.ts'));
}
