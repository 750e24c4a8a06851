/** Which interfaces have a suite in `test/contract`, what implements them, and which tests run the suite over it. */
import ts from 'typescript';

/** What this project, or one that is made up for a test, consists of. */
export interface Project {
  /** Files relative to `src`. */
  sources: readonly string[];
  /** Files relative to `test`. */
  tests: ReadonlySet<string>;
  /** The text of a file below `src`, or below `test`. */
  source: (file: string) => string;
  test: (file: string) => string;
}

/** The suites by name: the file of the interface, and how a class says that it implements it. */
export const CONTRACTS: Readonly<Record<string, { file: string; name: string; decorator?: string }>> = {
  'blob-store': { file: 'store/blob-store.ts', name: 'BlobStore' },
  bucket: { file: 's3/bucket.ts', name: 'Bucket' },
  invalidation: { file: 'concurrency/invalidation.ts', name: 'Invalidation' },
  'module-source': { file: 'modfetch/repo.ts', name: 'ModuleSource' },
  'version-store': { file: 'store/version-store.ts', name: 'VersionStore', decorator: 'StoreDecorator' },
};

/** The files with a class that implements the interface of `suite`; one that is abstract cannot be run. */
export function implementationsOf(suite: string, { sources, source }: Project): string[] {
  const { name = '', decorator = name } = CONTRACTS[suite] ?? {};
  const declares = new RegExp(`^(?:export )?class \\w+ (?:extends ${decorator}|implements ${name})\\b`, 'm');
  return sources.filter((file) => declares.test(source(file)));
}

/** The source files that are imported by a test which runs `suite`. */
export function runBy(suite: string, { tests, test }: Project): Set<string> {
  const runs = [...tests].filter(
    (name) =>
      name.endsWith('.test.ts') &&
      // Most do not: they need not be parsed.
      test(name).includes(`/${suite}.js'`) &&
      importsOf(name, test(name)).includes(`test/contract/${suite}.ts`),
  );
  return new Set(
    runs
      .flatMap((name) => importsOf(name, test(name)))
      .filter((name) => name.startsWith('src/'))
      .map((name) => name.slice('src/'.length)),
  );
}

/** What a file of tests imports, from the top of the project. */
function importsOf(file: string, text: string): string[] {
  const folder = `test/${file.slice(0, Math.max(0, file.lastIndexOf('/')))}`;
  return ts
    .preProcessFile(text, true, true)
    .importedFiles.filter(({ fileName }) => fileName.startsWith('.'))
    .map(({ fileName }) => new URL(fileName, `file:///${folder}/`).pathname.slice(1).replace(/\.js$/, '.ts'));
}
