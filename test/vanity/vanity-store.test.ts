import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { watchFiles } from '../../src/config/watch-files.js';
import { createVanityStore } from '../../src/vanity/vanity-store.js';
import { messageOf } from '../support/message-of.js';

let dir: string;
let file: string;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'modhaven-store-'));
  file = join(dir, 'vanity.yaml');
  writeFileSync(file, 'paths:\n  /x: http://old/x\n');
});

afterEach(() => rmSync(dir, { recursive: true }));

describe('createVanityStore', () => {
  it('takes a good edit', () => {
    const store = createVanityStore({ file, defaultHost: 'a.corp' });
    const before = store.current();
    writeFileSync(file, 'paths:\n  /x: http://new/x\n');
    expect(store.reload()).toBe(true);
    expect(store.lastError()).toBeUndefined();
    expect(store.current().resolve('a.corp/x')?.repos[0]?.url).toBe('http://new/x');
    expect(before.resolve('a.corp/x')?.repos[0]?.url).toBe('http://old/x');
  });

  it.each([
    {
      name: 'a bad edit',
      edit: () => writeFileSync(file, 'paths:\n  x: http://new/x\n'),
      says: ':2:3: "x" is under no host',
    },
    { name: 'a deleted file', edit: () => rmSync(file), says: 'the vanity file cannot be read' },
  ])('keeps the last good map after $name, and recovers', ({ edit, says }) => {
    const onReload = vi.fn();
    const store = createVanityStore({ file, defaultHost: 'a.corp', onReload });
    const good = store.current();
    edit();
    expect(store.reload()).toBe(false);
    expect(store.current()).toBe(good);
    expect(store.lastError()?.message).toContain(says);
    expect(onReload).toHaveBeenLastCalledWith(good, store.lastError());
    writeFileSync(file, 'paths:\n  /x: http://new/x\n');
    expect(store.reload()).toBe(true);
    expect(store.lastError()).toBeUndefined();
    expect(onReload).toHaveBeenLastCalledWith(store.current(), undefined);
    expect(store.current()).not.toBe(good);
  });

  it('asks for the default host again at every reload', () => {
    let host = 'a.corp';
    const store = createVanityStore({ file, defaultHost: () => host });
    host = 'b.corp';
    store.reload();
    expect(store.current().resolve('b.corp/x')?.root).toBe('b.corp/x');
  });

  it('does not start with a bad file', () => {
    writeFileSync(file, 'paths: 5\n');
    expect(messageOf(() => createVanityStore({ file, defaultHost: 'a.corp' }))).toBe(
      `${file}:1:8: "paths" must be a map of keys, not a number`,
    );
  });

  it.each([
    ['nothing', ''],
    ['comments only', '# paths:\n#   /x: http://h/x\n\n'],
    ['the beginning of a document', '---\n'],
    ['an alias of itself', 'paths: &p\n  /x: *p\n'],
    ['brackets', '['.repeat(100_000)],
  ])('keeps the last good rules when an edit leaves %s', (_, text) => {
    writeFileSync(file, 'paths:\n  /x: http://h/x\n');
    const store = createVanityStore({ file, defaultHost: 'a.corp' });
    writeFileSync(file, text);
    expect(store.reload()).toBe(false);
    expect(store.current().rules).toHaveLength(1);
    expect(store.lastError()?.message).toMatch(/vanity\.yaml:\d+:\d+: /);
    writeFileSync(file, 'paths: {}\n');
    expect(store.reload()).toBe(true);
    expect(store.current().rules).toHaveLength(0);
  });

  it('follows the file when watched', async () => {
    const store = createVanityStore({ file, defaultHost: 'a.corp' });
    const watcher = watchFiles([file], () => store.reload(), {
      intervalMs: 20,
      onError: (error) => expect.unreachable(String(error)),
    });
    try {
      await vi.waitFor(
        () => {
          writeFileSync(`${file}.new`, 'paths:\n  /x: http://new/x\n');
          renameSync(`${file}.new`, file);
          expect(store.current().resolve('a.corp/x')?.repos[0]?.url).toBe('http://new/x');
        },
        { timeout: 20_000, interval: 200 },
      );
    } finally {
      watcher.close();
    }
  });
});
