/**
 * Every source file has its mirror, `src/a/b.ts` → `test/a/b.test.ts` (or `b.e2e.test.ts`), or is named by a contract
 * suite: a test in `test/contract` imports it. The files of a folder in `SUITES` share one test. A file without code of
 * its own (types, re-exports) has nothing to test.
 */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import ts from 'typescript';
import { expect, it } from 'vitest';
import { ROOT } from '../../lint/zones.js';
import { filesBelow, sourceFiles } from './source-files.js';

const tests = new Set(filesBelow('test'));

/** Folders whose files are tested together, with the test and the reason. */
const SUITES: readonly { folder: string; test: string; reason: string }[] = [
  {
    folder: 'cli/commands/',
    test: 'cli/commands.e2e.test.ts',
    reason: 'each file only registers words with commander: what they do shows when the program runs',
  },
  {
    folder: 'redis/',
    test: 'redis/replicas.e2e.test.ts',
    reason: 'a lease or a message is worth what a real Redis makes of it',
  },
  {
    folder: 'web/pages/',
    test: 'web/pages.test.ts',
    reason:
      'templates without a decision of their own: the same hostile words have to come out of all of them',
  },
  {
    folder: 'web/',
    test: 'e2e/pages.test.ts',
    reason: 'routes over a whole server: what they send shows in a browser',
  },
  ...['pages.ts', 'visitors.ts'].map((file) => ({
    folder: file,
    test: 'e2e/pages.test.ts',
    reason: 'they wire what the pages of a whole server need',
  })),
];

/** The source files that a file in `test/contract` imports. */
function reachedByContracts(): Set<string> {
  const files = [...tests].filter((name) => name.startsWith('contract/'));
  return new Set(
    files.flatMap((name) =>
      ts
        .preProcessFile(readFileSync(path.join(ROOT, 'test', name), 'utf8'), true, true)
        .importedFiles.map(({ fileName }) => path.posix.join('test', path.posix.dirname(name), fileName))
        .filter((file) => file.startsWith('src/'))
        .map((file) => file.slice('src/'.length).replace(/\.js$/, '.ts')),
    ),
  );
}

/** Whether a file has no statement that does something when it is loaded, or could be called. */
function hasNoCode(file: string): boolean {
  const source = ts.createSourceFile(
    file,
    readFileSync(path.join(ROOT, 'src', file), 'utf8'),
    ts.ScriptTarget.ES2023,
  );
  return source.statements.every(
    (statement) =>
      ts.isInterfaceDeclaration(statement) ||
      ts.isTypeAliasDeclaration(statement) ||
      (ts.isImportDeclaration(statement) &&
        statement.importClause?.phaseModifier === ts.SyntaxKind.TypeKeyword) ||
      (ts.isExportDeclaration(statement) &&
        (statement.isTypeOnly || statement.moduleSpecifier !== undefined)),
  );
}

function notMirrored(): string[] {
  const reached = reachedByContracts();
  return sourceFiles().filter((file) => {
    const base = file.replace(/\.tsx?$/, '');
    const suite = SUITES.find(({ folder }) => file.startsWith(folder))?.test;
    const has = [`${base}.test.ts`, `${base}.e2e.test.ts`, suite ?? ''].some((name) => tests.has(name));
    return !has && !reached.has(file) && !hasNoCode(file);
  });
}

it('no source file is without its mirror', () => {
  expect(notMirrored()).toEqual([]);
});
