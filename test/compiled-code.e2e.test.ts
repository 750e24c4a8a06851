/** What V8 compiled is kept for the next start: used if it is our own, made anew if it is not, and never needed. */
import { chmod, mkdir, readFile, readdir, stat, utimes, writeFile } from 'node:fs/promises';
import module from 'node:module';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { modhaven } from './support/server.js';
import { tempDir } from './support/tmp.js';

/** From version 22 on Node keeps compiled code by itself, in files of its own. */
const isOurs = !('enableCompileCache' in module);

/** Starts the program with this cache folder; it has to work in any case. */
async function start(caches: string, more: Record<string, string> = {}): Promise<void> {
  const cwd = await tempDir('settings');
  await writeFile(path.join(cwd, 'vanity.yaml'), 'paths: {}\n');
  const { code, stdout, stderr } = await modhaven(['env', '--format', 'shell'], {
    env: { XDG_CACHE_HOME: caches, HOME: caches, ...more },
    cwd,
  });
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout).toContain('GOPROXY=');
}

/** The files below `caches`, with what tells whether they were written again. */
async function kept(caches: string): Promise<Map<string, number>> {
  const found = new Map<string, number>();
  for (const name of await readdir(caches, { recursive: true })) {
    const file = path.join(caches, name);
    const about = await stat(file);
    if (about.isFile()) found.set(file, about.ino);
  }
  return found;
}

it('is there after a first start, for this account alone, and the next start adds nothing', async () => {
  const caches = await tempDir('caches');
  await start(caches);
  const first = await kept(caches);
  expect(first.size).toBeGreaterThan(3);
  for (const file of first.keys()) {
    expect(file.startsWith(path.join(caches, 'modhaven/'))).toBe(true);
    expect((await stat(file)).mode & 0o077).toBe(0);
  }
  await start(caches);
  expect(await kept(caches)).toEqual(first);
});

it.each([
  ['nothing can be written', { XDG_CACHE_HOME: '/proc/none' }],
  ['it is switched off', { NODE_DISABLE_COMPILE_CACHE: '1' }],
  [
    'the place is relative, which counts as not set, and there is no home',
    { XDG_CACHE_HOME: 'x', HOME: '/proc/none' },
  ],
])('is not kept where %s', async (_, env) => {
  const caches = await tempDir('caches');
  await start(caches, env);
  expect(await kept(caches)).toEqual(new Map());
});

it('loads what only some starts need, also from the second start on', async () => {
  const cwd = await tempDir('settings');
  await writeFile(path.join(cwd, 'vanity.yaml'), 'paths: {}\n');
  const bucket = 'store: { s3: { endpoint: "http://127.0.0.1:1", bucket: none, path_style: true } }';
  await writeFile(path.join(cwd, 'modhaven.yaml'), `vanity: ./vanity.yaml\n${bucket}\n`);
  const keys = { AWS_ACCESS_KEY_ID: 'key', AWS_SECRET_ACCESS_KEY: 'a-secret-of-starts' };
  const env = { XDG_CACHE_HOME: cwd, HOME: cwd, ...keys };
  for (let i = 0; i < 2; i += 1) {
    const { stderr } = await modhaven(['list'], { env, cwd });
    expect(stderr).toContain('ECONNREFUSED');
  }
});

describe.skipIf(!isOurs)('what is kept for Node 20', () => {
  it.each<[what: string, spoil: (file: string) => Promise<void>]>([
    ['is garbage', (file) => writeFile(file, 'garbage')],
    [
      'has a broken bit',
      async (file) => {
        const content = await readFile(file);
        content.writeUInt8(content.readUInt8(content.length >> 1) ^ 1, content.length >> 1);
        await writeFile(file, content);
      },
    ],
    ['is cut off', async (file) => writeFile(file, (await readFile(file)).subarray(0, 100))],
    ['others could have written', (file) => chmod(file, 0o666)],
  ])('is not used if it %s', async (_, spoil) => {
    const caches = await tempDir('caches');
    await start(caches);
    const first = await kept(caches);
    for (const file of first.keys()) await spoil(file);
    await start(caches);
    const second = await kept(caches);
    expect([...second.keys()]).toEqual([...first.keys()]);
    for (const [file, ino] of second) {
      expect(ino).not.toBe(first.get(file));
      expect((await stat(file)).mode & 0o077).toBe(0);
    }
  });

  it('goes when nothing was written for a month', async () => {
    const caches = await tempDir('caches');
    await start(caches);
    const [own = ''] = (await kept(caches)).keys();
    const old = path.join(path.dirname(own), 'of an earlier program');
    await mkdir(path.dirname(old), { recursive: true });
    await writeFile(old, '');
    const then = new Date(Date.now() - 40 * 24 * 3_600_000);
    await utimes(old, then, then);
    await start(caches);
    expect((await kept(caches)).has(old)).toBe(true);
    await writeFile(own, 'garbage');
    await start(caches);
    expect((await kept(caches)).has(old)).toBe(false);
  });
});
