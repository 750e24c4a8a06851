import { createHash, randomBytes } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { Writable } from 'node:stream';
import { crc32 } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createZipWriter, type ZipWriter } from '../../src/zip/writer.js';
import { goClient } from '../support/go.js';
import { missing } from '../support/requirements.js';
import { mustRun } from '../support/run.js';
import { tempDir } from '../support/tmp.js';
import { collector, readZip } from './read-zip.js';

const STORED = 0;
const DEFLATED = 8;
const MIB = 1024 * 1024;

const NOISE = randomBytes(2 * MIB);
const PROSE = Buffer.from('All that is gold does not glitter. '.repeat(60_000));

async function zipOf(build: (writer: ZipWriter) => Promise<void>): Promise<Buffer> {
  const sink = collector();
  const writer = createZipWriter(sink);
  await build(writer);
  await writer.finish();
  return sink.bytes();
}

// eslint-disable-next-line @typescript-eslint/require-await -- as async iterables are asked for
async function* pieces(content: Buffer, ...sizes: number[]): AsyncGenerator<Buffer> {
  for (let at = 0, i = 0; at < content.length; i += 1) {
    const size = sizes[i % sizes.length] ?? content.length;
    yield content.subarray(at, at + size);
    at += size;
  }
}

/** A zip with everything the writer can do. */
async function variedZip(): Promise<{ zip: Buffer; files: Record<string, Buffer> }> {
  const files: Record<string, Buffer> = {
    'm@v1/empty': Buffer.alloc(0),
    'm@v1/one': Buffer.from('x'),
    'm@v1/prose.txt': PROSE.subarray(0, 100_000),
    'm@v1/noise.bin': NOISE.subarray(0, 100_000),
    'm@v1/größe/日本語/Ω.txt': Buffer.from('names are UTF-8\n'),
    [`m@v1/${'deep/'.repeat(60)}file`]: Buffer.from('a long name\n'),
  };
  const streams: Record<string, Buffer> = {
    'm@v1/streamed-empty': Buffer.alloc(0),
    'm@v1/streamed-prose': PROSE,
    'm@v1/streamed-noise': NOISE,
  };
  const zip = await zipOf(async (writer) => {
    for (const [name, content] of Object.entries(files)) await writer.addBuffer(name, content);
    for (const [name, content] of Object.entries(streams)) {
      await writer.addStream(name, pieces(content, 65_536));
    }
  });
  return { zip, files: { ...files, ...streams } };
}

