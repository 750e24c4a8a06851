import { mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { generateKey, parseSignerKey } from '../../../src/sumdb/format/note.js';
import { signTree, type SignedTree } from '../../../src/sumdb/format/tree-head.js';
import { createWitness } from '../../../src/sumdb/log/witness.js';
import { tempDir } from '../../support/tmp.js';

const signer = parseSignerKey(generateKey('sum.ex.test').signerKey);
const tree = (size: number, by = signer): SignedTree => signTree({ size, hash: Buffer.alloc(32, size) }, by);

let file: string;
beforeEach(async () => {
  file = join(await tempDir('witness'), 'key.witness');
});
const open = () => createWitness(file, signer.verifier);

describe('createWitness', () => {
  it('knows nothing at first, then the largest tree, also after a restart', async () => {
    expect(open().read()).toBeUndefined();
    await open().advance(tree(3));
    await open().advance(tree(5));
    await open().advance(tree(4));
    expect(open().read()).toEqual(tree(5));
  });

  it('keeps the tree that it has where another one of that size comes', async () => {
    await open().advance(tree(5));
    const other = signTree({ size: 5, hash: Buffer.alloc(32, 99) }, signer);
    await open().advance(other);
    expect(open().read()).toEqual(tree(5));
  });

  it('may be read by everyone: it is not a secret', async () => {
    await open().advance(tree(1));
    expect((await stat(file)).mode & 0o777).toBe(0o644);
    expect(await readFile(file)).toEqual(tree(1).note);
  });

  const unusable = { code: 'STORAGE', message: expect.stringContaining('cannot be used') as string };

  it('is not replaced where it belongs to another key, or is damaged', async () => {
    const other = parseSignerKey(generateKey('sum.ex.test').signerKey);
    for (const content of [tree(3, other).note, Buffer.from(''), Buffer.from('text\n')]) {
      await writeFile(file, content);
      expect(() => open().read()).toThrow(expect.objectContaining(unusable) as Error);
      await expect(open().advance(tree(9))).rejects.toMatchObject(unusable);
      expect(await readFile(file)).toEqual(content);
    }
  });

  it('says that it cannot be written', async () => {
    await mkdir(join(file, '..', 'missing'), { recursive: true });
    const away = createWitness(join(file, '..', 'none', 'w'), signer.verifier);
    await expect(away.advance(tree(1))).rejects.toMatchObject({
      code: 'STORAGE',
      message: expect.stringContaining('cannot be written') as string,
      reason: expect.stringContaining('ENOENT') as string,
      remedy: expect.stringContaining('sumdb.witness_file') as string,
    });
  });
});
