/** One repository under many spellings, as on a git host that ignores case: here, links in a folder. */
import { symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { beforeEach, describe, expect, it } from 'vitest';
import { GitSource } from '../../src/modfetch/git-source.js';
import { createRepoRoots } from '../../src/modfetch/repo-root.js';
import type { ModulePath } from '../../src/module/module-path.js';
import { parseVanity } from '../../src/vanity/vanity-file.js';
import { createCodeHost } from '../../src/vcs/code-host.js';
import type { CodeHost } from '../../src/vcs/types.js';
import { repo, type GitRepo } from '../support/git/git-repo.js';
import { missing } from '../support/requirements.js';
import { sealedEnv } from '../support/run.js';
import { tempDir } from '../support/tmp.js';
import { settingsOf } from '../vcs/lab.js';

describe.skipIf(missing('git'))('a repository under many spellings', () => {
  let home: GitRepo;
  let folder: string;
  let source: GitSource;

  async function begin(files: Record<string, string>, named?: string): Promise<void> {
    home = await repo();
    await home.at('2024-01-02T03:04:05Z').write(files).commit('first');
    await home.tag('v1.0.0');
    folder = await tempDir('spellings');
    for (const name of ['lib', 'Lib', 'LIB', 'lIb', 'liB', 'LIb', 'LiB']) {
      await symlink(home.dir, join(folder, name));
    }
    const rules = ['{name}', ...(named === undefined ? [] : [named])].map(
      (name) => `  /${name}: ${pathToFileURL(folder).href}/${name}\n`,
    );
    const text = `host: corp.test\npaths:\n${rules.join('')}`;
    const map = parseVanity(text, '/srv/vanity.yaml', { defaultHost: '' });
    const host: CodeHost = createCodeHost({
      dir: await tempDir('vcs'),
      settings: () => settingsOf(),
      env: sealedEnv(),
    });
    const refreshMs = () => 60_000;
    const roots = createRepoRoots({ candidates: (path) => map.candidates(path), host, refreshMs });
    source = new GitSource({ roots, host, refreshMs });
  }
  const module = (name: string) => `corp.test/${name}` as ModulePath;
  const refused = {
    code: 'MODULE_NOT_FOUND',
    message: expect.stringContaining('declares corp.test/lib') as string,
  };

  describe('with a go.mod', () => {
    beforeEach(() => begin({ 'go.mod': 'module corp.test/lib\n' }));

    it('is served as what go.mod declares alone, whichever is asked for first', async () => {
      await expect(source.mod(module('Lib'), 'v1.0.0')).rejects.toMatchObject(refused);
      await expect(source.zip(module('LIB'), 'v1.0.0')).rejects.toMatchObject(refused);
      await expect(source.info(module('LIB'), 'main')).rejects.toMatchObject(refused);
      await expect(source.list(module('lIb'))).rejects.toMatchObject(refused);
      await expect(source.mod(module('lib'), 'v1.0.0')).resolves.toHaveProperty('mod');
      await expect(source.list(module('lib'))).resolves.toMatchObject({ versions: ['v1.0.0'] });
    });
  });

  it('is served as it is where the spelling of go.mod leads nowhere, or elsewhere', async () => {
    await begin({ 'go.mod': 'module corp.test/lIB\n' });
    await expect(source.mod(module('lib'), 'v1.0.0')).resolves.toHaveProperty('mod');
    const other = await repo();
    await other.at('2024-01-02T03:04:05Z').write({ 'go.mod': 'module corp.test/lIB\n' }).commit('another');
    await symlink(other.dir, join(folder, 'lIB'));
    await expect(source.mod(module('Lib'), 'v1.0.0')).resolves.toHaveProperty('mod');
  });

  it('is served as a few spellings where there is no go.mod', async () => {
    await begin({ 'x.go': 'package x\n' });
    for (const name of ['lib', 'Lib', 'LIB', 'lIb']) {
      await expect(source.mod(module(name), 'v1.0.0')).resolves.toHaveProperty('mod');
    }
    await expect(source.mod(module('liB'), 'v1.0.0')).rejects.toMatchObject({ code: 'MODULE_NOT_FOUND' });
    await expect(source.list(module('LIb'))).rejects.toMatchObject({ code: 'MODULE_NOT_FOUND' });
  });

  it('is served by its right path without a go.mod, however many wrong ones were asked for before', async () => {
    await begin({ 'x.go': 'package x\n' }, 'lIb');
    for (const name of ['LIB', 'Lib', 'liB', 'LIb']) {
      await source.mod(module(name), 'v1.0.0');
    }
    const refused = { code: 'MODULE_NOT_FOUND', remedy: expect.stringContaining('add a go.mod') as string };
    await expect(source.mod(module('LiB'), 'v1.0.0')).rejects.toMatchObject(refused);
    // In lower case, and as a rule says that has no placeholder.
    for (const name of ['lib', 'lIb']) {
      await expect(source.mod(module(name), 'v1.0.0')).resolves.toHaveProperty('mod');
      await expect(source.list(module(name))).resolves.toMatchObject({ versions: ['v1.0.0'] });
    }
  });
});
