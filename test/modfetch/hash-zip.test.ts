import { describe, expect, it } from 'vitest';
import { hashZip } from '../../src/modfetch/hash-zip.js';

describe('hashZip', () => {
  it('reads a zip that is written, of any size, and answers its hash', async () => {
    let written = 0;
    const hash = await hashZip({
      deliver: (target) =>
        target.put(async (sink) => {
          for (let i = 0; i < 200; i += 1) {
            written += 100_000;
            if (!sink.write(Buffer.alloc(100_000))) {
              await new Promise((resolve) => sink.once('drain', resolve));
            }
          }
          return 'h1:written';
        }),
    });
    expect([hash, written]).toEqual(['h1:written', 20_000_000]);
  });

  it('takes the hash of a finished zip, and leaves its file alone', async () => {
    const whole = { hash: 'h1:file', goMod: undefined };
    expect(await hashZip({ deliver: (target) => target.putFile('/not/there.zip', whole) })).toBe('h1:file');
    expect(await hashZip({ deliver: (target) => target.putBytes(Buffer.from('PK'), whole) })).toBe('h1:file');
  });

  it('throws what stands in the way of the zip', async () => {
    await expect(hashZip({ deliver: () => Promise.reject(new Error('broken')) })).rejects.toThrow('broken');
  });
});
