import { execFile } from 'node:child_process';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { promisify } from 'node:util';
import fc from 'fast-check';
import { extract, pack, type Pack } from 'tar-stream';
import { beforeAll, describe, expect, it } from 'vitest';
import { readTar, type TarEntry } from '../../src/zip/archive-reader.js';
import { repo } from '../support/git/git-repo.js';

interface Read {
  path: string;
  isFile: boolean;
  /** One character for each byte. */
  content: string;
}

/** A path that fits into a ustar header, in two parts; one that does not; and one of 3,000 bytes. */
const LONG_PATHS = [1, 2, 20].map((depth) => `${'d'.repeat(150)}/`.repeat(depth) + 'file');

/** What git makes of everything that changes a header, and of contents around the size of a block. */
async function realArchive(): Promise<Buffer> {
  await using r = await repo();
  const sizes = [0, 1, 511, 512, 513, 1024, 5_000, 70_000];
  r.write(Object.fromEntries(sizes.map((size) => [`size/${size}`, Buffer.alloc(size, `${size} `)])));
  r.write(Object.fromEntries(LONG_PATHS.map((path) => [path, path])));
  r.write({ 'größe/日本語': 'UTF-8', 'run.sh': '#!/bin/sh\n', 'ends in a space ': '', 'a=b': 'c=d' });
  r.mode('run.sh', '100755').symlink('link', 'run.sh').symlink('far', 'x/'.repeat(200));
  r.gitlink('submodule', '0123456789012345678901234567890123456789');
  const commit = await r.commit('everything');
  const args = ['--git-dir', r.gitDir, 'archive', '--format=tar', commit];
  return (await promisify(execFile)('git', args, { encoding: 'buffer' })).stdout;
}

/** The same as another implementation reads it. */
async function readElsewhere(archive: Buffer): Promise<Read[]> {
  const entries: Read[] = [];
  for await (const entry of Readable.from([archive]).pipe(extract())) {
    const { name, type } = entry.header;
    const content = await buffer(entry as AsyncIterable<Buffer>);
    entries.push({ path: name, isFile: type === 'file', content: content.toString('latin1') });
  }
  return entries;
}

function streamOf(archive: Buffer, sizes: readonly number[]): Readable {
  return Readable.from(
    (function* () {
      for (let at = 0, i = 0; at < archive.length; i += 1) {
        const size = sizes[i % sizes.length] ?? archive.length;
        yield archive.subarray(at, at + size);
        at += size;
      }
    })(),
    { objectMode: false },
  );
}

const streamFrom = (archive: Pack): Readable => Readable.from(archive, { objectMode: false });

const WHOLE = async (entry: TarEntry): Promise<Buffer> => entry.whole();
const IN_PIECES = async (entry: TarEntry): Promise<Buffer> => buffer(entry.pieces());

async function read(archive: Readable, contentOf = WHOLE): Promise<Read[]> {
  const entries: Read[] = [];
  for await (const entry of readTar(archive)) {
    const { path, isFile, size } = entry;
    const content = await contentOf(entry);
    expect(content, path).toHaveLength(size);
    entries.push({ path, isFile, content: content.toString('latin1') });
  }
  return entries;
}

describe('readTar', () => {
  let archive: Buffer;
  let expected: Read[];
  beforeAll(async () => {
    archive = await realArchive();
    expected = await readElsewhere(archive);
  });

  it('reads what git archive writes, as another implementation does', async () => {
    expect(expected.filter(({ isFile }) => isFile)).toHaveLength(8 + LONG_PATHS.length + 4);
    expect(expected.map(({ path }) => path)).toEqual(expect.arrayContaining(LONG_PATHS));
    expect(await read(streamOf(archive, [65_536]))).toEqual(expected);
  });

  it.each([
    { name: 'whole', contentOf: WHOLE },
    { name: 'in pieces', contentOf: IN_PIECES },
    { name: 'now so, now so, now not at all', contentOf: undefined },
  ])('does not care how the stream is cut, with contents read $name', async ({ contentOf }) => {
    const cuts = fc.array(fc.integer({ min: 1, max: 20_000 }), { minLength: 1, maxLength: 5 });
    await fc.assert(
      fc.asyncProperty(
        cuts.filter((sizes) => sizes.some((size) => size > 500)),
        async (sizes) => {
          let turn = 0;
          const skipped = new Set<string>();
          const alternating = async (entry: TarEntry): Promise<Buffer> => {
            turn += 1;
            if (turn % 3 !== 0) return turn % 3 === 1 ? WHOLE(entry) : IN_PIECES(entry);
            skipped.add(entry.path);
            return Buffer.alloc(entry.size);
          };
          const entries = await read(streamOf(archive, sizes), contentOf ?? alternating);
          expect(entries.filter(({ path }) => !skipped.has(path))).toEqual(
            expected.filter(({ path }) => !skipped.has(path)),
          );
          expect(entries.map(({ path }) => path)).toEqual(expected.map(({ path }) => path));
        },
      ),
      { numRuns: 20 },
    );
  });

  it('passes over the rest of a content that was read in part', async () => {
    const paths: string[] = [];
    for await (const entry of readTar(streamOf(archive, [1_000]))) {
      paths.push(entry.path);
      for await (const piece of entry.pieces()) if (piece.length > 0) break;
    }
    expect(paths).toEqual(expected.map(({ path }) => path));
  });

  it('knows sizes that no field of a header can hold', async () => {
    const size = 9 * 1024 ** 3;
    const stream = pack();
    const entry = stream.entry({ name: 'huge', size, pax: { size: String(size) } });
    entry.on('error', () => undefined);
    for await (const { path, size: told } of readTar(streamFrom(stream))) {
      expect([path, told]).toEqual(['huge', size]);
      break;
    }
    stream.destroy();
  });

  it('tells an archive that is cut off from one that ended, wherever it is cut', async () => {
    const end = archive.findLastIndex((byte) => byte !== 0);
    for (let length = 0; length <= end; length += 257) {
      await expect(read(streamOf(archive.subarray(0, length), [4_096])), `${length} bytes`).rejects.toThrow(
        'ended before its end',
      );
    }
  });

  it('waits for the end of the stream, which may tell of a failure after the last file', async () => {
    const failing = Readable.from(
      // eslint-disable-next-line @typescript-eslint/require-await -- as async iterables are asked for
      (async function* () {
        yield archive;
        throw new Error('git failed after all');
      })(),
      { objectMode: false },
    );
    await expect(read(failing)).rejects.toThrow('git failed after all');
  });

  it.each([
    { name: 'a wrong checksum', offset: 148, message: 'checksum' },
    { name: 'a name that is another one', offset: 3, message: 'checksum' },
    { name: 'a size that is another one', offset: 130, message: 'checksum' },
  ])('refuses a header with $name', async ({ offset, message }) => {
    const damaged = Buffer.from(archive);
    damaged[1024 + offset] = (damaged[1024 + offset] ?? 0) ^ 1;
    await expect(read(streamOf(damaged, [65_536]))).rejects.toThrow(message);
  });

  it('holds no header of any size', async () => {
    const stream = pack();
    stream.entry({ name: 'x', pax: { comment: 'x'.repeat(2 * 1024 * 1024) } }, 'content');
    stream.finalize();
    await expect(read(streamFrom(stream))).rejects.toThrow('a header is too large');
  });
});
