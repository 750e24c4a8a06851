import { existsSync } from 'node:fs';
import path from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { purgeVersions, type PurgeOptions } from '../../src/cli/purge.js';
import { makeVersion, proxyFile, writeProxyTree, type MadeVersion } from '../support/stores/versions.js';
import { files } from './support/files.js';

let config: string;
let download: string;
let made: MadeVersion;
beforeEach(async () => {
  const lab = await files({ vanity: 'paths: {}\n' });
  config = lab.config;
  download = path.join(lab.dir, 'data/download');
  made = await makeVersion('ex.test/M', 'v1.0.0');
  await writeProxyTree(download, made);
});

const purge = (versions: string[], options: Partial<PurgeOptions> = {}) =>
  purgeVersions({ config, versions, yes: true, ask: undefined, ...options });
const isThere = () => existsSync(proxyFile(download, 'ex.test/M', 'v1.0.0', 'zip'));

describe('purgeVersions', () => {
  it('removes a version, and says what alone can come back', async () => {
    expect(await purge(['ex.test/M@v1.0.0'])).toEqual({
      text: `purged ex.test/M@v1.0.0; only ${made.hash} can come back\n`,
      ok: true,
    });
    expect(isThere()).toBe(false);
  });

  it('goes on after a version that is not there', async () => {
    expect(await purge(['ex.test/M@v2.0.0', 'ex.test/M@v1.0.0'])).toMatchObject({
      ok: false,
      text: expect.stringMatching(/^ex.test\/M@v2.0.0: nothing of it is in the cache\npurged /) as string,
    });
    expect(isThere()).toBe(false);
  });

  it('asks first, with the names of all, and takes no for an answer', async () => {
    const questions: string[] = [];
    const ask = (text: string) => Promise.resolve(questions.push(text) > 1);
    const wanted = ['ex.test/M@v1.0.0', 'ex.test/n@v1.0.0'];
    expect(await purge(wanted, { yes: false, ask })).toEqual({ text: 'nothing was purged\n', ok: false });
    expect(isThere()).toBe(true);
    expect(questions).toEqual(['Remove ex.test/M@v1.0.0, ex.test/n@v1.0.0 from the cache?']);
    await purge(wanted, { yes: false, ask });
    expect(isThere()).toBe(false);
  });

  it('removes nothing where there is no terminal to ask at', async () => {
    await expect(purge(['ex.test/M@v1.0.0'], { yes: false })).rejects.toMatchObject({
      code: 'CONFIG',
      message: 'purge asks first, and there is no terminal to ask at',
    });
    expect(isThere()).toBe(true);
  });

  it.each(['ex.test/M', 'ex.test/M@', 'ex.test/M@latest', 'ex.test/M@v1', '@v1.0.0', '-x@v1.0.0', ''])(
    'removes nothing where %j is not a version',
    async (wrong) => {
      await expect(purge(['ex.test/M@v1.0.0', wrong])).rejects.toMatchObject({ code: 'CONFIG' });
      expect(isThere()).toBe(true);
    },
  );
});
