import { describe, expect, it } from 'vitest';
import { parseModulePath } from '../../src/module/module-path.js';
import { createMemoryBlobStore } from '../support/stores/memory-blob-store.js';
import { Seals } from '../../src/store/seals.js';

const version = { module: parseModulePath('corp.test/Lib'), version: 'v1.0.0' as const };
const NAME = 'corp.test/!lib/@v/v1.0.0';

describe('Seals', () => {
  it('keeps what was sealed first, and adds what was not known then', async () => {
    const seals = new Seals(createMemoryBlobStore());
    expect(await seals.of(version)).toBeUndefined();
    await seals.add(version, { reason: 'damaged', zip: 'h1:a' });
    const now = await seals.add(version, { reason: 'purged', zip: 'h1:b', mod: 'h1:c', origin: undefined });
    expect(now).toEqual({ reason: 'purged', zip: 'h1:a', mod: 'h1:c' });
    expect(await seals.of(version)).toEqual({ reason: 'purged', zip: 'h1:a', mod: 'h1:c' });
    expect(await seals.of({ ...version, version: 'v1.0.1' })).toBeUndefined();
  });

  it('loses nothing that two processes seal at once', async () => {
    const blobs = createMemoryBlobStore();
    await Promise.all([
      new Seals(blobs).add(version, { reason: 'purged', zip: 'h1:a' }),
      new Seals(blobs).add(version, { reason: 'purged', mod: 'h1:b' }),
    ]);
    expect(await new Seals(blobs).of(version)).toEqual({ reason: 'purged', zip: 'h1:a', mod: 'h1:b' });
  });

  it('replaces no seal that cannot be read now', async () => {
    const blobs = createMemoryBlobStore();
    await new Seals(blobs).add(version, { reason: 'purged', zip: 'h1:a' });
    const broken = { ...blobs, get: () => Promise.reject(new Error('the store is away')) };
    await expect(new Seals(broken).add(version, { reason: 'damaged' })).rejects.toThrow('the store is away');
    expect(await new Seals(blobs).of(version)).toEqual({ reason: 'purged', zip: 'h1:a' });
  });

  it.each(['', 'no JSON', '[]', '{}', '{"reason":"purged","zip":1}', '{"reason":"other"}'])(
    'refuses to read %j as a seal',
    async (content) => {
      const blobs = createMemoryBlobStore();
      await blobs.replace(NAME, Buffer.from(content));
      await expect(new Seals(blobs).of(version)).rejects.toMatchObject({ code: 'STORAGE' });
    },
  );
});
