/** What every `BlobStore` promises, as a suite that each implementation runs (`blob-store.test.ts`). */
import { beforeEach, describe, expect, it } from 'vitest';
import type { BlobStore } from '../../src/store/blob-store.js';

export interface BlobStoreSubject {
  name: string;
  /** A new, empty store. */
  open: () => Promise<BlobStore>;
}

const NAME = 'example.com/!upper/@v/list';
const AS_OF = Date.UTC(2024, 2, 1, 12, 0, 0);

export function blobStoreContract({ name, open }: BlobStoreSubject): void {
  describe(`BlobStore: ${name}`, () => {
    let blobs: BlobStore;
    beforeEach(async () => {
      blobs = await open();
    });
    const textOf = async (blob = NAME): Promise<string | undefined> =>
      (await blobs.get(blob))?.bytes.toString();

    it('has nothing at first', async () => {
      expect(await blobs.get(NAME)).toBeUndefined();
      await blobs.remove(NAME);
    });

    it('keeps bytes and their time', async () => {
      expect(await blobs.putIfAbsent(NAME, Buffer.from([0, 255, 10]), { asOf: AS_OF })).toBe(true);
      const blob = await blobs.get(NAME);
      expect(blob?.bytes).toEqual(Buffer.from([0, 255, 10]));
      expect(blob?.asOf).toBe(AS_OF);
      await blobs.replace(NAME, Buffer.from('x'), { asOf: AS_OF + 5_000 });
      expect((await blobs.get(NAME))?.asOf).toBe(AS_OF + 5_000);
    });

    it('takes now for the time that is not given', async () => {
      await blobs.replace(NAME, Buffer.from('x'));
      expect(Math.abs(((await blobs.get(NAME))?.asOf ?? 0) - Date.now())).toBeLessThan(60_000);
    });

    it('does not replace by putting', async () => {
      await blobs.putIfAbsent(NAME, Buffer.from('first'));
      expect(await blobs.putIfAbsent(NAME, Buffer.from('second'))).toBe(false);
      expect(await textOf()).toBe('first');
    });

    it('lets exactly one of many writers put a name', async () => {
      const all = Array.from({ length: 10 }, (_, i) => Buffer.from(String(i).repeat(100)));
      const made = await Promise.all(all.map((bytes) => blobs.putIfAbsent(NAME, bytes)));
      expect(made.filter(Boolean)).toHaveLength(1);
      expect(await textOf()).toBe(all[made.indexOf(true)]?.toString());
    });

    it('replaces what is there, and what is not', async () => {
      expect(await blobs.replace(NAME, Buffer.from('first'))).toBe(true);
      expect(await blobs.replace(NAME, Buffer.from('second'))).toBe(true);
      expect(await textOf()).toBe('second');
    });

    it('replaces what is expected, and nothing else', async () => {
      await blobs.replace(NAME, Buffer.from('first'));
      const expected = (await blobs.get(NAME))?.tag ?? '';
      expect(await blobs.replace(NAME, Buffer.from('second'), { expected })).toBe(true);
      expect(await blobs.replace(NAME, Buffer.from('third'), { expected })).toBe(false);
      expect(await textOf()).toBe('second');
      await blobs.remove(NAME);
      expect(await blobs.replace(NAME, Buffer.from('third'), { expected })).toBe(false);
      expect(await blobs.get(NAME)).toBeUndefined();
    });

    it('lets exactly one of many replace what all of them saw', async () => {
      await blobs.replace(NAME, Buffer.from('first'));
      const expected = (await blobs.get(NAME))?.tag ?? '';
      const all = Array.from({ length: 5 }, (_, i) => Buffer.from(`next ${i}`));
      const made = await Promise.all(all.map((bytes) => blobs.replace(NAME, bytes, { expected })));
      expect(made.filter(Boolean)).toHaveLength(1);
      expect(await textOf()).toBe(all[made.indexOf(true)]?.toString());
    });

    it('removes one name and no other', async () => {
      await blobs.putIfAbsent(NAME, Buffer.from('x'));
      await blobs.putIfAbsent('example.com/other', Buffer.from('y'));
      await blobs.remove(NAME);
      expect([await textOf(), await textOf('example.com/other')]).toEqual([undefined, 'y']);
      expect(await blobs.putIfAbsent(NAME, Buffer.from('z'))).toBe(true);
    });

    it('names all it has', async () => {
      const names = async () => {
        const found: string[] = [];
        for await (const name of blobs.names()) found.push(name);
        return found.sort();
      };
      expect(await names()).toEqual([]);
      await blobs.putIfAbsent(NAME, Buffer.from('x'));
      await blobs.replace('example.com/other', Buffer.from('y'));
      expect(await names()).toEqual([NAME, 'example.com/other']);
    });

    it.each(['', '/a', 'a/', 'a//b', '.', '..', 'a/../../b', 'a/./b', 'a\0b', 'a\\b'])(
      'takes no name such as %j',
      async (bad) => {
        await expect(blobs.putIfAbsent(bad, Buffer.from('x'))).rejects.toMatchObject({ code: 'STORAGE' });
        await expect(blobs.replace(bad, Buffer.from('x'))).rejects.toMatchObject({ code: 'STORAGE' });
      },
    );
  });
}
