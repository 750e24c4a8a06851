import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { watchFiles } from '../../src/config/watch-files.js';

let dir: string;
const errors: unknown[] = [];
let watcher: { close(): void } | undefined;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'modhaven-watch-'));
});

afterEach(() => {
  watcher?.close();
  watcher = undefined;
  rmSync(dir, { recursive: true });
});

/** Watches `file`, which exists, and returns what was in it each time a change was reported. */
async function contentsSeen(file: string): Promise<string[]> {
  const seen: string[] = [];
  watcher = watchFiles([file, join(dir, 'other')], () => seen.push(readFileSync(file, 'utf8')), {
    intervalMs: 20,
    onError: (error) => errors.push(error),
  });
  // Until the first stat is taken, there is nothing to compare with: change the second file until that is noticed.
  await vi.waitFor(() => {
    writeFileSync(join(dir, 'other'), `${Math.random()}`);
    expect(seen.length).toBeGreaterThan(0);
  }, WAIT);
  let before = -1;
  while (before !== seen.length) {
    before = seen.length;
    await new Promise((done) => setTimeout(done, 150));
  }
  seen.length = 0;
  return seen;
}

const WAIT = { timeout: 20_000, interval: 100 };

describe('watchFiles', () => {
  it('notices a write in place', async () => {
    const file = join(dir, 'vanity.yaml');
    writeFileSync(file, 'old');
    const seen = await contentsSeen(file);
    writeFileSync(file, 'new content');
    await vi.waitFor(() => expect(seen).toEqual(['new content']), WAIT);
  });

  it('tells of a file that does not come to rest', async () => {
    const file = join(dir, 'tokens.yaml');
    writeFileSync(file, 'old');
    const seen = await contentsSeen(file);
    let count = 0;
    const writing = setInterval(() => writeFileSync(file, `content ${(count += 1)}`), 5);
    await vi.waitFor(() => expect(seen.length).toBeGreaterThan(2), WAIT);
    clearInterval(writing);
  });

  it('notices a file renamed over it, even of the same size', async () => {
    const file = join(dir, 'vanity.yaml');
    writeFileSync(file, 'old');
    const seen = await contentsSeen(file);
    writeFileSync(join(dir, 'vanity.yaml.new'), 'new');
    renameSync(join(dir, 'vanity.yaml.new'), file);
    await vi.waitFor(() => expect(seen).toEqual(['new']), WAIT);
  });

  it('notices the swap of a link to its folder, as a ConfigMap is updated', async () => {
    for (const version of ['1', '2']) {
      mkdirSync(join(dir, `..${version}`));
      writeFileSync(join(dir, `..${version}`, 'vanity.yaml'), `version ${version}`);
    }
    symlinkSync('..1', join(dir, '..data'));
    symlinkSync('..data/vanity.yaml', join(dir, 'vanity.yaml'));
    const seen = await contentsSeen(join(dir, 'vanity.yaml'));
    symlinkSync('..2', join(dir, '..data.new'));
    renameSync(join(dir, '..data.new'), join(dir, '..data'));
    await vi.waitFor(() => expect(seen).toEqual(['version 2']), WAIT);
  });

  it('notices that a missing file has appeared', async () => {
    const file = join(dir, 'vanity.yaml');
    writeFileSync(file, 'old');
    const seen = await contentsSeen(file);
    renameSync(file, join(dir, 'away'));
    writeFileSync(file, 'back');
    await vi.waitFor(() => expect(seen.at(-1)).toBe('back'), WAIT);
  });

  it('hands on what the listener throws, and goes on', async () => {
    const file = join(dir, 'vanity.yaml');
    writeFileSync(file, 'old');
    const seen = await contentsSeen(file);
    errors.length = 0;
    renameSync(file, join(dir, 'away')); // the listener of this test cannot read it then
    await vi.waitFor(() => expect(errors).not.toHaveLength(0), WAIT);
    renameSync(join(dir, 'away'), file);
    await vi.waitFor(() => expect(seen.at(-1)).toBe('old'), WAIT);
  });

  it('says nothing any more once it is closed', async () => {
    const file = join(dir, 'vanity.yaml');
    writeFileSync(file, 'old');
    const seen = await contentsSeen(file);
    watcher?.close();
    writeFileSync(file, 'new content');
    const second = await contentsSeen(file);
    expect(second).not.toBe(seen);
    expect(seen).toEqual([]);
  });
});
