import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { init } from '../../src/cli/init.js';
import { loadConfig } from '../../src/config/load-config.js';
import { loadVanity } from '../../src/vanity/vanity-file.js';
import { tempDir } from '../support/tmp.js';

describe('init', () => {
  it('writes two files that say what the flags say, and what to do next', async () => {
    const dir = path.join(await tempDir('init'), 'new');
    const git = 'ssh://git@git.example.com:29418/go/{name}';
    const text = await init({ dir, host: 'go.example.com', git, ask: undefined });
    const config = loadConfig(path.join(dir, 'modhaven.yaml'), {});
    const map = loadVanity(config.vanityFile, { defaultHost: '' });
    expect(map.resolve('go.example.com/tools/cmd')?.repos[0]?.url).toBe(
      'ssh://git@git.example.com:29418/go/tools',
    );
    expect(config.cacheDir).toBe(path.join(dir, 'data'));
    expect(text).toContain(`modhaven check --config ${dir}/modhaven.yaml`);
  });

  it('asks for what the flags leave out; an empty answer takes the default', async () => {
    const dir = await tempDir('init');
    const questions: string[] = [];
    await init({
      dir,
      ask: (question) => {
        questions.push(question);
        return Promise.resolve(question.includes('host') ? 'corp.example' : '');
      },
    });
    expect(questions).toHaveLength(2);
    const map = loadVanity(path.join(dir, 'vanity.yaml'), { defaultHost: '' });
    expect(map.resolve('corp.example/x')?.repos[0]?.url).toBe('https://gitlab.corp.example/go/x.git');
  });

  it('replaces nothing, and writes no file when one of the two is there', async () => {
    const dir = await tempDir('init');
    await writeFile(path.join(dir, 'vanity.yaml'), 'mine');
    await expect(init({ dir, yes: true, ask: undefined })).rejects.toThrow('vanity.yaml exists already');
    expect(await readFile(path.join(dir, 'vanity.yaml'), 'utf8')).toBe('mine');
    await expect(readFile(path.join(dir, 'modhaven.yaml'))).rejects.toThrow('ENOENT');
  });

  it('names files in words that a shell takes as they are', async () => {
    const dir = path.join(await tempDir('init'), "Bob's files");
    const text = await init({ dir, host: 'a.corp', git: 'ssh://h/{name}', ask: undefined });
    expect(text).toContain(`modhaven serve --config '${path.dirname(dir)}/Bob'\\''s files/modhaven.yaml'`);
  });

  it.runIf(process.platform === 'linux')('ends where no folder can be made', async () => {
    await expect(init({ dir: '/proc/nope/x', yes: true, ask: undefined })).rejects.toMatchObject({
      code: 'CONFIG',
      message: '/proc/nope/x/modhaven.yaml cannot be written',
    });
  });

  it('refuses answers that make no rule, and to ask where there is no terminal', async () => {
    const dir = await tempDir('init');
    await expect(init({ dir, host: 'a.corp', git: 'ftp://x/{name}', ask: undefined })).rejects.toThrow('ftp');
    await expect(init({ dir, ask: undefined })).rejects.toThrow('no terminal');
  });
});
