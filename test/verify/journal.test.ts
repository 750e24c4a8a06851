import { appendFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import type { Comparison } from '../../src/verify/compare-version.js';
import { openJournal } from '../../src/verify/journal.js';
import { tempDir } from '../support/tmp.js';

const SAME: Comparison = {
  module: 'ex.test/m',
  version: 'v1.0.0',
  verdict: 'same',
  home: ['https://new/m'],
  stored: { zip: 'h1:a', mod: 'h1:b' },
};
let file: string;
beforeEach(async () => {
  file = join(await tempDir('journal'), 'results');
});

const lines = async () => (await readFile(file, 'utf8')).split('\n').slice(0, -1);

describe('openJournal', () => {
  it('finds what an earlier run found', async () => {
    const journal = await openJournal(file);
    expect(journal.find(SAME)).toBeUndefined();
    await journal.add(SAME);
    // Within a run each version is compared once.
    expect(journal.find(SAME)).toBeUndefined();
    expect((await openJournal(file)).find(SAME)).toEqual(SAME);
  });

  it.each<[what: string, changed: Partial<Comparison>]>([
    ['module', { module: 'ex.test/n' }],
    ['version', { version: 'v1.0.1' }],
    ['home', { home: ['https://other/m'] }],
    ['order of homes', { home: ['https://new/m', 'https://new/n'] }],
    ['stored zip', { stored: { zip: 'h1:c', mod: 'h1:b' } }],
    ['stored go.mod', { stored: { zip: 'h1:a' } }],
    ['stored commit', { stored: { zip: 'h1:a', mod: 'h1:b', commit: '12' } }],
  ])('does not take a result for that of another %s', async (_, changed) => {
    await (await openJournal(file)).add(SAME);
    expect((await openJournal(file)).find({ ...SAME, ...changed })).toBeUndefined();
  });

  it('does not depend on the order of what is stored', async () => {
    await (await openJournal(file)).add(SAME);
    expect((await openJournal(file)).find({ ...SAME, stored: { mod: 'h1:b', zip: 'h1:a' } })).toEqual(SAME);
  });

  it('has a version that could not be reached compared again; the last result counts', async () => {
    const journal = await openJournal(file);
    await journal.add(SAME);
    await journal.add({ ...SAME, verdict: 'unreachable' });
    expect((await openJournal(file)).find(SAME)).toBeUndefined();
    await (await openJournal(file)).add({ ...SAME, verdict: 'different' });
    expect((await openJournal(file)).find(SAME)).toMatchObject({ verdict: 'different' });
  });

  it('writes whole lines in order, however many come at once', async () => {
    const journal = await openJournal(file);
    const all = Array.from({ length: 50 }, (_, i) => ({ ...SAME, version: `v1.0.${i}` as const }));
    await Promise.all(all.map((each) => journal.add(each)));
    expect((await lines()).map((line) => JSON.parse(line) as unknown)).toEqual(all);
  });

  it('drops a last line that was cut off, and goes on behind the others', async () => {
    await (await openJournal(file)).add(SAME);
    await appendFile(file, '{"module":"ex.test/ü","ver');
    const journal = await openJournal(file);
    await journal.add({ ...SAME, version: 'v2.0.0' });
    expect((await lines()).map((line) => (JSON.parse(line) as Comparison).version)).toEqual([
      'v1.0.0',
      'v2.0.0',
    ]);
  });

  it.each([
    ['text\n', 1],
    ['text', 1],
    [`${JSON.stringify(SAME)}\n{}\n`, 2],
    [`${JSON.stringify(SAME)}\n\n`, 2],
    [`${JSON.stringify({ ...SAME, verdict: 'fine' })}\n`, 1],
    [`${JSON.stringify(SAME)}\n#!/bin/sh`, 2],
  ])('changes nothing in a file of another kind: %j', async (content, line) => {
    await writeFile(file, content);
    await expect(openJournal(file)).rejects.toMatchObject({
      code: 'CONFIG',
      message: `${file}:${line}: this is not a result of modhaven verify`,
    });
    expect(await readFile(file, 'utf8')).toBe(content);
  });

  it('says that it cannot be written before anything is compared', async () => {
    await mkdir(file);
    await expect(openJournal(file)).rejects.toMatchObject({
      code: 'CONFIG',
      message: `${file}: the result file of --resume cannot be used`,
    });
    await expect(openJournal(join(file, 'no/such'))).rejects.toMatchObject({
      remedy: 'name a file that can be written',
    });
  });
});
