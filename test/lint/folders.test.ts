/** No folder of the project has more files on one level than a reader takes in at once. */
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { ROOT } from '../../lint/zones.js';

const MOST = 20;

/** The folders that people read; `docs/json` and the like are below them. */
const TOP = ['src', 'test', 'bench', 'scripts', 'lint', 'docs', 'config', 'deploy', 'demo'];

/** The folders of `files` with more than so many of them on one level: `FOLDER: COUNT`. */
function crowded(files: readonly string[]): string[] {
  const counts = new Map<string, number>();
  for (const file of files) {
    const folder = path.posix.dirname(file);
    counts.set(folder, (counts.get(folder) ?? 0) + 1);
  }
  return [...counts].filter(([, count]) => count > MOST).map(([folder, count]) => `${folder}: ${count}`);
}

function filesOf(folder: string): string[] {
  return readdirSync(path.join(ROOT, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.parentPath.includes('node_modules'))
    .map(({ parentPath, name }) =>
      path.relative(ROOT, path.join(parentPath, name)).split(path.sep).join('/'),
    );
}

describe('a folder', () => {
  it.each(TOP)('of %s has at most 20 files on one level', (folder) => {
    const files = filesOf(folder);
    expect(files).not.toEqual([]);
    expect(crowded(files)).toEqual([]);
  });

  it('with one more is found', () => {
    const files = Array.from({ length: MOST }, (_, index) => `a/b/${index}.ts`);
    expect(crowded([...files, 'a/c.ts'])).toEqual([]);
    expect(crowded([...files, 'a/b/one-more.ts'])).toEqual(['a/b: 21']);
  });
});
