/** A log in memory, for tests: its stored hashes, the roots of all its trees, and its tiles. */
import { signTree, type SignedTree } from '../../../src/sumdb/format/tree-head.js';
import type { Signer } from '../../../src/sumdb/format/note.js';
import { formatRecord } from '../../../src/sumdb/format/record.js';
import { parseTilePath, readTileData } from '../../../src/sumdb/format/tile.js';
import { recordHash, treeHash, type HashReader, type Tree } from '../../../src/sumdb/format/tlog.js';
import { newStoredHashes } from './growing-tree.js';

export interface MemoryLog {
  readonly records: string[];
  readonly hashes: Buffer[];
  readonly read: HashReader;
  add(record: string): Promise<void>;
  /** The tree over the first `size` records; default all. */
  tree(size?: number): Promise<Tree>;
}

export async function memoryLog(records: readonly string[] = []): Promise<MemoryLog> {
  const log: MemoryLog = {
    records: [],
    hashes: [],
    read(indexes) {
      const hashes = indexes.map((index) => log.hashes[index]).filter((hash) => hash !== undefined);
      return hashes.length === indexes.length
        ? Promise.resolve(hashes)
        : Promise.reject(new Error('a hash is not there'));
    },
    async add(record) {
      const leaf = recordHash(Buffer.from(record));
      log.hashes.push(...(await newStoredHashes(log.records.length, leaf, log.read)));
      log.records.push(record);
    },
    tree: async (size = log.records.length) => ({ size, hash: await treeHash(size, log.read) }),
  };
  for (const record of records) await log.add(record);
  return log;
}

/** `leaf 0`, `leaf 1`, …: the records of the published tests. */
export function leaves(count: number): string[] {
  return Array.from({ length: count }, (_, i) => `leaf ${i}`);
}

/** What a database over `log` would answer to `lookup/…`, `latest` and `tile/…`; `size`: as it was then. */
export async function answerOf(
  log: MemoryLog,
  signer: Signer,
  path: string,
  number: number | undefined,
  size = log.records.length,
): Promise<Buffer | undefined> {
  const head = async (): Promise<SignedTree> => signTree(await log.tree(size), signer);
  if (path === 'latest') return (await head()).note;
  if (path.startsWith('lookup/')) {
    const record = number === undefined ? undefined : log.records[number];
    if (number === undefined || record === undefined || number >= size) return undefined;
    return Buffer.concat([Buffer.from(formatRecord(number, record)), (await head()).note]);
  }
  const tile = parseTilePath(path);
  if (
    tile === undefined ||
    (tile.number * 2 ** tile.height + tile.width) * 2 ** (tile.height * tile.level) > size
  ) {
    return undefined;
  }
  return readTileData(tile, log.read);
}
