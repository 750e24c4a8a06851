import { createHash } from 'node:crypto';
import { mkdir, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import {
  isAsNoted,
  packedRefs,
  readHistoryNote,
  writeHistoryNote,
} from '../../../src/vcs/mirror/history-note.js';
import { tempDir } from '../../support/tmp.js';

const REFS = 'a'.repeat(64);
const [ONE, TWO, TAG] = ['1', '2', '3'].map((digit) => digit.repeat(40)) as [string, string, string];

let dir: string;
beforeEach(async () => {
  dir = await tempDir('history');
  await mkdir(join(dir, 'objects/pack'), { recursive: true });
  await writeFile(join(dir, 'objects/pack/pack-1.pack'), 'PACK');
  await writeFile(join(dir, 'objects/pack/pack-1.idx'), 'index');
  await writeFile(join(dir, 'objects/pack/pack-1.rev'), 'not needed');
  await writeFile(join(dir, 'packed-refs'), `${ONE} refs/heads/main\n`);
});

async function noted(refs?: string) {
  await writeHistoryNote(dir, refs);
  const note = await readHistoryNote(dir);
  if (note === undefined) throw new Error('no note');
  return note;
}

const noteOf = (content: string) => ({
  size: content.length,
  sha256: createHash('sha256').update(content).digest('hex'),
});

describe('a note', () => {
  it('names what holds the history, and the refs that lead to it where they are known', async () => {
    expect(await noted(REFS)).toEqual({
      refs: REFS,
      files: new Map([
        ['packed-refs', noteOf(`${ONE} refs/heads/main\n`)],
        ['objects/pack/pack-1.idx', noteOf('index')],
        ['objects/pack/pack-1.pack', noteOf('PACK')],
      ]),
    });
    expect((await noted()).refs).toBeUndefined();
  });

  it.each([
    ['nothing', ''],
    ['the note of an earlier program', REFS],
    ['a note that was torn', `${REFS}\n4 ${'b'.repeat(64)} objects/pack/pack-1.pack\n`],
    ['garbage', '\0\0\0\0'],
  ])('is not %s', async (_name, text) => {
    await writeFile(join(dir, 'modhaven-refs'), text);
    expect(await readHistoryNote(dir)).toBeUndefined();
  });

  it('is none where there is no file', async () => {
    expect(await readHistoryNote(dir)).toBeUndefined();
    expect(await readHistoryNote(join(dir, 'nowhere'))).toBeUndefined();
  });
});

describe('what is noted', () => {
  it('is there, whatever else has come', async () => {
    const note = await noted();
    await writeFile(join(dir, 'objects/pack/pack-2.pack'), 'more');
    expect(await isAsNoted(dir, note)).toBe(true);
  });

  const idx = () => join(dir, 'objects/pack/pack-1.idx');
  it.each<[string, () => Promise<unknown>]>([
    ['a pack is cut', () => truncate(join(dir, 'objects/pack/pack-1.pack'), 2)],
    ['an index is gone', () => rm(idx())],
    ['an index has another byte', () => writeFile(idx(), 'Index')],
    ['the refs are gone', () => rm(join(dir, 'packed-refs'))],
    ['all is gone', () => rm(dir, { recursive: true })],
    ['a link leads to itself', () => rm(idx()).then(() => symlink('pack-1.idx', idx()))],
    ['a folder is in its place', () => rm(idx()).then(() => mkdir(idx()))],
  ])('is not there where %s', async (_name, damage) => {
    const note = await noted();
    await damage();
    expect(await isAsNoted(dir, note)).toBe(false);
  });
});

it('reads branches and tags, annotated ones with what they stand for', async () => {
  const lines = [
    '# pack-refs with: peeled fully-peeled sorted ',
    `${ONE} refs/heads/main`,
    `${TWO} refs/modhaven/${TWO}`,
    `${TAG} refs/tags/v1.0.0`,
    `^${ONE}`,
    `${TWO} refs/tags/v1.1.0`,
  ];
  await writeFile(join(dir, 'packed-refs'), `${lines.join('\n')}\n`);
  expect(Object.fromEntries(await packedRefs(dir))).toEqual({
    'refs/heads/main': ONE,
    'refs/tags/v1.0.0': ONE,
    'refs/tags/v1.1.0': TWO,
  });
  await rm(join(dir, 'packed-refs'));
  expect((await packedRefs(dir)).size).toBe(0);
});
