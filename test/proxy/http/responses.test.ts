import { describe, expect, it, vi } from 'vitest';
import { parseModulePath } from '../../../src/module/module-path.js';
import { monotonicNow } from '../../../src/concurrency/monotonic-clock.js';
import {
  IMMUTABLE,
  openPartOf,
  prepareStored,
  prepareText,
  prepareZip,
  staleHeaders,
  withBody,
} from '../../../src/proxy/http/responses.js';
import { createDiskStore } from '../../../src/store/disk/disk-store.js';
import { createMemoryStore } from '../../support/stores/memory-store.js';
import { putBytes, type Part, type PartKind } from '../../../src/store/version-store.js';
import { tempDir } from '../../support/tmp.js';

const HASH = `h1:${Buffer.alloc(32, 1).toString('base64')}`;
const zip: Part = { module: parseModulePath('corp.test/Lib'), version: 'v1.0.0', kind: 'zip' };

function openFile() {
  const close = vi.fn();
  return { file: { size: 9, read: () => undefined, close }, close };
}

async function stored(parts: Partial<Record<PartKind, string>>) {
  const store = createDiskStore(await tempDir('responses'));
  for (const [kind, text] of Object.entries(parts)) {
    await putBytes(store, { ...zip, kind: kind as PartKind }, Buffer.from(text));
  }
  return store;
}

describe('prepareText', () => {
  it('counts bytes, and keeps them', () => {
    const text = Buffer.from('ü\xff');
    const { body, size, wholeHeaders, hasRanges } = prepareText(text, 'text/plain', 'no-store', ['age', '1']);
    expect(Buffer.from(body as string, 'latin1')).toEqual(text);
    expect([size, hasRanges]).toEqual([4, false]);
    expect(wholeHeaders.slice(0, 4)).toEqual(['content-type', 'text/plain', 'cache-control', 'no-store']);
    expect(wholeHeaders.slice(-4)).toEqual(['age', '1', 'content-length', '4']);
  });

  it('has a validator that says whether two bodies are the same', () => {
    const etag = (text: string, type = 'a') => prepareText(Buffer.from(text), type, 'x').etag;
    expect(etag('one')).toBe(etag('one', 'b'));
    expect(etag('one')).not.toBe(etag('two'));
    expect(etag('one')).toMatch(/^"[\w-]{43}"$/);
  });
});

describe('prepareZip', () => {
  it('has the hash as its validator, and a place for a server in front', () => {
    const { file } = openFile();
    const response = prepareZip(zip, file, HASH);
    expect(response).toMatchObject({ size: 9, etag: `"${HASH}"`, hasRanges: true, body: file });
    expect(response.accelPath).toBe('/-/download/corp.test/!lib/@v/v1.0.0.zip');
    expect(response.headers).toEqual(expect.arrayContaining(['cache-control', IMMUTABLE, 'accept-ranges']));
    expect(openPartOf(response)).toBe(file);
    expect(openPartOf(withBody(response, Buffer.from('x')))).toBeUndefined();
  });

  it.each(['', 'no hash', `${HASH}\r\nx: y`, `h1:${'a'.repeat(89)}`])(
    'closes a zip whose hash is %j',
    (hash) => {
      const { file, close } = openFile();
      expect(() => prepareZip(zip, file, hash)).toThrow(
        expect.objectContaining({ code: 'STORAGE', reason: 'its .ziphash file does not hold a hash' }),
      );
      expect(close).toHaveBeenCalledOnce();
    },
  );
});

describe('prepareStored', () => {
  it('is what is stored, with its type', async () => {
    const store = await stored({ info: '{}', mod: 'module m\n', ziphash: `${HASH}\n`, zip: 'PK' });
    const type = async (kind: PartKind) => (await prepareStored(store, { ...zip, kind }))?.headers[1];
    expect([await type('info'), await type('mod')]).toEqual([
      'application/json',
      'text/plain; charset=utf-8',
    ]);
    const found = await prepareStored(store, zip);
    expect(found).toMatchObject({ size: 2, etag: `"${HASH}"` });
    if (found !== undefined) openPartOf(found)?.close();
    expect(await type('ziphash')).toBeUndefined();
  });

  it('is nothing where nothing is stored', async () => {
    const store = await stored({ ziphash: HASH });
    expect(await prepareStored(store, zip)).toBeUndefined();
    expect(await prepareStored(store, { ...zip, kind: 'mod' })).toBeUndefined();
  });

  it('throws STORAGE for a zip without its hash, and for a store that cannot read at a position', async () => {
    await expect(prepareStored(await stored({ zip: 'PK' }), zip)).rejects.toMatchObject({
      code: 'STORAGE',
      reason: 'its .ziphash file was removed from the cache directory',
    });
    await expect(prepareStored(createMemoryStore(), zip)).rejects.toMatchObject({ code: 'STORAGE' });
  });
});

it('says how old an answer is, and never that it is from the future', () => {
  expect(staleHeaders(monotonicNow() - 90_000)).toEqual([
    'age',
    '90',
    'warning',
    '110 - "Response is Stale"',
  ]);
  expect(staleHeaders(monotonicNow() + 90_000)[1]).toBe('0');
});
