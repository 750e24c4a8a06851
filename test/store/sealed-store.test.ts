import { describe, expect, it } from 'vitest';
import { goModHash } from '../../src/module/files/dirhash.js';
import { parseModulePath } from '../../src/module/module-path.js';
import { createMemoryBlobStore } from '../support/stores/memory-blob-store.js';
import { createMemoryStore } from '../support/stores/memory-store.js';
import { SealedStore } from '../../src/store/sealed-store.js';
import { Seals, type Seal } from '../../src/store/seals.js';
import { putBytes, type PartKind } from '../../src/store/version-store.js';

const version = { module: parseModulePath('corp.test/lib'), version: 'v1.0.0' as const };
const COMMIT = 'a'.repeat(40);
const ZIP = `h1:${Buffer.alloc(32, 1).toString('base64')}`;
const OTHER_ZIP = `h1:${Buffer.alloc(32, 2).toString('base64')}`;
const NAME = 'corp.test/lib@v1.0.0';
const MOD = 'module corp.test/lib\n';
const info = (commit: string) => JSON.stringify({ Version: 'v1.0.0', Origin: { Hash: commit } });

async function sealed(seal?: Seal) {
  const inner = createMemoryStore();
  const seals = new Seals(createMemoryBlobStore());
  if (seal !== undefined) await seals.add(version, seal);
  const store = new SealedStore(inner, seals);
  return {
    inner,
    seals,
    store,
    put: (kind: PartKind, text: string, of = version) => putBytes(store, { ...of, kind }, Buffer.from(text)),
    read: async (kind: PartKind) => (await inner.read({ ...version, kind }))?.toString(),
  };
}

const SEAL: Seal = {
  reason: 'purged',
  origin: COMMIT,
  mod: goModHash(Buffer.from(MOD)),
  zip: ZIP,
};

