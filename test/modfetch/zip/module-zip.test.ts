import { randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { setImmediate as turn } from 'node:timers/promises';
import { pack } from 'tar-stream';
import { describe, expect, it } from 'vitest';
import { ZIP_LIMITS } from '../../../src/module/files/zip-files.js';
import { writeModuleZip } from '../../../src/modfetch/zip/module-zip.js';
import { GitFailure } from '../../../src/vcs/transport/git-exec.js';
import type { CodeRepo, TreeEntry } from '../../../src/vcs/types.js';
import { zipHash } from '../../conformance/module-hash.js';
import { collector, readZip } from '../../zip/read-zip.js';
import type { CommitHash } from '../../../src/module/commit-hash.js';

const COMMIT = 'c0'.repeat(20) as CommitHash;

const MIB = 1024 * 1024;

interface FakeFile {
  content?: string | Buffer;
  /** In place of content: so many zero bytes. */
  zeros?: number;
  kind?: TreeEntry['kind'];
  /** What `git archive` makes of it, where that is not the blob; null: it leaves the file out. */
  archived?: string | null;
}

interface Fake {
  repo: CodeRepo;
  /** Whether the archives that were begun are closed. */
  closed: () => boolean;
}

/** A repository with one commit; paths are those of the whole repository. */
function fakeRepo(
  files: Record<string, FakeFile>,
  breakAfter = Infinity,
  breaksWith: Error = new GitFailure('archive', 128, 'fatal: unable to read 0123456789'),
): Fake {
  const archives: Readable[] = [];
  const unused = (): never => {
    throw new Error('a zip needs none of this');
  };
  const below = (directory: string): [string, FakeFile][] =>
    Object.entries(files).filter(
      ([path]) => directory === '' || path === directory || path.startsWith(`${directory}/`),
    );
  const repo: CodeRepo = {
    url: 'http://git.corp/x.git',
    spelling: { first: '', number: 0 },
    defaultBranch: 'main',
    asOf: 0,
    ensureCommit: unused,
    tags: unused,
    stat: unused,
    latest: unused,
    recentTag: unused,
    descendsFrom: unused,
    readBlobs: unused,
    readFile: async (_commit, path) => {
      const content = files[path]?.content;
      return Promise.resolve(content === undefined ? undefined : Buffer.from(content));
    },
    listFiles: async (_commit, directory) =>
      Promise.resolve({
        async *[Symbol.asyncIterator]() {
          await turn();
          for (const [path, { kind }] of below(directory)) {
            const relative = directory === '' ? path : path.slice(directory.length + 1);
            yield [{ path: relative, displayPath: relative, kind: kind ?? 'regular' } as const];
          }
        },
      }),
    readLocalFiles: () => undefined,
    archive: (_commit, path) => {
      const stream = Readable.from(tar(below(String(path)), breakAfter, breaksWith), { objectMode: false });
      archives.push(stream);
      return stream;
    },
  };
  return { repo, closed: () => archives.length > 0 && archives.every((archive) => archive.destroyed) };
}

async function* tar(
  files: [string, FakeFile][],
  breakAfter: number,
  breaksWith: Error,
): AsyncGenerator<Buffer> {
  const archive = pack();
  const filling = (async () => {
    for (const [name, { content = '', zeros, kind, archived }] of files) {
      if (archived === null || kind === 'submodule') continue;
      if (kind === 'symlink') {
        archive.entry({ name, type: 'symlink', linkname: String(content) });
        continue;
      }
      const bytes = Buffer.from(archived ?? content);
      const entry = archive.entry({ name, size: zeros ?? bytes.length });
      for (let left = zeros ?? 0; left > 0; left -= MIB) {
        if (!entry.write(Buffer.alloc(Math.min(MIB, left)))) {
          await new Promise<void>((resolve) => entry.once('drain', resolve));
        }
      }
      entry.end(zeros === undefined ? bytes : undefined);
      await new Promise<void>((resolve) => entry.once('close', resolve));
    }
    archive.finalize();
  })();
  filling.catch(() => undefined); // a test may break off in the middle
  let sent = 0;
  for await (const piece of archive as AsyncIterable<Buffer>) {
    sent += piece.length;
    if (sent > breakAfter) throw breaksWith;
    yield piece;
  }
}

async function make(fake: Fake, directory = ''): Promise<{ hash: string; zip: Buffer; names: string[] }> {
  const sink = collector();
  const hash = await writeModuleZip(
    { repo: fake.repo, commit: COMMIT, directory, name: 'ex.com/m@v1.0.0' },
    sink,
  );
  const zip = sink.bytes();
  return { hash, zip, names: (await readZip(zip)).map(({ name }) => name.replace('ex.com/m@v1.0.0/', '')) };
}

async function contentOf(zip: Buffer, name: string): Promise<string> {
  const file = (await readZip(zip)).find((candidate) => candidate.name === `ex.com/m@v1.0.0/${name}`);
  return String(file?.content);
}

const GO_MOD = { content: 'module ex.com/m\n' };

describe('writeModuleZip', () => {
  it('writes what the archive holds, under path@version, and tells its hash', async () => {
    const fake = fakeRepo({
      'go.mod': GO_MOD,
      'a.go': { content: 'package a\n' },
      'big.bin': { content: randomBytes(2 * MIB) },
      'crlf.txt': { content: 'a\n', archived: 'a\r\n' },
      empty: {},
    });
    const { hash, zip, names } = await make(fake);
    expect(names).toEqual(['go.mod', 'a.go', 'big.bin', 'crlf.txt', 'empty']);
    expect(await contentOf(zip, 'crlf.txt')).toBe('a\r\n');
    expect(hash).toBe(await zipHash(zip));
    expect(fake.closed()).toBe(true);
  });

  it('makes the same bytes every time', async () => {
    const files = Object.fromEntries(
      Array.from({ length: 200 }, (_, i) => [`f${i}`, { content: String(i).repeat(i * 20) }]),
    );
    expect((await make(fakeRepo(files))).zip.equals((await make(fakeRepo(files))).zip)).toBe(true);
  });

  it('takes a module in a subdirectory without the rest of the repository', async () => {
    const { names } = await make(
      fakeRepo({
        'a.go': {},
        'sub/go.mod': GO_MOD,
        'sub/b.go': {},
        'sub2/c.go': {},
        'sub/sub/go.mod': {},
        'sub/sub/d.go': {},
      }),
      'sub',
    );
    expect(names).toEqual(['go.mod', 'b.go']);
  });

  it('leaves out links, submodules, other modules and what is vendored', async () => {
    const { names } = await make(
      fakeRepo({
        'go.mod': GO_MOD,
        link: { kind: 'symlink', content: 'go.mod' },
        submodule: { kind: 'submodule' },
        'other/go.mod': {},
        'other/x.go': {},
        'vendor/p/p.go': {},
        'vendor/modules.txt': {},
        'last.go': {},
      }),
    );
    expect(names).toEqual(['go.mod', 'vendor/modules.txt', 'last.go']);
  });

  it('asks the go.mod of the archive, not the blob, what is vendored', async () => {
    const { names } = await make(
      fakeRepo({
        'go.mod': { content: 'go 1.20\n', archived: 'go 1.24\n' },
        'a/vendor/b.go': {},
        'vendor/modules.txt': {},
      }),
    );
    expect(names).toEqual(['go.mod', 'a/vendor/b.go']);
  });

  it('writes a zip without files', async () => {
    const { names, hash, zip } = await make(fakeRepo({}));
    expect(names).toEqual([]);
    expect(hash).toBe(await zipHash(zip));
  });
});

describe('LICENSE in writeModuleZip', () => {
  const root = { LICENSE: { content: 'root\n', archived: 'root\r\n' } };

  it.each([
    { name: 'that of the root where the module has none', files: root, license: 'root\n' },
    {
      name: 'its own where it has one',
      files: { ...root, 'sub/LICENSE': { content: 'own' } },
      license: 'own',
    },
    {
      name: 'none where its own is a link, which counts as one',
      files: { ...root, 'sub/LICENSE': { kind: 'symlink' as const, content: '../LICENSE' } },
      license: undefined,
    },
    {
      name: 'the target of a link in the root, as text',
      files: { LICENSE: { kind: 'symlink' as const, content: 'docs/LICENSE' } },
      license: 'docs/LICENSE',
    },
    { name: 'none where there is none', files: { 'LICENSE.txt': { content: 'x' } }, license: undefined },
    {
      name: 'none of a deeper folder',
      files: { 'sub/docs/LICENSE': { content: 'x' } },
      license: undefined,
    },
  ])('is $name', async ({ files, license }) => {
    const fake = fakeRepo({ ...files, 'sub/go.mod': GO_MOD });
    const { zip, hash, names } = await make(fake, 'sub');
    expect(names.includes('LICENSE')).toBe(license !== undefined);
    if (license !== undefined) expect(await contentOf(zip, 'LICENSE')).toBe(license);
    expect(hash).toBe(await zipHash(zip));
  });

  it('is the converted one for the module in the root itself', async () => {
    const { zip } = await make(fakeRepo({ ...root, 'go.mod': GO_MOD }));
    expect(await contentOf(zip, 'LICENSE')).toBe('root\r\n');
  });

  it('collides with a license in other letters', async () => {
    const fake = fakeRepo({ ...root, 'sub/go.mod': GO_MOD, 'sub/license': {} });
    await expect(make(fake, 'sub')).rejects.toThrow(
      'case-insensitive file name collision: "license" and "LICENSE"',
    );
  });
});

describe('refusals of writeModuleZip', () => {
  it.each([
    {
      name: 'all files together',
      files: { a: { zeros: 300 * MIB }, b: { zeros: ZIP_LIMITS.zip - 300 * MIB + 1 } },
      says: `module source tree too large (max size is ${ZIP_LIMITS.zip} bytes)`,
    },
    {
      name: 'go.mod',
      files: { 'go.mod': { zeros: ZIP_LIMITS.goMod + 1 } },
      says: 'go.mod file too large (max size is 16777216 bytes)',
    },
    {
      name: 'LICENSE',
      files: { LICENSE: { zeros: ZIP_LIMITS.license + 1 } },
      says: 'LICENSE file too large (max size is 16777216 bytes)',
    },
    {
      name: 'LICENSE of the root',
      files: { LICENSE: { content: Buffer.alloc(ZIP_LIMITS.license + 1) }, 'sub/go.mod': GO_MOD },
      directory: 'sub',
      says: 'LICENSE file too large (max size is 16777216 bytes)',
    },
  ])('name the limit: $name', async ({ files, directory, says }) => {
    const fake = fakeRepo(files);
    await expect(make(fake, directory)).rejects.toMatchObject({ code: 'MODULE_INVALID', message: says });
    expect(fake.closed()).toBe(true);
  });

  it('do not count what is left out', async () => {
    const { names } = await make(
      fakeRepo({ a: {}, 'vendor/b/c': { zeros: 520 * MIB }, 'other/go.mod': { zeros: 17 * MIB } }),
    );
    expect(names).toEqual(['a']);
  });

  it('allow files of exactly the limit', async () => {
    const { names } = await make(
      fakeRepo({ 'go.mod': { zeros: ZIP_LIMITS.goMod }, 'x/LICENSE': { zeros: 17 * MIB } }),
    );
    expect(names).toEqual(['go.mod', 'x/LICENSE']);
  });

  it('list the bad names, before a byte is written', async () => {
    const fake = fakeRepo(
      Object.fromEntries(['aux', 'b.', 'ok', 'd?', 'e*', 'f|'].map((name) => [name, {}])),
    );
    const sink = collector();
    const making = writeModuleZip({ repo: fake.repo, commit: COMMIT, directory: '', name: 'm@v1.0.0' }, sink);
    await expect(making).rejects.toMatchObject({
      code: 'MODULE_INVALID',
      message:
        'create zip: aux: malformed file path "aux": "aux" disallowed as path element component on Windows\n' +
        'b.: malformed file path "b.": trailing dot in path element\n' +
        'd?: malformed file path "d?": invalid char \'?\'\n' +
        'and 2 more',
      remedy: 'rename or remove these files and tag a new version',
    });
    expect(sink.bytes()).toHaveLength(0);
    expect(fake.closed()).toBe(false);
  });

  it('name a file name that a zip cannot hold', async () => {
    const fake = fakeRepo({ [Array.from({ length: 400 }, () => 'x'.repeat(200)).join('/')]: {} });
    await expect(make(fake)).rejects.toMatchObject({
      code: 'MODULE_INVALID',
      message: expect.stringMatching(/^create zip: x{200}.*: file name too long/) as string,
    });
  });
});

describe('failures of writeModuleZip', () => {
  it('are told where git leaves out a file that the tree has', async () => {
    await expect(make(fakeRepo({ a: {}, lost: { archived: null } }))).rejects.toThrow(
      'git archive left out lost',
    );
  });

  it.each([600, 100_000, 3 * MIB])('end an archive that breaks after %i bytes', async (breakAfter) => {
    const fake = fakeRepo(
      { a: {}, b: { content: randomBytes(2 * MIB) }, c: { content: randomBytes(2 * MIB) } },
      breakAfter,
    );
    await expect(make(fake)).rejects.toThrow();
    await turn();
    expect(fake.closed()).toBe(true);
  });

  it.each([
    {
      name: 'a tree that git refuses',
      stderr: "error: invalid path '.git/config'\n",
      code: 'MODULE_INVALID',
    },
    { name: 'a damaged copy', stderr: 'fatal: unable to read 0123456789\n', code: 'STORAGE' },
    { name: 'no git', stderr: 'cannot start git: spawn git EMFILE', code: 'STORAGE' },
    { name: 'a git that was killed', stderr: '', code: 'STORAGE' },
  ])('tell a fact from an outage: $name', async ({ stderr, code }) => {
    const fake = fakeRepo({ a: { content: 'x' } }, 0, new GitFailure('archive', 128, stderr));
    await expect(make(fake)).rejects.toMatchObject({ code });
  });

  it('are none of ours to explain when they are not failures of git', async () => {
    const bug = new TypeError('a bug');
    await expect(make(fakeRepo({ a: { content: 'x' } }, 0, bug))).rejects.toBe(bug);
  });

  it('end the archive when the sink breaks', async () => {
    const fake = fakeRepo({
      a: { zeros: MIB },
      b: { content: randomBytes(4 * MIB) },
      c: { content: randomBytes(4 * MIB) },
    });
    const sink = collector();
    sink.on('error', () => undefined);
    const write = sink.write.bind(sink);
    let left = 2 * MIB;
    sink.write = ((piece: Buffer) => {
      left -= piece.length;
      if (left < 0) sink.destroy(new Error('disk full'));
      return write(piece);
    }) as typeof sink.write;
    await expect(
      writeModuleZip({ repo: fake.repo, commit: COMMIT, directory: '', name: 'm@v1.0.0' }, sink),
    ).rejects.toThrow('disk full');
    expect(fake.closed()).toBe(true);
  });
});