describe('createZipWriter', () => {
  it('writes what a zip reader reads, in the order of the calls', async () => {
    const { zip, files } = await variedZip();
    const read = await readZip(zip);
    expect(read.map(({ name }) => name)).toEqual(Object.keys(files));
    for (const { name, content, entry } of read) {
      expect(content.equals(files[name] ?? Buffer.from('?')), name).toBe(true);
      expect(entry.crc32, name).toBe(crc32(content));
    }
  });

  it('writes an archive without files', async () => {
    expect(await readZip(await zipOf(async () => Promise.resolve()))).toEqual([]);
  });

  it('deflates what gets smaller and stores the rest, whole or streamed', async () => {
    const methods = new Map(
      (await readZip((await variedZip()).zip)).map(({ name, entry }) => [name, entry.compressionMethod]),
    );
    expect(Object.fromEntries(methods)).toMatchObject({
      'm@v1/empty': STORED,
      'm@v1/one': STORED,
      'm@v1/prose.txt': DEFLATED,
      'm@v1/noise.bin': STORED,
      'm@v1/streamed-empty': STORED,
      'm@v1/streamed-prose': DEFLATED,
      'm@v1/streamed-noise': STORED,
    });
  });

  it('says nothing about times, modes and systems', async () => {
    for (const { entry } of await readZip((await variedZip()).zip)) {
      expect(entry).toMatchObject({
        lastModFileTime: 0,
        lastModFileDate: 0x21,
        externalFileAttributes: 0,
        versionMadeBy: 20,
        extraFieldLength: 0,
      });
    }
  });

  it('gives the same bytes however a stream is cut into pieces', async () => {
    // Compressible only after the first bytes: what decides about deflating must not be one piece, whatever its size.
    const mixed = Buffer.concat([NOISE.subarray(0, 10_000), PROSE.subarray(0, 300_000)]);
    const whole = await zipOf((writer) => writer.addStream('f', pieces(mixed)));
    await fc.assert(
      fc.asyncProperty(
        fc
          .array(fc.integer({ min: 1, max: 70_000 }), { minLength: 1, maxLength: 8 })
          .filter((sizes) => sizes.some((size) => size > 1000)),
        async (sizes) => {
          const cut = await zipOf((writer) => writer.addStream('f', pieces(mixed, ...sizes)));
          expect(cut.equals(whole)).toBe(true);
        },
      ),
      { numRuns: 25 },
    );
  });

  it('gives the same bytes every time, although small files are deflated side by side', async () => {
    const build = async (writer: ZipWriter): Promise<void> => {
      for (let i = 0; i < 300; i += 1) {
        await writer.addBuffer(`f${i}`, PROSE.subarray(i, i + ((i * 7919) % 200_000)));
      }
    };
    expect((await zipOf(build)).equals(await zipOf(build))).toBe(true);
  });

  it('counts more files than 16 bits can (zip64), and exactly as many', async () => {
    const count = 0x10001;
    const zip = await zipOf(async (writer) => {
      for (let i = 0; i < count; i += 1) await writer.addBuffer(`f${i}`, Buffer.alloc(0));
    });
    const read = await readZip(zip);
    expect([read.length, read.at(-1)?.name]).toEqual([count, `f${count - 1}`]);
  });

  it.skipIf(missing('unzip'))('writes archives that unzip finds no fault in', async () => {
    const file = path.join(await tempDir('zip'), 'x.zip');
    await writeFile(file, (await variedZip()).zip);
    expect(await mustRun('unzip', ['-tq', file])).toMatch(/^No errors detected/);
  });

  it.skipIf(missing('python3'))('writes archives that Python reads', async () => {
    const file = path.join(await tempDir('zip'), 'x.zip');
    const { zip, files } = await variedZip();
    await writeFile(file, zip);
    const script =
      'import sys, zipfile; z = zipfile.ZipFile(sys.argv[1]); assert z.testzip() is None; print(len(z.namelist()))';
    expect(await mustRun('python3', ['-c', script, file])).toBe(`${Object.keys(files).length}\n`);
  });

  it.skipIf(missing('go'))('writes archives that go takes as a module, also zip64 ones', async () => {
    const root = await tempDir('goproxy');
    const dir = path.join(root, 'example.com/zip/@v');
    await mkdir(dir, { recursive: true });
    const name = 'example.com/zip@v1.0.0';
    const goMod = Buffer.from('module example.com/zip\n');
    const hashes: Buffer[] = [];
    const sink = createWriteStream(path.join(dir, 'v1.0.0.zip'));
    const writer = createZipWriter(sink);
    const add = async (file: string, content: Buffer): Promise<void> => {
      const sum = createHash('sha256').update(content).digest('hex');
      hashes.push(Buffer.from(`${sum}  ${name}/${file}\n`));
      await writer.addBuffer(`${name}/${file}`, content);
    };
    for (let i = 0; i < 66_000; i += 1) {
      await add(`d${i % 300}/f${String(i).padStart(5, '0')}`, Buffer.alloc(0));
    }
    await add('go.mod', goMod);
    await writer.finish();
    await new Promise((resolve) => sink.end(resolve));
    await writeFile(path.join(dir, 'v1.0.0.info'), '{"Version":"v1.0.0"}');
    await writeFile(path.join(dir, 'v1.0.0.mod'), goMod);

    await using go = await goClient({ GOPROXY: `file://${root}` });
    hashes.sort((a, b) => a.subarray(64).compare(b.subarray(64)));
    const sum = createHash('sha256').update(Buffer.concat(hashes)).digest('base64');
    expect(await go.downloadJson(name)).toMatchObject({ Version: 'v1.0.0', Sum: `h1:${sum}` });
  });
});