describe('SealedStore', () => {
  it('takes anything for a version without a seal', async () => {
    const { put, read } = await sealed();
    await put('mod', 'anything');
    expect(await read('mod')).toBe('anything');
  });

  it('takes for a sealed version what the seal says', async () => {
    const { put, read } = await sealed(SEAL);
    await put('info', info(COMMIT));
    await put('mod', MOD);
    await put('ziphash', `${ZIP}\n`);
    expect([await read('info'), await read('mod'), await read('ziphash')]).toEqual([
      info(COMMIT),
      MOD,
      `${ZIP}\n`,
    ]);
  });

  const OTHER_COMMIT = 'b'.repeat(40);
  it.each<[PartKind, string, what: string, was: string, now: string]>([
    ['info', info(OTHER_COMMIT), 'commit', COMMIT, OTHER_COMMIT],
    ['info', 'no JSON', 'commit', COMMIT, 'nothing that can be read'],
    ['mod', `${MOD}\n`, 'go.mod', SEAL.mod ?? '', goModHash(Buffer.from(`${MOD}\n`))],
    ['ziphash', 'no hash', 'zip', ZIP, 'nothing that can be read'],
  ])('refuses another .%s (%j), and says what it was', async (kind, text, what, was, now) => {
    const { put, read } = await sealed(SEAL);
    await expect(put(kind, text)).rejects.toMatchObject({
      code: 'CHECKSUM_MISMATCH',
      message: `refused: corp.test/lib@v1.0.0: its ${what} is not the one that was served before`,
      reason: `this version was purged; then it was ${was}, now it is ${now}`,
    });
    expect(await read(kind)).toBeUndefined();
  });

  it('says that a version was damaged where it was', async () => {
    const { put } = await sealed({ ...SEAL, reason: 'damaged' });
    await expect(put('mod', 'x')).rejects.toMatchObject({
      reason: expect.stringContaining('was damaged on the disk of modhaven') as string,
    });
  });

  it('holds releases that were removed to make room to what they were', async () => {
    const evicted = () => ({ zip: ZIP, mod: SEAL.mod });
    const store = new SealedStore(createMemoryStore(), new Seals(createMemoryBlobStore()), evicted);
    const put = (kind: PartKind, text: string) => putBytes(store, { ...version, kind }, Buffer.from(text));
    await put('info', 'anything');
    await put('mod', MOD);
    await expect(put('ziphash', 'h1:y')).rejects.toMatchObject({
      code: 'CHECKSUM_MISMATCH',
      reason: expect.stringContaining('was removed to make room; then it was') as string,
    });
  });

  it('takes what the seal says nothing about', async () => {
    const { put, read } = await sealed({ reason: 'purged', zip: ZIP });
    await put('mod', 'anything');
    expect(await read('mod')).toBe('anything');
  });

  describe('adds to the seal of a version that was purged before its zip was there', () => {
    const SEAL_WITHOUT_ZIP: Seal = { reason: 'purged', origin: COMMIT };
    const SEALED = { ...SEAL_WITHOUT_ZIP, zip: ZIP };

    it.each([true, false])(
      'before the zip can be read (sealed before its hash came: %s)',
      async (isSealedFirst) => {
        const { inner, seals, put } = await sealed(isSealedFirst ? SEAL_WITHOUT_ZIP : undefined);
        await put('ziphash', ZIP);
        if (!isSealedFirst) await seals.add(version, SEAL_WITHOUT_ZIP);
        let sealedAs: Seal | undefined;
        await new SealedStore(inner, seals).put({ ...version, kind: 'zip' }, async (sink) => {
          sealedAs = await seals.of(version);
          sink.write('PK');
        });
        expect(sealedAs).toEqual(SEALED);
        await inner.removal?.remove(version);
        await expect(put('ziphash', OTHER_ZIP)).rejects.toMatchObject({ code: 'CHECKSUM_MISMATCH' });
      },
    );

    it('when the zip is there, where the seal came while it was written', async () => {
      const { inner, seals, put } = await sealed();
      await put('ziphash', ZIP);
      await new SealedStore(inner, seals).put({ ...version, kind: 'zip' }, async (sink) => {
        await seals.add(version, SEAL_WITHOUT_ZIP);
        sink.write('PK');
      });
      expect(await seals.of(version)).toEqual(SEALED);
    });

    it('what can be read, not what another process comes with', async () => {
      const { inner, seals, put } = await sealed();
      await put('ziphash', ZIP);
      await put('zip', 'PK');
      await seals.add(version, SEAL_WITHOUT_ZIP);
      await expect(put('ziphash', OTHER_ZIP)).rejects.toMatchObject({ code: 'CHECKSUM_MISMATCH' });
      expect(await seals.of(version)).toEqual(SEALED);
      expect((await inner.read({ ...version, kind: 'ziphash' }))?.toString()).toBe(ZIP);
    });

    it('nothing, and stores no zip, where the purge has removed the hash', async () => {
      const { inner, put } = await sealed(SEAL_WITHOUT_ZIP);
      await put('ziphash', ZIP);
      await inner.removal?.remove(version);
      await expect(put('zip', 'PK')).rejects.toMatchObject({
        code: 'STORAGE',
        message: `${NAME} was purged while it was stored`,
      });
      expect(await inner.size({ ...version, kind: 'zip' })).toBeUndefined();
    });
  });

  it.each<[Seal['reason'], string]>([
    ['purged', ZIP],
    ['damaged', ZIP],
    ['damaged', OTHER_ZIP],
  ])('takes a zip that is made while it is written, with its hash: %s, %s', async (reason, hash) => {
    const { inner, put, store } = await sealed({ ...SEAL, reason });
    const zip = store.put({ ...version, kind: 'zip' }, async (sink) => {
      sink.write('PK');
      await put('ziphash', hash);
    });
    if (hash === ZIP) expect(await zip).toBe(true);
    else await expect(zip).rejects.toMatchObject({ code: 'CHECKSUM_MISMATCH' });
    expect(await inner.size({ ...version, kind: 'zip' })).toBe(hash === ZIP ? 2 : undefined);
  });

  it('holds no zip in memory: its hash was judged before', async () => {
    const { put, read } = await sealed(SEAL);
    await put('ziphash', ZIP);
    await put('zip', 'PK');
    expect(await read('zip')).toBe('PK');
  });

  it.each<[string, string | undefined, object]>([
    [
      'another',
      OTHER_ZIP,
      { code: 'CHECKSUM_MISMATCH', message: expect.stringContaining('its zip') as string },
    ],
    ['the same', ZIP, {}],
    ['no', undefined, { code: 'STORAGE', message: `${NAME} was purged while it was stored` }],
  ])(
    'judges a zip again that was on its way while its version was purged: %s hash',
    async (_, hash, error) => {
      const inner = createMemoryStore();
      const seals = new Seals(createMemoryBlobStore());
      const store = new SealedStore(inner, seals);
      await putBytes(store, { ...version, kind: 'ziphash' }, Buffer.from(hash ?? ''));
      const zip = store.put({ ...version, kind: 'zip' }, async (sink) => {
        await seals.add(version, SEAL);
        if (hash === undefined) await inner.removal?.remove(version);
        sink.write('PK');
      });
      if (hash === ZIP) expect(await zip).toBe(true);
      else await expect(zip).rejects.toMatchObject(error);
      expect(await inner.size({ ...version, kind: 'zip' })).toBe(hash === ZIP ? 2 : undefined);
    },
  );

  it('stores nothing where the content cannot be made', async () => {
    const { inner } = await sealed(SEAL);
    const seals = new Seals(createMemoryBlobStore());
    await seals.add(version, SEAL);
    const failing = new SealedStore(inner, seals).put({ ...version, kind: 'mod' }, () =>
      Promise.reject(new Error('the host is down')),
    );
    await expect(failing).rejects.toThrow('the host is down');
    expect(await inner.size({ ...version, kind: 'mod' })).toBeUndefined();
  });

  it('stores nothing while the seal cannot be read', async () => {
    const blobs = createMemoryBlobStore();
    await blobs.replace('corp.test/lib/@v/v1.0.0', Buffer.from('torn'));
    const inner = createMemoryStore();
    const store = new SealedStore(inner, new Seals(blobs));
    const part = { ...version, kind: 'mod' } as const;
    await expect(putBytes(store, part, Buffer.from(MOD))).rejects.toMatchObject({ code: 'STORAGE' });
    expect(await inner.size(part)).toBeUndefined();
  });
});
