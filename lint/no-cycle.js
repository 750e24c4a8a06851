/**
 * An ESLint rule: no file may reach itself through its imports. `import-x/no-cycle` is its model, but that one lets
 * `import type` pass, and a cycle of types is a cycle for a reader of the files.
 */
import { existsSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import ts from 'typescript';

/** What a file imports, by its path; read again when it has changed (an editor lints for hours). */
const known = new Map();

/** @type {import('eslint').Rule.RuleModule} */
export default {
  meta: {
    type: 'problem',
    schema: [],
    docs: { description: 'forbid import cycles, those of types included' },
    messages: { cycle: 'Import cycle: {{route}}' },
  },
  create(context) {
    const file = context.physicalFilename;
    function visit(node) {
      const target = typeof node.source?.value === 'string' ? resolved(file, node.source.value) : undefined;
      const route = target === undefined ? undefined : routeTo(file, target);
      if (route === undefined) return;
      const names = [file, ...route].map((name) => path.relative(context.cwd, name));
      context.report({ node, messageId: 'cycle', data: { route: names.join(' → ') } });
    }
    return {
      ImportDeclaration: visit,
      ImportExpression: visit,
      ExportAllDeclaration: visit,
      ExportNamedDeclaration: visit,
    };
  },
};

/** The shortest way from `start` to `goal`, both included; undefined where there is none. */
function routeTo(goal, start) {
  const from = new Map([[start, undefined]]);
  for (const file of from.keys()) {
    if (file === goal) return wayBack(from, goal);
    for (const next of importsOf(file)) if (!from.has(next)) from.set(next, file);
  }
  return undefined;
}

function wayBack(from, goal) {
  const route = [];
  for (let file = goal; file !== undefined; file = from.get(file)) route.unshift(file);
  return route;
}

function importsOf(file) {
  const { mtimeMs, size } = statSync(file, { throwIfNoEntry: false }) ?? {};
  const seen = known.get(file);
  if (seen !== undefined && seen.mtimeMs === mtimeMs && seen.size === size) return seen.imports;
  const imports = mtimeMs === undefined ? [] : readImports(file);
  known.set(file, { mtimeMs, size, imports });
  return imports;
}

function readImports(file) {
  const { importedFiles } = ts.preProcessFile(readFileSync(file, 'utf8'), true, true);
  return importedFiles.map(({ fileName }) => resolved(file, fileName)).filter((name) => name !== undefined);
}

/** The file that a relative specifier names: `./x.js` is written for `./x.ts` or `./x.tsx`. */
function resolved(importer, specifier) {
  if (!specifier.startsWith('.')) return undefined;
  const file = path.resolve(path.dirname(importer), specifier.replace(/\.js$/, '.ts'));
  const jsx = `${file}x`;
  return file.endsWith('.ts') && !existsSync(file) && existsSync(jsx) ? jsx : file;
}
