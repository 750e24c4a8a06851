/** docs/coming-from.md: the files of other servers, and the commands that take them over. */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { parseVanity } from '../../src/vanity/vanity-file.js';
import { guideBlock, guideBlocks } from '../support/guide.js';
import { modhaven } from '../support/server.js';
import { tempDir } from '../support/tmp.js';
import { makeVersion, writeProxyTree } from '../support/stores/versions.js';

const GUIDE = 'coming-from.md';

describe(`docs/${GUIDE}`, () => {
  let dir: string;
  beforeAll(async () => {
    dir = await tempDir('coming-from');
    await writeFile(
      path.join(dir, 'vanity.yaml'),
      guideBlock(GUIDE, ({ file }) => file === 'vanity.yaml'),
    );
    await writeFile(
      path.join(dir, 'sally.yaml'),
      guideBlock(GUIDE, ({ file }) => file === 'sally.yaml'),
    );
    await writeFile(path.join(dir, 'modhaven.yaml'), '');
  });

  /** The commands below a heading, each as the words after `modhaven`. */
  const commands = (heading: string) =>
    guideBlocks(GUIDE)
      .filter((block) => block.heading === heading && block.language === 'sh')
      .flatMap(({ text }) => text.trim().split('\n'))
      .map((line) => line.split(' ').slice(1));

  it('reads the file of govanityurls without a warning', async () => {
    const text = await readFile(path.join(dir, 'vanity.yaml'), 'utf8');
    const map = parseVanity(text, 'vanity.yaml', { defaultHost: '' });
    expect([map.rules.length, map.warnings, map.cacheMaxAge]).toEqual([2, [], 3600]);
  });

  it('imports the cache of goproxy, as the page says', async () => {
    const tree = path.join(dir, 'goproxy');
    await mkdir(tree);
    await writeProxyTree(tree, await makeVersion('ex.test/m', 'v1.0.0'));
    const [, args = []] = commands('goproxy and govanityurls');
    const { code, stdout } = await modhaven(
      args.map((word) => word.replace('/var/cache/goproxy', tree)),
      { cwd: dir },
    );
    expect([code, stdout.trim().split('\n').at(-1)]).toEqual([0, '1 version: 1 imported, 0 there before']);
  });

  it('makes rules of sally.yaml, as the page says', async () => {
    const [convert = [], check = []] = commands('sally');
    expect(await modhaven(convert, { cwd: dir })).toMatchObject({ code: 0, stderr: '' });
    const text = await readFile(path.join(dir, 'new', 'vanity.yaml'), 'utf8');
    const map = parseVanity(text, 'vanity.yaml', { defaultHost: '' });
    expect(map.resolve('go.mycompany.com/metrics')?.repos[0]?.url).toBe(
      'https://gitlab.mycompany.com/go/metrics.git',
    );
    expect(check).toEqual(['check', '--config', 'new/modhaven.yaml']);
  });
});
