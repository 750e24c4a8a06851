import { existsSync } from 'node:fs';
import { mkdir, readdir, utimes, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { findAnswers, removeAnswer, type FoundAnswer } from '../../src/gc/answers.js';
import { LastUses } from '../../src/gc/uses.js';
import { cacheLayout, type CacheLayout } from '../../src/store/paths.js';
import { tempDir } from '../support/tmp.js';

const DB = 'download/sumdb/sum.example';
const AGES = Date.UTC(2024, 0, 1);
let layout: CacheLayout;
beforeEach(async () => {
  layout = cacheLayout(await tempDir('answers'));
});

async function make(name: string, at = AGES): Promise<void> {
  const file = join(layout.root, name);
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, 'x'.repeat(10));
  await utimes(file, at / 1000, at / 1000);
}

async function found({ hasUpstream = true, uses = new Map<string, number>() } = {}) {
  const answers = new Map<string, FoundAnswer>();
  const isReplaceable = (module: string) => !module.startsWith('corp.test/');
  for await (const answer of findAnswers({ layout, uses: new LastUses(uses), isReplaceable, hasUpstream })) {
    answers.set(answer.path, answer);
  }
  return answers;
}

const RECORD = `${DB}/lookup/pub.test/!up@v1.0.0`;

describe('findAnswers', () => {
  it('finds what upstreams and public databases said, and nothing else of the cache', async () => {
    const answers = [
      'upstream/pub.test/!up/@v/list',
      'upstream/pub.test/!up/@latest',
      'upstream/pub.test/!up/@v/main.info',
      RECORD,
      `${DB}/tile/8/0/x001/234`,
      `${DB}/tile/8/1/003.p/17`,
      `${DB}/tile/8/data/000`,
    ];
    const others = [
      'upstream/corp.test/lib/@v/list',
      'upstream/notes',
      'upstream/pub.test/!u!p!/@v/list',
      'upstream/pub.test/!up/@v/.tmp-1-2',
      'private/pub.test/!up/@v/list',
      'download/pub.test/!up/@v/v1.0.0.mod',
      `${DB}/latest`,
      `${DB}/lookup/corp.test/lib@v1.0.0`,
      `${DB}/lookup/noversion`,
      'sumdb/own.example/tile/8/0/000',
      'sumdb/own.example/latest',
    ];
    for (const name of [...answers, ...others]) await make(name);
    const all = await found();
    expect([...all.keys()].sort()).toEqual([...answers].sort());
    expect(all.get(RECORD)).toEqual({ path: RECORD, bytes: 10, lastUsed: AGES, isLast: false });
  });

  it('finds nothing where there is no upstream to ask again', async () => {
    await make(RECORD);
    await make('upstream/pub.test/!up/@v/list');
    expect(await found({ hasUpstream: false })).toEqual(new Map());
  });

  it('has full tiles of hashes go last', async () => {
    const tiles = ['8/0/000', '8/1/000', '8/0/001.p/3', '8/data/000', 'junk'];
    for (const tile of tiles) await make(`${DB}/tile/${tile}`);
    const last = [...(await found()).values()].filter(({ isLast }) => isLast).map(({ path }) => path);
    expect(last.sort()).toEqual([`${DB}/tile/8/0/000`, `${DB}/tile/8/1/000`]);
  });

  it('counts a record as used when its version is, a list when any version of its module is', async () => {
    const [list, other] = ['upstream/pub.test/!up/@v/list', `${DB}/lookup/pub.test/!up@v1.1.0`];
    for (const name of [list, other, RECORD]) await make(name);
    const uses = new Map([['pub.test/Up@v1.0.0', AGES + 5_000]]);
    const all = await found({ uses });
    expect([list, other, RECORD].map((name) => all.get(name)?.lastUsed)).toEqual([
      AGES + 5_000,
      AGES,
      AGES + 5_000,
    ]);
    await make(RECORD, AGES + 9_000);
    expect((await found({ uses })).get(RECORD)?.lastUsed).toBe(AGES + 9_000);
  });
});

describe('removeAnswer', () => {
  it('leaves no empty folders behind', async () => {
    for (const path of [RECORD, 'upstream/pub.test/!up/@v/list', 'upstream/pub.test/b/@latest']) {
      await make(path);
    }
    await removeAnswer(layout, { path: RECORD });
    await removeAnswer(layout, { path: 'upstream/pub.test/!up/@v/list' });
    await removeAnswer(layout, { path: 'upstream/pub.test/!up/@v/list' });
    expect(await readdir(join(layout.upstream, 'pub.test'))).toEqual(['b']);
    expect(existsSync(layout.checksums)).toBe(true);
    expect(await readdir(layout.checksums)).toEqual([]);
  });
});
