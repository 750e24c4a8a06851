/** Paths that the documentation names exist. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const PROJECT = fileURLToPath(new URL('../..', import.meta.url));

const PAGES = [
  ...['README.md', 'CONTRIBUTING.md', 'SECURITY.md', 'bench/README.md'],
  ...['docs', 'docs/decisions'].flatMap((folder) =>
    readdirSync(path.join(PROJECT, folder))
      .filter((name) => name.endsWith('.md'))
      .map((name) => `${folder}/${name}`),
  ),
];

function textOf(page: string): string {
  return readFileSync(path.join(PROJECT, page), 'utf8');
}

/**
 * Paths that begin with a folder of the project: code spans of nothing else, and tests wherever they stand (in a command,
 * in a sentence). Those with a placeholder in capitals are left out.
 */
function namedPaths(text: string): string[] {
  const spans = text.matchAll(/`((?:src|test|docs|bench|lint|config)\/[\w./-]*)`/g);
  const tests = text.matchAll(/(?<![\w/.])(test\/[\w./-]+\.test\.ts)\b/g);
  return [...spans, ...tests].map(([, name = '']) => name).filter((name) => !/[A-Z]{3}/.test(name));
}

/** Targets of links to files, without their fragment. */
function linkedFiles(text: string): string[] {
  return [...text.matchAll(/\]\(([^)#\s]+)/g)]
    .map(([, target = '']) => target)
    .filter((target) => !/^[a-z]+:/.test(target));
}

describe.each(PAGES)('%s', (page) => {
  it('names only paths that exist', () => {
    const missing = namedPaths(textOf(page)).filter((name) => !existsSync(path.join(PROJECT, name)));
    expect(missing).toEqual([]);
  });

  it('links only to files that exist', () => {
    const missing = linkedFiles(textOf(page)).filter(
      (target) => !existsSync(path.join(PROJECT, path.dirname(page), target)),
    );
    expect(missing).toEqual([]);
  });
});

describe('docs/architecture.md', () => {
  it('says of every folder of src what it knows', () => {
    const table = [...textOf('docs/architecture.md').matchAll(/^\| `src\/([\w-]+)` \|/gm)];
    const folders = readdirSync(path.join(PROJECT, 'src'), { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => name);
    expect(table.map(([, name = '']) => name).sort()).toEqual(folders.sort());
  });
});

describe('docs/reliability.md', () => {
  it('names test files that exist for every fault', () => {
    const tables = textOf('docs/reliability.md')
      .split('\n\n')
      .filter((block) => block.startsWith('| fault | promise | test |'));
    const rows = [...tables.join('\n').matchAll(/^\|(.*)\|(.*)\|(.*)\|$/gm)].filter(
      ([row]) => !/^\| (?:fault|---) /.test(row),
    );
    expect(rows.length).toBeGreaterThan(25);
    for (const [row, , , tests = ''] of rows) {
      const names = [...tests.matchAll(/`(test\/\S+\.test\.ts)`/g)].map(([, name = '']) => name);
      expect(names, row).not.toEqual([]);
      for (const name of names) expect(existsSync(path.join(PROJECT, name)), row).toBe(true);
    }
  });
});

describe('SECURITY.md', () => {
  it('names test files that exist for every threat', () => {
    const rows = [...textOf('SECURITY.md').matchAll(/^\|(.*)\|(.*)\|(.*)\|$/gm)].filter(
      ([row]) => !/^\| (?:threat|---) /.test(row),
    );
    expect(rows.length).toBeGreaterThan(25);
    for (const [row, , , tests = ''] of rows) {
      const names = [...tests.matchAll(/`(test\/\S+\.test\.ts)`/g)].map(([, name = '']) => name);
      expect(names, row).not.toEqual([]);
      for (const name of names) expect(existsSync(path.join(PROJECT, name)), name).toBe(true);
    }
  });
});
