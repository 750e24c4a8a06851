/** The table of lint/zones.js is really what ESLint enforces: every import that it does not allow is planted once. */
import path from 'node:path';
import { ESLint, type Linter } from 'eslint';
import { createNodeResolver, importX } from 'eslint-plugin-import-x';
import tseslint from 'typescript-eslint';
import { describe, expect, it } from 'vitest';
import noCycle from '../../lint/no-cycle.js';
import {
  allowedFor,
  assertTableIsComplete,
  MAY_IMPORT,
  ONLY_IN,
  PURE,
  ROOT,
  zoneConfigs,
  zoneOf,
  zonesOnDisk,
} from '../../lint/zones.js';
import projectConfig from '../../eslint.config.js';
import { importsOf, sourceFiles } from './source-files.js';

const ZONES = Object.keys(MAY_IMPORT);

/** Only what is tried here, without types: a text takes milliseconds. */
const eslint = new ESLint({
  cwd: ROOT,
  overrideConfigFile: true,
  overrideConfig: [
    {
      files: ['**/*.ts'],
      languageOptions: { parser: tseslint.parser },
      plugins: { 'import-x': importX, local: { rules: { 'no-cycle': noCycle } } },
      settings: { 'import-x/resolver-next': [createNodeResolver({ extensionAlias: { '.js': ['.ts'] } })] },
      rules: { 'local/no-cycle': 'error' },
    },
    ...zoneConfigs(),
  ],
});

/** A file of each zone that is there, relative to `src`. */
const fileOf = new Map(sourceFiles().map((file) => [zoneOf(file), file]));

/** The complaints about a text as if it were a new file of `zone` (or, for a file in `src`, its content). */
async function complaints(zone: string, text: string): Promise<Linter.LintMessage[]> {
  const name = zone.endsWith('.ts') ? zone : `${zone}/planted.ts`;
  const [result] = await eslint.lintText(text, { filePath: path.join(ROOT, 'src', name) });
  return result?.messages ?? [];
}

/** How a file of `zone` writes an import of a file, given relative to `src`. */
function specifier(zone: string, file: string): string {
  const from = path.posix.relative(zone.endsWith('.ts') ? '.' : zone, file).replace(/\.ts$/, '.js');
  return from.startsWith('.') ? from : `./${from}`;
}

describe('the table of zones', () => {
  it('has a row for every folder, and no other', () => {
    expect(ZONES.toSorted()).toEqual(zonesOnDisk());
    expect(assertTableIsComplete).not.toThrow();
  });

  it('goes from the bottom up, so that there is no cycle of folders', () => {
    const upwards = ZONES.flatMap((zone, row) =>
      (MAY_IMPORT[zone] ?? [])
        .filter((name) => ZONES.indexOf(name) >= row)
        .map((name) => `${zone} → ${name}`),
    );
    expect(upwards).toEqual([]);
  });

  it('allows no import that is not there', () => {
    const used = new Set(
      sourceFiles().flatMap((file) => importsOf(file).map((name) => `${zoneOf(file)} → ${zoneOf(name)}`)),
    );
    const unused = ZONES.flatMap((zone) => (MAY_IMPORT[zone] ?? []).map((name) => `${zone} → ${name}`));
    expect(unused.filter((arrow) => !used.has(arrow))).toEqual([]);
  });

  it('is part of the configuration of the project', () => {
    const names = projectConfig.map(({ name }) => name);
    expect(ZONES.filter((zone) => !names.includes(`zone ${zone}`))).toEqual([]);
  });
});

describe('an import that the table does not allow', () => {
  it.each(ZONES)('is refused in %s, from every zone', async (zone) => {
    const others = ZONES.filter((other) => other !== zone);
    const text = others
      .map((other) => `import '${specifier(zone, fileOf.get(other) ?? 'missing.ts')}';\n`)
      .join('');
    const messages = (await complaints(zone, text)).filter(
      ({ ruleId }) => ruleId === 'import-x/no-restricted-paths',
    );
    const refused = messages.map(({ line }) => others[line - 1]);
    const allowed = allowedFor(zone);
    expect(refused).toEqual(others.filter((other) => !allowed.includes(other)));
  });

  it.each([
    ['a type', `import type { Server } from '../proxy/server.js';\nexport type S = Server;\n`],
    ['a re-export', `export * from '../proxy/server.js';\n`],
    ['a named re-export', `export { server } from '../proxy/server.js';\n`],
    ['import()', `export const later = async () => import('../proxy/server.js');\n`],
    ['a test', `import '../../test/support/run.js';\n`],
    ['a bench', `import '../../bench/main.js';\n`],
  ])('is refused as %s', async (_, text) => {
    const messages = await complaints('module', text);
    expect(messages.map(({ ruleId }) => ruleId)).toContain('import-x/no-restricted-paths');
  });

  it.each(Object.entries(ONLY_IN))('is refused for %s outside its zones', async (name, zones) => {
    const refusedIn = [];
    for (const zone of ZONES) {
      const messages = await complaints(zone, `import '${name}';\n`);
      if (messages.some(({ ruleId }) => ruleId === 'no-restricted-imports')) refusedIn.push(zone);
    }
    expect(refusedIn).toEqual(ZONES.filter((zone) => !zones.includes(zone)));
  });

  it.each(PURE)('is refused for whatever is not computing in %s', async (zone) => {
    const names = ['node:fs', 'node:fs/promises', 'node:http', 'node:child_process', 'pino', 'lru-cache'];
    const messages = await complaints(zone, names.map((name) => `import '${name}';\n`).join(''));
    expect(messages.filter(({ ruleId }) => ruleId === 'no-restricted-imports')).toHaveLength(names.length);
    expect(await complaints(zone, `import 'node:crypto';\n`)).toEqual([]);
  });
});

describe('a cycle', () => {
  // go-mod.ts imports semver.ts, so semver.ts may not import go-mod.ts.
  const SEMVER = path.join(ROOT, 'src/module/semver.ts');

  it.each([
    ['of values', `import { parseGoMod } from './go-mod.js';\nexport { parseGoMod };\n`],
    ['of types', `import type { GoMod } from './go-mod.js';\nexport type M = GoMod;\n`],
    ['by import()', `export const later = async () => import('./go-mod.js');\n`],
    ['by a re-export', `export * from './go-mod.js';\n`],
    ['of one file', `import './semver.js';\n`],
  ])('%s is refused', async (_, text) => {
    const [result] = await eslint.lintText(text, { filePath: SEMVER });
    const cycles = result?.messages.filter(({ ruleId }) => ruleId === 'local/no-cycle');
    expect(cycles).toHaveLength(1);
    expect(cycles?.[0]?.message).toContain('src/module/semver.ts → ');
  });
});
