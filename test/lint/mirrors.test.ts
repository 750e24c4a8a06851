/**
 * Every source file has its mirror, `src/a/b.ts` → `test/a/b.test.ts` (or `b.e2e.test.ts`), or is an interface with a suite
 * in `test/contract`, or one of its implementations, which that suite runs. The files of a folder in `SUITES` share one
 * test. A file without code of its own (types, re-exports) has nothing to test.
 */
import path from 'node:path';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import { CONTRACTS, implementationsOf, runBy, type Project } from './contracts.js';
import { PROJECT, withFile } from './source-files.js';

/** Folders whose files are tested together, sub-folders left out, with the test and the reason. */
const SUITES: readonly { folder: string; test: string; reason: string }[] = [
  {
    folder: 'cli/commands',
    test: 'cli/commands.e2e.test.ts',
    reason: 'each file only registers words with commander: what they do shows when the program runs',
  },
  {
    folder: 'redis',
    test: 'redis/replicas.e2e.test.ts',
    reason: 'a lease or a message is worth what a real Redis makes of it',
  },
  {
    folder: 'web/pages',
    test: 'web/pages.test.ts',
    reason:
      'templates without a decision of their own: the same hostile words have to come out of all of them',
  },
  {
    folder: 'web',
    test: 'e2e/pages/pages.test.ts',
    reason: 'routes over a whole server: what they send shows in a browser',
  },
  ...['pages.ts', 'visitors.ts'].map((file) => ({
    folder: file,
    test: 'e2e/pages/pages.test.ts',
    reason: 'they wire what the pages of a whole server need',
  })),
];

/** The interfaces with a suite, and the implementations that run it. */
function reachedByContracts(project: Project): Set<string> {
  return new Set(
    Object.entries(CONTRACTS).flatMap(([suite, { file }]) => {
      const run = runBy(suite, project);
      return [file, ...implementationsOf(suite, project).filter((each) => run.has(each))];
    }),
  );
}

/** Whether a file has no statement that does something when it is loaded, or could be called. */
function hasNoCode(file: string, text: string): boolean {
  return ts
    .createSourceFile(file, text, ts.ScriptTarget.ES2023)
    .statements.every(
      (statement) =>
        ts.isInterfaceDeclaration(statement) ||
        ts.isTypeAliasDeclaration(statement) ||
        (ts.isImportDeclaration(statement) &&
          statement.importClause?.phaseModifier === ts.SyntaxKind.TypeKeyword) ||
        (ts.isExportDeclaration(statement) &&
          (statement.isTypeOnly || statement.moduleSpecifier !== undefined)),
    );
}

function notMirrored(project: Project): string[] {
  const { sources, tests, source } = project;
  const reached = reachedByContracts(project);
  return sources.filter((file) => {
    const base = file.replace(/\.tsx?$/, '');
    const suite = SUITES.find(({ folder }) => [file, path.posix.dirname(file)].includes(folder))?.test;
    const has = [`${base}.test.ts`, `${base}.e2e.test.ts`, suite ?? ''].some((name) => tests.has(name));
    return !has && !reached.has(file) && !hasNoCode(file, source(file));
  });
}

describe('a source file', () => {
  it('is never without its mirror', () => {
    expect(notMirrored(PROJECT)).toEqual([]);
  });

  it('has a reason where it shares a test, and the test is there', () => {
    for (const { test, reason } of SUITES) {
      expect([PROJECT.tests.has(test), reason !== '']).toEqual([true, true]);
    }
  });

  const CODE = 'export const planted = 1;\n';
  it.each([
    ['in a folder of its own', 'planted/file.ts', CODE],
    ['beside others', 'module/planted.ts', CODE],
    ['below a folder that shares a test', 'web/content/planted.ts', CODE],
    [
      'that implements an interface, and does not run its suite',
      'store/planted.ts',
      'export class Planted implements BlobStore {}\n',
    ],
  ])('is missed %s', (_, file, text) => {
    expect(notMirrored(withFile(file, text))).toEqual([file]);
  });

  it('is missed where a suite only uses it', () => {
    const project = withFile('store/planted.ts', CODE);
    const test = (file: string) =>
      file === 'contract/blob-store.test.ts' ? `import '../../src/store/planted.js';\n` : PROJECT.test(file);
    expect(notMirrored({ ...project, test })).toContain('store/planted.ts');
  });

  it('needs none where it has no code', () => {
    expect(notMirrored(withFile('module/planted.ts', 'export interface Planted {}\n'))).toEqual([]);
  });
});
