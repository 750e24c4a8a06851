import { describe, expect, it } from 'vitest';
import { FallbackToGit } from '../../../src/vcs/smart-http/fallback-to-git.js';
import {
  fetchRequest,
  lsRefsRequest,
  readCapabilities,
  readPack,
  readRefs,
  type Capabilities,
  type PackRequest,
} from '../../../src/vcs/smart-http/protocol-v2.js';
import type { Packet } from '../../../src/vcs/smart-http/pkt-line.js';
import { packets } from '../../../src/vcs/smart-http/pkt-line.js';
import { answer, heard, inPieces } from './pieces.js';
import { hashOf } from '../../support/git/git-names.js';

const A = hashOf('a'.repeat(40));
const B = hashOf('b'.repeat(40));
const C = hashOf('c'.repeat(40));

/** What is wrong with an answer; an error of another kind is a bug of the reader. */
async function refusal(reading: Promise<unknown>): Promise<FallbackToGit> {
  const error: unknown = await reading.then(
    () => 'no error',
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(FallbackToGit);
  return error as FallbackToGit;
}

/**
 * The same packets again and again, as a host would send that has nothing else to do. Fails the test at an amount that
 * no client should hold.
 */
async function* endless(...again: Packet[]): AsyncGenerator<Packet[]> {
  for (let count = 0; count < 100_000; count += 1) yield await Promise.resolve(again);
  throw new Error('read for ever');
}

describe('readCapabilities', () => {
  const GIT = [
    'version 2\n',
    'agent=git/2.39.5\n',
    'ls-refs=unborn\n',
    'fetch=shallow wait-for-done filter\n',
  ];

  it.each([
    { name: 'as git sends them', before: [] },
    { name: 'after the line of version 0', before: ['# service=git-upload-pack\n', '0000'] },
    { name: 'after that line, without its flush', before: ['# service=git-upload-pack\n'] },
  ])('reads them $name', async ({ before }) => {
    expect(await readCapabilities(heard(...before, ...GIT, 'object-format=sha1\n', '0000'))).toEqual({
      agent: true,
      objectFormat: 'sha1',
      fetch: new Set(['shallow', 'wait-for-done', 'filter']),
    });
  });

  it('reads those of a host that says little, without line ends', async () => {
    expect(await readCapabilities(heard('version 2', 'ls-refs', 'fetch', '0000'))).toMatchObject({
      agent: false,
      objectFormat: undefined,
    });
  });

  it('reads sha256, and values that hold a =', async () => {
    const found = heard(...GIT, 'server-option\n', 'x=a=b\n', 'object-format=sha256\n', '0000');
    expect((await readCapabilities(found)).objectFormat).toBe('sha256');
  });

  it.each([
    { name: 'version 1', lines: ['version 1\n', `${A} HEAD\0multi_ack\n`, '0000'] },
    {
      name: 'version 0',
      lines: [
        '# service=git-upload-pack\n',
        '0000',
        `${A} HEAD\0multi_ack\n`,
        `${A} refs/heads/main\n`,
        '0000',
      ],
    },
    { name: 'version 20', lines: ['version 20\n', 'ls-refs\n', 'fetch=shallow\n', '0000'] },
    { name: 'nothing', lines: [] },
    { name: 'only a flush', lines: ['0000'] },
    { name: 'an error', lines: ['ERR access denied or repository not exported: /x\n'] },
    { name: 'no fetch', lines: ['version 2\n', 'ls-refs\n', '0000'] },
    { name: 'no ls-refs', lines: ['version 2\n', 'fetch=shallow\n', '0000'] },
    { name: 'an unknown format of hashes', lines: [...GIT, 'object-format=sha512\n', '0000'] },
  ])('leaves a host to git, and for a while, that says $name', async ({ lines }) => {
    expect(await refusal(readCapabilities(heard(...lines)))).toMatchObject({ always: true });
  });

  it('takes no list for one that is cut off', async () => {
    await refusal(readCapabilities(heard(...GIT)));
  });

  it('does not read on for ever', async () => {
    await refusal(readCapabilities(endless(Buffer.from('version 2\n'))));
    await refusal(readCapabilities(endless(Buffer.alloc(65_516))));
  });
});

const PLAIN: Capabilities = { agent: false, objectFormat: undefined, fetch: new Set(['shallow', 'filter']) };

describe('requests', () => {
  it('ask for refs: HEAD, branches and tags alone', () => {
    expect(lsRefsRequest({ ...PLAIN, agent: true, objectFormat: 'sha256' })).toBe(
      [
        ...['0013command=ls-refs', '0012agent=modhaven', '0018object-format=sha256', '0001'],
        ...['0008peel', '000bsymrefs', '0013ref-prefix HEAD', '001aref-prefix refs/heads/'],
        ...['0019ref-prefix refs/tags/', '0000'],
      ].join(''),
    );
  });

  const WHAT: PackRequest = { wants: [A], shallow: true, withoutFiles: true, haves: [B, C], cut: [B] };

  it('ask for a commit, and say what is here', () => {
    expect(fetchRequest(PLAIN, WHAT)).toBe(
      answer(
        ...['command=fetch', '0001', 'thin-pack', 'no-progress', 'ofs-delta', `shallow ${B}`, 'deepen 1'],
        ...['filter blob:none', `want ${A}`, `have ${B}`, `have ${C}`, 'done', '0000'],
      ),
    );
  });

  it('ask for files without a depth', () => {
    const what = { wants: [A, B], shallow: false, withoutFiles: false, haves: [], cut: [] };
    expect(fetchRequest({ ...PLAIN, fetch: new Set() }, what)).toBe(
      answer(
        ...['command=fetch', '0001', 'thin-pack', 'no-progress', 'ofs-delta'],
        ...[`want ${A}`, `want ${B}`, 'done', '0000'],
      ),
    );
  });

  it.each(['shallow', 'filter'])('are not made for a host that knows no %s', (lacking) => {
    const fetch = new Set([...PLAIN.fetch].filter((feature) => feature !== lacking));
    expect(() => fetchRequest({ ...PLAIN, fetch }, WHAT)).toThrow(FallbackToGit);
    const without = { ...WHAT, shallow: lacking !== 'shallow', withoutFiles: lacking !== 'filter' };
    expect(fetchRequest({ ...PLAIN, fetch }, without)).not.toContain(
      lacking === 'filter' ? 'filter' : 'deepen',
    );
  });
});

describe('readRefs', () => {
  const read = async (...lines: string[]) => {
    const { refs, defaultBranch } = await readRefs(heard(...lines));
    return { refs: Object.fromEntries(refs), defaultBranch };
  };

  it('reads branches, tags by their commits, and what HEAD stands for', async () => {
    const lines = [
      `${A} HEAD symref-target:refs/heads/release/1.x\n`,
      `${A} refs/heads/release/1.x\n`,
      `${B} refs/tags/v1.0.0\n`,
      `${C} refs/tags/v1.1.0 peeled:${A}\n`,
    ];
    expect(await read(...lines, '0000')).toEqual({
      refs: {
        HEAD: A,
        'refs/heads/release/1.x': A,
        'refs/tags/v1.0.0': B,
        'refs/tags/v1.1.0': A,
      },
      defaultBranch: 'release/1.x',
    });
  });

  it('knows no default branch where HEAD is a commit, or nothing', async () => {
    expect(await read(`${A} HEAD\n`, `${B} refs/heads/main\n`, '0000')).toMatchObject({
      refs: { HEAD: A },
      defaultBranch: undefined,
    });
    expect(await read(`${B} refs/heads/main\n`, '0000')).toMatchObject({ defaultBranch: undefined });
  });

  it('takes the attribute of no other ref for that of HEAD', async () => {
    const lines = [`${A} HEAD\n`, `${A} refs/heads/alias symref-target:refs/heads/main\n`, '0000'];
    expect(await read(...lines)).toMatchObject({ defaultBranch: undefined });
  });

  it('reads an empty repository', async () => {
    expect(await read('0000')).toEqual({ refs: {}, defaultBranch: undefined });
  });

  it('reads sha256, and lines without an end', async () => {
    const long = 'd'.repeat(64);
    expect(await read(`${long} refs/tags/v1.0.0 peeled:${'e'.repeat(64)}`, '0000')).toMatchObject({
      refs: { 'refs/tags/v1.0.0': 'e'.repeat(64) },
    });
  });

  it('leaves out whatever is neither a branch nor a tag, however much a host sends unasked', async () => {
    const names = [
      'refs/changes/01/1/1',
      'refs/pull/7/head',
      'refs/meta/config',
      'refs/headsX',
      'HEADER',
      '',
    ];
    expect((await read(...names.map((name) => `${A} ${name}\n`), '0000')).refs).toEqual({});
  });

  it.each([
    { name: 'cut off', lines: [`${A} refs/heads/main\n`] },
    { name: 'cut off before the first ref', lines: [] },
    { name: 'cut off with a divider of another kind', lines: [`${A} refs/heads/main\n`, '0001'] },
    {
      name: 'followed by something else',
      lines: [`${A} refs/heads/main\n`, '0000', `${B} refs/tags/v1.0.0\n`],
    },
    { name: 'an error', lines: ['ERR upload-pack: not our ref\n'] },
    { name: 'an error in the middle', lines: [`${A} refs/heads/main\n`, 'ERR out of memory\n', '0000'] },
    { name: 'with a hash in capitals', lines: [`${A.toUpperCase()} refs/heads/main\n`, '0000'] },
    { name: 'with a hash that is too short', lines: [`${A.slice(1)} refs/heads/main\n`, '0000'] },
    { name: 'with a commit that is none', lines: [`${A} refs/tags/v1.0.0 peeled:../../x\n`, '0000'] },
    { name: 'of a branch that is not born', lines: ['unborn HEAD symref-target:refs/heads/main\n', '0000'] },
  ])('does not take for a list what is $name', async ({ lines }) => {
    await refusal(readRefs(heard(...lines)));
  });

  it('does not read on for ever', async () => {
    const names = endless(Buffer.from(`${A} refs/heads/${'x'.repeat(60_000)}\n`));
    await refusal(readRefs(names));
  });
});

describe('readPack', () => {
  /** The bytes, and what was said to be without parents before the first of them. */
  async function read(source: AsyncIterable<Packet[]>): Promise<{ bytes: string; cut: string[][] }> {
    const cut: string[][] = [];
    let bytes = '';
    for await (const piece of readPack(source, (commits) => cut.push(commits))) {
      expect(cut).toHaveLength(1);
      bytes += piece.toString('latin1');
    }
    return { bytes, cut };
  }
  const PACK = ['packfile\n', '\x01PACK', '\x02Counting objects: 3\r', '\x01', '\x01 of bytes', '0000'];

  it('reads what comes on the channel of data', async () => {
    expect(await read(heard(...PACK))).toEqual({ bytes: 'PACK of bytes', cut: [[]] });
  });

  it('reads the same however it was cut to pieces', async () => {
    const whole = answer('shallow-info\n', `shallow ${A}\n`, `shallow ${B}\n`, '0001', ...PACK);
    for (let size = 1; size < 30; size += 1) {
      expect(await read(packets(inPieces(whole, size)))).toEqual({ bytes: 'PACK of bytes', cut: [[A, B]] });
    }
  });

  it.each([
    {
      name: 'says what went wrong on the third channel',
      lines: [...PACK.slice(0, 2), '\x03not enough memory'],
    },
    { name: 'uses a channel that does not exist', lines: [...PACK.slice(0, 2), '\x04?', '0000'] },
    { name: 'names no channel', lines: [...PACK.slice(0, 2), '', '0000'] },
    { name: 'answers with an error', lines: ['ERR upload-pack: not our ref'] },
    { name: 'answers with an error in the middle', lines: [...PACK.slice(0, 2), 'ERR gone', '0000'] },
    { name: 'ends without a flush', lines: PACK.slice(0, -1) },
    { name: 'ends with a divider of another kind', lines: [...PACK.slice(0, -1), '0001'] },
    { name: 'goes on after the end', lines: [...PACK, '\x01more', '0000'] },
    { name: 'sends no pack', lines: ['shallow-info\n', `shallow ${A}\n`, '0000'] },
    { name: 'sends nothing', lines: [] },
    { name: 'sends only an end', lines: ['0000'] },
    { name: 'wants to talk about what is here', lines: ['acknowledgments\n', 'NAK\n', '0001', ...PACK] },
    { name: 'points elsewhere', lines: ['packfile-uris\n', `${A} https://cdn.example/x\n`, '0001', ...PACK] },
    {
      name: 'takes back what is without parents',
      lines: ['shallow-info\n', `unshallow ${A}\n`, '0001', ...PACK],
    },
    { name: 'calls no commit shallow', lines: ['shallow-info\n', 'shallow ../../x\n', '0001', ...PACK] },
  ])('leaves it to git where the host $name', async ({ lines }) => {
    await refusal(read(heard(...lines)));
  });

  it('does not listen for ever to what comes without parents', async () => {
    async function* source(): AsyncGenerator<Packet[]> {
      yield [Buffer.from('shallow-info\n')];
      yield* endless(Buffer.from(`shallow ${A}\n`));
    }
    await refusal(read(source()));
  });
});
