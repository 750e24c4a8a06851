/** The zip of a next version is made of that of another one, and has the bytes that it would have without. */
import { randomBytes } from 'node:crypto';
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CachedModules } from '../../../src/modfetch/cached.js';
import { GitSource } from '../../../src/modfetch/git-source.js';
import type { ModulePath } from '../../../src/module/module-path.js';
import { parseRepoUrl } from '../../../src/module/repo-url.js';
import { createDiskStore } from '../../../src/store/disk/disk-store.js';
import { missing } from '../../support/requirements.js';
import { tempDir } from '../../support/tmp.js';
import { gitLog } from '../../vcs/git-log.js';
import { codeHost, lab, mirrorDir, type Lab } from '../../vcs/lab.js';

const MODULE = 'example.com/foo' as ModulePath;
const KIB = 1024;

const prose = (seed: string, bytes: number) =>
  Buffer.from(Array.from({ length: bytes / 16 }, (_, i) => `${seed} line ${i * 7919}\n`).join(''));

/** Files of every way in which the writer stores them. */
function variedFiles(): Record<string, Buffer | string> {
  const tiny = Array.from(
    { length: 60 },
    (_, n) => [`pkg${n % 7}/file${n}.go`, `package p // ${n}\n`] as const,
  );
  return {
    ...Object.fromEntries(tiny),
    'go.mod': `module ${MODULE}\n`,
    empty: '',
    'space in name.txt': 'a\n',
    '.gitignore': '*.o\n',
    'medium.txt': prose('medium', 60 * KIB),
    'noise.bin': randomBytes(100 * KIB),
    'large.txt': prose('large', 700 * KIB),
    'large.bin': randomBytes(700 * KIB),
    'zz.go': 'package zz\n',
  };
}

describe.skipIf(missing('git'))('the zip of a next version', () => {
  let l: Lab;
  let dir: string;
  let service: CachedModules;
  let log: Awaited<ReturnType<typeof gitLog>>;

  const serviceIn = (cache: string): CachedModules => {
    const host = codeHost(path.join(cache, 'vcs'), {}, log.env);
    const found = { root: MODULE, repos: [parseRepoUrl(l.url, '/')], subdir: '' };
    const source = new GitSource({
      host,
      roots: { find: () => Promise.resolve(found) },
      refreshMs: () => 0,
    });
    const store = createDiskStore(path.join(cache, 'download'));
    return new CachedModules(source, store, { log: { warn: () => undefined } });
  };

  beforeEach(async () => {
    l = await lab();
    log = await gitLog();
    dir = await tempDir('cache');
    service = serviceIn(dir);
    await release('v1.3.0', variedFiles());
  });
  afterEach(async () => l.host.stop());

  async function release(version: string, files: Record<string, Buffer | string>): Promise<void> {
    await l.repo.write(files).commit(version);
    await l.repo.tag(version);
  }

  async function zipOf(modules: CachedModules, cache: string, version: string): Promise<Buffer> {
    await (await modules.zip(MODULE, version)).stored();
    return readFile(path.join(cache, 'download', MODULE, '@v', `${version}.zip`));
  }

  /** The zip made after another version, and git's part in it; the same as one made of nothing. */
  async function next(version: string): Promise<string[]> {
    await log.take();
    const zip = await zipOf(service, dir, version);
    const children = await log.take();
    const anew = await tempDir('anew');
    expect(zip.equals(await zipOf(serviceIn(anew), anew, version))).toBe(true);
    return children;
  }

  const notes = async () => path.join(await mirrorDir(path.join(dir, 'vcs')), 'notes');

  it('needs no archive where little has changed, whatever the kind of file', async () => {
    expect(await next('v1.3.0')).toContain('archive');
    await release('v1.4.0', {
      'pkg0/file0.go': 'package p // new\n',
      'aa.go': 'package aa\n',
      'medium.txt': 'short\n',
    });
    expect(await next('v1.4.0')).not.toContain('archive');
    await release('v1.5.0', {}); // nothing has changed
    expect(await next('v1.5.0')).not.toContain('archive');
    l.repo.remove('zz.go').remove('pkg1/file1.go');
    await release('v1.6.0', { 'moved/zz.go': 'package zz\n', 'large.txt': prose('other', 900 * KIB) });
    expect(await next('v1.6.0')).not.toContain('archive');
    await release('v1.7.0', { 'large.bin': randomBytes(17 * KIB * KIB) });
    expect(await next('v1.7.0')).toContain('archive');
    expect(await next('v1.7.0')).toEqual([]);
  });

  it('is made anew of what attributes change, of names that git may refuse, and of very many changes', async () => {
    await zipOf(service, dir, 'v1.3.0');
    await release('v1.4.0', { '.gitattributes': '*.go text eol=crlf\n' });
    expect(await next('v1.4.0')).toContain('archive');
    await release('v1.5.0', { '.gitattributes': '', 'ünusual.go': 'package p\n' });
    expect(await next('v1.5.0')).toContain('archive');
    l.repo.remove('.gitattributes').remove('ünusual.go');
    const many = Array.from({ length: 1_100 }, (_, n) => [`many/file${n}.go`, `package many // ${n}\n`]);
    await release('v1.6.0', Object.fromEntries(many) as Record<string, string>);
    expect(await next('v1.6.0')).toContain('archive');
    await release('v1.7.0', { 'many/file7.go': 'package many\n' });
    expect(await next('v1.7.0')).not.toContain('archive');
  });

  it('is made anew where the note is damaged, or the other zip is not what was noted', async () => {
    await zipOf(service, dir, 'v1.3.0');
    const [name = ''] = await readdir(await notes());
    const file = path.join(await notes(), name);
    const note = await readFile(file);
    await writeFile(file, note.subarray(0, 500));
    await release('v1.4.0', { 'aa.go': 'package aa\n' });
    expect(await next('v1.4.0')).toContain('archive');
    await writeFile(file, note);
    await rm(path.join(dir, 'download', MODULE, '@v', 'v1.3.0.zip'));
    await release('v1.5.0', { 'aa.go': 'package ab\n' });
    expect(await next('v1.5.0')).toContain('archive');
    const zip = path.join(dir, 'download', MODULE, '@v', 'v1.5.0.zip');
    const bytes = await readFile(zip);
    bytes[bytes.length - 100] = (bytes[bytes.length - 100] ?? 0) ^ 1; // in its directory
    await writeFile(zip, bytes);
    await release('v1.6.0', { 'aa.go': 'package ac\n' });
    expect(await next('v1.6.0')).toContain('archive');
  });

  it('of a small module nothing is noted', async () => {
    await zipOf(service, dir, 'v1.0.0');
    expect(await readdir(await notes()).catch(() => [])).toEqual([]);
  });
});
