import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { EarlierZip, type PositionedFile } from '../../src/zip/earlier-zip.js';

const MIB = 1024 * 1024;

function fileOf(content: Buffer): { file: PositionedFile; reads: number[] } {
  const reads: number[] = [];
  const file: PositionedFile = {
    read(target, length, position, done) {
      reads.push(position);
      const bytes = content.subarray(position, position + length);
      setImmediate(() => done(null, bytes.copy(target)));
    },
  };
  return { file, reads };
}

async function all(pieces: AsyncIterable<Buffer>): Promise<Buffer> {
  const read: Buffer[] = [];
  for await (const piece of pieces) read.push(piece);
  return Buffer.concat(read);
}

describe('EarlierZip', () => {
  it('reads many small parts with one read, and what spans several piece by piece', async () => {
    const content = randomBytes(2 * MIB);
    const { file, reads } = fileOf(content);
    const zip = new EarlierZip(file);
    for (let at = 0; at < 100_000; at += 1_000) {
      await zip.fill(at, 900);
      expect(zip.ready(at, 900)?.equals(content.subarray(at, at + 900))).toBe(true);
    }
    expect(reads).toEqual([0]);
    expect((await all(zip.pieces(500, MIB))).equals(content.subarray(500, 500 + MIB))).toBe(true);
    expect(zip.ready(500, 10)).toBeUndefined();
    expect(await all(zip.pieces(0, 0))).toHaveLength(0);
  });

  it('gives each of two readers its own bytes', async () => {
    const content = randomBytes(2 * MIB);
    const zip = new EarlierZip(fileOf(content).file);
    const [a, b] = await Promise.all([all(zip.pieces(0, MIB)), all(zip.pieces(MIB, MIB))]);
    expect(a.equals(content.subarray(0, MIB))).toBe(true);
    expect(b.equals(content.subarray(MIB))).toBe(true);
  });

  it('fails where the zip ends before its end, or cannot be read', async () => {
    const short = new EarlierZip(fileOf(Buffer.alloc(10)).file);
    await expect(all(short.pieces(5, 10))).rejects.toThrow('ended before its end');
    const bad = new EarlierZip({ read: (_target, _length, _position, done) => done(new Error('EIO'), 0) });
    await expect(bad.fill(0, 1)).rejects.toThrow('EIO');
  });
});
