/**
 * Every value that a file of `src` exports is imported by another file of `src`, or by a test of a file that uses it itself.
 * What only tests use belongs into `test`. Types are left alone: they describe what is exported beside them. Prettier and ESLint
 * see to it that exports and imports are written in one form, so they are read as text.
 */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { ROOT } from '../../lint/zones.js';
import { filesBelow } from './source-files.js';

/** What tests need of the program itself, and why it stays there. */
const FOR_TESTS: Readonly<Record<string, string>> = {
  'proxy/gate#openGate': 'the simplest gate there is explains what a gate is',
  'secrets#forgetSecrets':
    'test files share a process, and what one notes would be struck from the texts of the next',
  'yaml/with-schema#keysAt': 'reads the schema by the same code that suggests the nearest key',
};

const read = (dir: string, file: string) => readFileSync(path.join(ROOT, dir, file), 'utf8');

/** What a file of `src` takes from others, as `folder/file#name`; `#*` where it loads the whole of one. */
function takenBy(file: string, text: string): string[] {
  const target = (specifier: string) =>
    path.posix.join(path.posix.dirname(file), specifier).replace(/\.js$/, '');
  const named = [...text.matchAll(/^(?:import|export)(?: type)? \{([^}]*)\} from '(\.[^']*)'/gm)];
  const whole = [...text.matchAll(/(?:import\(|\* as \w+ from |export \* from )'(\.[^']*)'/g)];
  return [
    ...named.flatMap(([, names = '', specifier = '']) =>
      names
        .split(',')
        .map(
          (each) =>
            each
              .trim()
              .replace(/^type /, '')
              .split(' as ')[0] ?? '',
        )
        .map((name) => `${target(specifier)}#${name}`),
    ),
    ...whole.map(([, specifier = '']) => `${target(specifier)}#*`),
  ];
}

function exportedBy(text: string): string[] {
  const exported = text.matchAll(/^export (?:async )?(?:function\*? ?|class |const )(\w+)/gm);
  return [...exported].map(([, name = '']) => name);
}

function isUsedInside(text: string, name: string): boolean {
  const code = text.replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, '');
  return [...code.matchAll(new RegExp(`\\b${name}\\b`, 'g'))].length > 1;
}

it('nothing is exported that only tests need, or that no file reads', () => {
  const sources = filesBelow('src').map((file) => ({ file, text: read('src', file) }));
  const taken = new Set(sources.flatMap(({ file, text }) => takenBy(file, text)));
  const tests = ['test', 'bench', 'scripts'].flatMap((dir) => filesBelow(dir).map((file) => read(dir, file)));
  const unused = sources.flatMap(({ file, text }) => {
    const module = file.replace(/\.tsx?$/, '');
    if (taken.has(`${module}#*`)) return [];
    return exportedBy(text)
      .filter((name) => !taken.has(`${module}#${name}`) && FOR_TESTS[`${module}#${name}`] === undefined)
      .filter((name) => !(isUsedInside(text, name) && tests.some((test) => test.includes(name))))
      .map((name) => `${module}#${name}`);
  });
  expect(unused).toEqual([]);
});
