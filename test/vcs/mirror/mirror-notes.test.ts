import { mkdir, readdir } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { MirrorNotes } from '../../../src/vcs/mirror/mirror-notes.js';
import { tempDir } from '../../support/tmp.js';

describe('MirrorNotes', () => {
  it('keeps the last content of each name, and no other file', async () => {
    const dir = path.join(await tempDir('notes'), 'notes');
    const notes = new MirrorNotes(dir);
    expect(await notes.read('../a')).toBeUndefined();
    await notes.replace('../a', Buffer.from('1'));
    await notes.replace('../a', Buffer.from('2'));
    await notes.replace('b', Buffer.from('3'));
    expect(String(await notes.read('../a'))).toBe('2');
    expect(await readdir(dir)).toHaveLength(2);
  });

  it('rejects where nothing can be written, and leaves nothing', async () => {
    const dir = path.join(await tempDir('notes'), 'notes');
    const notes = new MirrorNotes(dir);
    await notes.replace('a', Buffer.from('1'));
    const [file = ''] = await readdir(dir);
    await mkdir(path.join(dir, 'x'));
    const blocked = new MirrorNotes(path.join(dir, file));
    await expect(blocked.replace('a', Buffer.from('2'))).rejects.toThrow();
    expect(await readdir(dir)).toHaveLength(2);
  });
});
