/** What every `Bucket` promises, as a suite that each implementation runs (`bucket.test.ts`). */
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { buffer } from 'node:stream/consumers';
import { beforeEach, describe, expect, it } from 'vitest';
import type { Bucket } from '../../src/s3/bucket.js';
import { tempDir } from '../support/tmp.js';

export interface BucketSubject {
  name: string;
  /** A new, empty bucket. */
  open: () => Promise<Bucket>;
}

const KEY = 'example.com/!upper/@v/v1.0.0.info';

export function bucketContract({ name, open }: BucketSubject): void {
  describe(`Bucket: ${name}`, () => {
    let bucket: Bucket;
    beforeEach(async () => {
      bucket = await open();
    });
    const put = (text: string, key = KEY) => bucket.put(key, Buffer.from(text));
    const textOf = async (key = KEY) => (await bucket.read(key))?.bytes.toString();
    const keys = async (prefix: string) => {
      const found: string[] = [];
      for await (const { key } of bucket.list(prefix)) found.push(key);
      return found.sort();
    };

    it('is usable, and has nothing at first', async () => {
      await bucket.usable();
      await bucket.probe();
      expect([await bucket.head(KEY), await bucket.read(KEY), await bucket.stream(KEY)]).toEqual([
        undefined,
        undefined,
        undefined,
      ]);
      await bucket.remove(KEY);
    });

    it('keeps bytes and what is said of them', async () => {
      const bytes = Buffer.from([0, 255, 10]);
      const before = Date.now();
      expect(await bucket.put(KEY, bytes, { contentType: 'text/plain', meta: { 'modhaven-x': 'y' } })).toBe(
        true,
      );
      expect(await bucket.head(KEY)).toMatchObject({ size: 3, meta: { 'modhaven-x': 'y' } });
      const found = await bucket.read(KEY);
      expect(found?.bytes).toEqual(bytes);
      expect(found?.etag).toBe((await bucket.head(KEY))?.etag);
      expect(Math.abs((found?.modifiedAt ?? 0) - before)).toBeLessThan(30_000);
    });

    it('reads ranges, and streams', async () => {
      await put('0123456789');
      expect((await bucket.read(KEY, { range: { start: 2, end: 4 } }))?.bytes.toString()).toBe('234');
      const stream = await bucket.stream(KEY);
      expect(stream && (await buffer(stream.body)).toString()).toBe('0123456789');
      expect(await bucket.read(KEY, { ifMatch: '"00000000000000000000000000000000"' })).toBeUndefined();
      expect((await bucket.read(KEY, { ifMatch: (await bucket.head(KEY))?.etag }))?.size).toBe(10);
    });

    it('writes only where there is nothing, if that is the condition', async () => {
      expect(await bucket.put(KEY, Buffer.from('first'), { ifAbsent: true })).toBe(true);
      expect(await bucket.put(KEY, Buffer.from('second'), { ifAbsent: true })).toBe(false);
      expect(await textOf()).toBe('first');
    });

    it('writes only in place of what is named, if that is the condition', async () => {
      const ifMatch = '"00000000000000000000000000000000"';
      expect(await bucket.put(KEY, Buffer.from('x'), { ifMatch })).toBe(false);
      await put('first');
      expect(await bucket.put(KEY, Buffer.from('x'), { ifMatch })).toBe(false);
      const { etag = '' } = (await bucket.head(KEY)) ?? {};
      expect(await bucket.put(KEY, Buffer.from('second'), { ifMatch: etag })).toBe(true);
      expect(await bucket.put(KEY, Buffer.from('third'), { ifMatch: etag })).toBe(false);
      expect(await textOf()).toBe('second');
    });

    it('lets exactly one of many writers have a key', async () => {
      const all = Array.from({ length: 12 }, (_, i) => `${i}`.repeat(2_000));
      const made = await Promise.all(
        all.map((text) => bucket.put(KEY, Buffer.from(text), { ifAbsent: true })),
      );
      expect(made.filter(Boolean)).toHaveLength(1);
      expect(await textOf()).toBe(all[made.indexOf(true)]);
    });

    it('takes files on the same terms, large ones too', async () => {
      const file = path.join(await tempDir('bucket'), 'zip');
      const bytes = Buffer.alloc(17 * 1024 * 1024, 'large');
      await writeFile(file, bytes);
      expect(await bucket.putFile(KEY, file, { ifAbsent: true, meta: { a: 'b' } })).toBe(true);
      expect(await bucket.head(KEY)).toMatchObject({ size: bytes.length, meta: { a: 'b' } });
      expect((await bucket.read(KEY))?.bytes.equals(bytes)).toBe(true);
      await writeFile(file, Buffer.alloc(17 * 1024 * 1024, 'other'));
      expect(await bucket.putFile(KEY, file, { ifAbsent: true })).toBe(false);
      await writeFile(file, 'small');
      expect(await bucket.putFile(KEY, file, { ifAbsent: true })).toBe(false);
      expect((await bucket.head(KEY))?.size).toBe(bytes.length);
      expect(await bucket.putFile('example.com/small', file, { ifAbsent: true })).toBe(true);
      expect(await textOf('example.com/small')).toBe('small');
    });

    it('lists, copies and removes', async () => {
      await put('x');
      await put('x', 'example.com/other/@v/list');
      await put('x', '.modhaven/recorded/a');
      expect(await keys('example.com/')).toEqual([KEY, 'example.com/other/@v/list']);
      await bucket.copy(KEY, '.modhaven/damaged/a');
      await bucket.remove(KEY);
      expect(await textOf('.modhaven/damaged/a')).toBe('x');
      expect(await keys('example.com/')).toEqual(['example.com/other/@v/list']);
    });
  });
}
