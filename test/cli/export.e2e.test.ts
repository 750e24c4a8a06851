/** `modhaven export` as an admin sees it. */
import { readFile, readdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { makeVersion, proxyFile, writeProxyTree, type MadeVersion } from '../support/stores/versions.js';
import { versionTrees, type VersionTrees } from './support/version-trees.js';

let dir: string;
let tree: string;
let download: string;
let a: MadeVersion;
let b: MadeVersion;
let command: VersionTrees['command'];

beforeEach(async () => {
  ({ dir, tree, download, a, b, command } = await versionTrees());
});

describe('modhaven export', () => {
  beforeEach(() => writeProxyTree(download, a, b));

  it('exports all, and then what is new', async () => {
    expect(await command('export', tree)).toMatchObject({
      code: 0,
      stdout: '2 versions: 2 exported, 0 there before\n',
      stderr: '',
    });
    await writeProxyTree(download, await makeVersion('ex.test/b', 'v1.1.0'));
    expect((await command('export', tree)).stdout).toBe('3 versions: 1 exported, 2 there before\n');
    expect(await readFile(path.join(tree, 'ex.test/b/@v/list'), 'utf8')).toBe('v1.0.0\nv1.1.0\n');
  });

  it('exports what is named, says what is missing, and refuses what go.sum knows otherwise', async () => {
    const sum = path.join(dir, 'go.sum');
    await writeFile(sum, `ex.test/a v1.0.0 ${a.hash}\nex.test/c v1.0.0 h1:c=\nex.test/b v1.0.0 ${a.hash}\n`);
    const { code, stdout } = await command('export', tree, sum);
    expect(code).toBe(1);
    expect(stdout).toMatch(
      /^MISSING ex\.test\/c@v1\.0\.0: it is not in the cache\n {2}to do: .* warm .*fetches it\n/,
    );
    expect(stdout).toContain(
      `SECURITY ERROR ex.test/b@v1.0.0: the zip in the cache does NOT match ${sum}:3\n`,
    );
    expect(stdout).toMatch(/\n1 version: 1 exported, 0 there before\n$/);
    expect(await readdir(path.join(tree, 'ex.test'))).toEqual(['a']);
  });

  it('names a damaged zip and leaves it out', async () => {
    await writeFile(proxyFile(download, 'ex.test/a', 'v1.0.0', 'zip'), b.zip);
    const { code, stdout } = await command('export', tree, '--json');
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({
      ok: false,
      dir: tree,
      summary: { versions: 2, added: 1, damaged: 1, missing: 0, refused: 0 },
      versions: [
        {
          module: 'ex.test/a',
          version: 'v1.0.0',
          outcome: 'damaged',
          faults: [{ part: 'zip', problem: 'it holds ex.test/b@v1.0.0/go.mod' }],
        },
        { module: 'ex.test/b', outcome: 'added' },
      ],
    });
  });

  it('takes versions only', async () => {
    const { code, stderr } = await command('export', tree, 'ex.test/a@latest');
    expect(code).toBe(2);
    expect(stderr).toContain('modhaven: ex.test/a@latest: an export is of versions');
  });
});