describe('createZipWriter, when something fails', () => {
  // eslint-disable-next-line @typescript-eslint/require-await -- as async iterables are asked for
  async function* failing(before: Buffer[]): AsyncGenerator<Buffer> {
    yield* before;
    throw new Error('the source broke');
  }

  it.each([
    { name: 'at once', before: [] },
    { name: 'after a little', before: [Buffer.from('x')] },
    { name: 'in the middle of something that is deflated', before: [PROSE, PROSE] },
    { name: 'in the middle of something that is stored', before: [NOISE, NOISE] },
  ])('passes on the error of a source that breaks $name', async ({ before }) => {
    const writer = createZipWriter(collector());
    await expect(writer.addStream('f', failing(before))).rejects.toThrow('the source broke');
    await expect(writer.finish()).rejects.toThrow('the source broke');
  });

  it('fails everything after a failure, so that no archive looks complete', async () => {
    const sink = collector();
    const writer = createZipWriter(sink);
    await expect(writer.addStream('f', failing([]))).rejects.toThrow();
    await writer.addBuffer('small', Buffer.from('x'));
    await expect(writer.addStream('g', pieces(PROSE))).rejects.toThrow('the source broke');
    await expect(writer.finish()).rejects.toThrow('the source broke');
    expect(sink.bytes()).toHaveLength(0);
  });

  /** Takes so many bytes, then fails as a full disk does. */
  function fullAfter(bytes: number, highWaterMark?: number): Writable {
    let left = bytes;
    const sink = new Writable({
      ...(highWaterMark === undefined ? {} : { highWaterMark }),
      write(piece: Buffer, _encoding, done) {
        left -= piece.length;
        setImmediate(() => done(left < 0 ? new Error('no space left') : null));
      },
    });
    sink.on('error', () => undefined);
    return sink;
  }

  it.each([
    {
      name: 'many small files',
      add: async (w: ZipWriter, i: number) => w.addBuffer(`${i}`, NOISE.subarray(0, 50_000)),
    },
    {
      name: 'a stream that is stored',
      add: async (w: ZipWriter, i: number) => w.addStream(`${i}`, pieces(NOISE, 60_000)),
    },
    {
      name: 'a stream that is deflated',
      add: async (w: ZipWriter, i: number) =>
        w.addStream(`${i}`, pieces(Buffer.concat([PROSE, NOISE]), 60_000)),
    },
  ])('passes on the error of the sink instead of waiting for it: $name', async ({ add }) => {
    for (const highWaterMark of [1, 16_384]) {
      const writer = createZipWriter(fullAfter(1_000_000, highWaterMark));
      const all = async (): Promise<void> => {
        for (let i = 0; i < 100; i += 1) await add(writer, i);
        await writer.finish();
      };
      await expect(all(), `high water mark ${highWaterMark}`).rejects.toThrow('no space left');
    }
  });

  it('fails when the sink is closed, before or while it waits', async () => {
    const before = collector();
    before.destroy();
    await expect(createZipWriter(before).addStream('f', pieces(PROSE))).rejects.toThrow(
      'closed before its end',
    );

    const silent = new Writable({ highWaterMark: 1, write: () => undefined });
    const waiting = createZipWriter(silent).addStream('f', pieces(PROSE));
    setImmediate(() => silent.destroy());
    await expect(waiting).rejects.toThrow();
  });

  it.each([
    { name: 'stored', content: NOISE },
    { name: 'deflated', content: PROSE },
  ])('closes a source that is not read any more: $name', async ({ content }) => {
    let released = false;
    // eslint-disable-next-line @typescript-eslint/require-await -- as async iterables are asked for
    const endless = (async function* () {
      try {
        for (;;) yield content;
      } finally {
        released = true;
      }
    })();
    await expect(createZipWriter(fullAfter(50_000)).addStream('f', endless)).rejects.toThrow('no space left');
    await new Promise((resolve) => setImmediate(resolve));
    expect(released).toBe(true);
  });
});

describe('memory of createZipWriter', () => {
  /** Takes a piece whenever it is told to. */
  function slowSink(): { sink: Writable; taken: () => number } {
    let taken = 0;
    const sink = new Writable({
      write(piece: Buffer, _encoding, done) {
        taken += piece.length;
        setImmediate(done);
      },
    });
    return { sink, taken: () => taken };
  }

  it('never runs far ahead of a slow sink with streams', async () => {
    const { sink, taken } = slowSink();
    const writer = createZipWriter(sink);
    let made = 0;
    let ahead = 0;
    // eslint-disable-next-line @typescript-eslint/require-await -- as async iterables are asked for
    async function* big(): AsyncGenerator<Buffer> {
      for (let i = 0; i < 64; i += 1) {
        made += 65_536;
        ahead = Math.max(ahead, made - taken());
        yield NOISE.subarray(0, 65_536);
      }
    }
    // All at once: a source that waits in the queue must not be read yet.
    await Promise.all(Array.from({ length: 32 }, (_, i) => writer.addStream(`f${i}`, big())));
    await writer.finish();
    expect(made).toBe(32 * 64 * 65_536);
    expect(ahead).toBeLessThan(2 * MIB);
  });

  it('holds back a writer that adds small files faster than the sink takes them', async () => {
    const { sink, taken } = slowSink();
    const writer = createZipWriter(sink);
    let ahead = 0;
    for (let i = 0; i < 1000; i += 1) {
      await writer.addBuffer(`f${i}`, NOISE.subarray(0, 100_000));
      ahead = Math.max(ahead, (i + 1) * 100_000 - taken());
    }
    await writer.finish();
    expect(taken()).toBeGreaterThan(100_000_000);
    expect(ahead).toBeLessThan(10 * MIB);
  });
});
