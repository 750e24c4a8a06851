/** A checksum database of a test's own, and folders that hold what a client of it needs at some size. */
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { parseModulePath } from '../../../src/module/module-path.js';
import { generateKey, parseSignerKey, type Signer, type Verifier } from '../../../src/sumdb/format/note.js';
import { formatRecord, goSumLines } from '../../../src/sumdb/format/record.js';
import { sumdbPath, type LookupRequest } from '../../../src/sumdb/format/request.js';
import { readTileData, tilePath, TILE_HEIGHT } from '../../../src/sumdb/format/tile.js';
import { recordHash, treeHash, type HashReader } from '../../../src/sumdb/format/tlog.js';
import { signTree } from '../../../src/sumdb/format/tree-head.js';
import { newTiles, newStoredHashes } from '../../sumdb/format/growing-tree.js';

export interface ChecksumLab {
  verifier: Verifier;
  /**
   * Writes what a mirror keeps that was asked for `numbers` at this size, and before that at the sizes of `earlier`: all
   * tiles of then and now, the answers, and the signed tree.
   */
  folder(dir: string, size: number, numbers: number[], earlier?: number[]): Promise<void>;
  /** The signed tree of this size. */
  note(size: number): Promise<Buffer>;
}

const SIZE = 700;

/** The version that record `number` is about. */
export function lookupOf(number: number): LookupRequest {
  return { kind: 'lookup', module: parseModulePath(`ex.test/M${number}`), version: 'v1.0.0' };
}

/** With another `salt`, a database with the same name and key that tells another story. */
export async function checksumLab(salt = '', signer: Signer = newSigner()): Promise<ChecksumLab> {
  const records = Array.from({ length: SIZE }, (_, number) => {
    const { module, version } = lookupOf(number);
    return goSumLines(module, version, { zip: `h1:zip${salt}${number}=`, mod: `h1:mod${number}=` });
  });
  const hashes: Buffer[] = [];
  const read: HashReader = (indexes) =>
    Promise.resolve(indexes.map((index) => hashes[index] ?? Buffer.alloc(0)));
  for (const [number, record] of records.entries()) {
    hashes.push(...(await newStoredHashes(number, recordHash(Buffer.from(record)), read)));
  }
  const note = async (size: number): Promise<Buffer> =>
    signTree({ size, hash: await treeHash(size, read) }, signer).note;

  return {
    verifier: signer.verifier,
    note,
    async folder(dir, size, numbers, earlier = []) {
      for (const at of [...earlier, size]) {
        for (const tile of newTiles(TILE_HEIGHT, 0, at)) {
          await write(path.join(dir, tilePath(tile)), await readTileData(tile, read));
        }
      }
      for (const number of numbers) {
        const answer = Buffer.from(formatRecord(number, records[number] ?? ''));
        await write(path.join(dir, sumdbPath(lookupOf(number))), Buffer.concat([answer, await note(size)]));
      }
      await write(path.join(dir, 'latest'), await note(size));
    },
  };
}

export function newSigner(): Signer {
  return parseSignerKey(generateKey('sum.test').signerKey);
}

async function write(file: string, bytes: Buffer): Promise<void> {
  await mkdir(path.dirname(file), { recursive: true });
  await writeFile(file, bytes);
}

/** Changes one bit of a file. */
export async function damage(file: string): Promise<void> {
  const bytes = await readFile(file);
  bytes.writeUInt8(bytes.readUInt8(40) ^ 1, 40);
  await rm(file);
  await writeFile(file, bytes);
}
