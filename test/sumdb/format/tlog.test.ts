/**
 * Properties of golang.org/x/mod/sumdb/tlog's own tests, over every tree of up to 100 records, and real Certificate
 * Transparency proofs, which have the same form.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { proveRecord, proveTree, provesRecord, provesTree } from './proof.js';
import {
  EMPTY_HASH,
  recordHash,
  splitStoredHashIndex,
  storedHashCount,
  storedHashIndex,
  treeHash,
} from '../../../src/sumdb/format/tlog.js';
import { leaves, memoryLog, type MemoryLog } from './leaves.js';

const SIZE = 100;
let log: MemoryLog;

beforeAll(async () => {
  log = await memoryLog(leaves(SIZE));
});

function damaged(proof: Buffer[], at: number): Buffer[] {
  return proof.map((hash, i) =>
    i === at ? Buffer.from(hash.map((byte, b) => (b === 0 ? byte ^ 1 : byte))) : hash,
  );
}

describe('stored hashes', () => {
  it('have an index each, and none is left out', () => {
    const seen = new Set<number>();
    for (let level = 0; level < 10; level += 1) {
      for (let number = 0; number < 100; number += 1) {
        const index = storedHashIndex(level, number);
        expect(splitStoredHashIndex(index)).toEqual({ level, number });
        seen.add(index);
      }
    }
    expect(seen.size).toBe(1000);
    for (let size = 0; size <= SIZE; size += 1) {
      const levels = Array.from({ length: 10 }, (_, level) => Math.floor(size / 2 ** level));
      expect(storedHashCount(size)).toBe(levels.reduce((sum, count) => sum + count, 0));
    }
    expect(log.hashes).toHaveLength(storedHashCount(SIZE));
  });

  it('have exact numbers in trees larger than 32 bits count', () => {
    const index = storedHashIndex(3, 2 ** 40 + 1);
    expect(splitStoredHashIndex(index)).toEqual({ level: 3, number: 2 ** 40 + 1 });
    expect(splitStoredHashIndex(index + 1).level).not.toBe(3);
  });
});

describe('a tree', () => {
  it('without records has the hash of nothing', async () => {
    expect(await treeHash(0, log.read)).toEqual(EMPTY_HASH);
    expect(EMPTY_HASH.toString('hex')).toMatch(/^e3b0c44298fc1c14/);
  });

  it('has a hash that proves each of its records, and no other', async () => {
    for (let size = 1; size <= SIZE; size += 1) {
      const tree = await log.tree(size);
      for (let number = 0; number < size; number += 1) {
        const hash = recordHash(Buffer.from(`leaf ${number}`));
        const proof = await proveRecord(size, number, log.read);
        const holds = provesRecord(proof, tree, number, hash);
        const wrong = [
          ...proof.map((_, at) => provesRecord(damaged(proof, at), tree, number, hash)),
          provesRecord([...proof, hash], tree, number, hash),
          provesRecord(proof, tree, number, recordHash(Buffer.from('leaf x'))),
          provesRecord(proof, tree, size, hash),
        ];
        if (!holds || wrong.includes(true)) expect({ size, number, holds, wrong }).toBe('a sound proof');
      }
    }
  });

  it('proves each of the trees it grew from, and no other', async () => {
    for (let size = 1; size <= SIZE; size += 1) {
      const tree = await log.tree(size);
      for (let before = 1; before <= size; before += 1) {
        const older = await log.tree(before);
        const proof = await proveTree(size, before, log.read);
        const holds = provesTree(proof, tree, older);
        const wrong = [
          ...proof.map((_, at) => provesTree(damaged(proof, at), tree, older)),
          provesTree([...proof, older.hash], tree, older),
          provesTree(proof, tree, { size: before, hash: EMPTY_HASH }),
        ];
        if (!holds || wrong.includes(true)) expect({ size, before, holds, wrong }).toBe('a sound proof');
      }
    }
  });

  it('has no proof of what it does not hold', () => {
    expect(() => proveRecord(5, 5, log.read)).toThrow('malformed question');
    expect(() => proveTree(5, 6, log.read)).toThrow('malformed question');
  });
});

describe('Certificate Transparency', () => {
  const load = (name: string): unknown =>
    JSON.parse(readFileSync(join(import.meta.dirname, 'testdata/argon2020', name), 'utf8'));
  const bytes = (base64: string) => Buffer.from(base64, 'base64');

  it('proofs of a real log hold', () => {
    const head = load('sth.json') as { tree_size: number; sha256_root_hash: string };
    const tree = { size: head.tree_size, hash: bytes(head.sha256_root_hash) };
    const { entries } = load('entries.json') as { entries: { leaf_input: string }[] };
    const inclusion = (load('proof.json') as { audit_path: string[] }).audit_path.map(bytes);
    const hash = recordHash(bytes(entries[0]?.leaf_input ?? ''));
    expect(provesRecord(inclusion, tree, 10_000, hash)).toBe(true);
    expect(provesRecord(inclusion, tree, 10_001, hash)).toBe(false);

    const consistency = (load('consistency.json') as { consistency: string[] }).consistency.map(bytes);
    const older = { size: 3_654_490, hash: bytes('AuIZ5V6sDUj1vn3Y1K85oOaQ7y+FJJKtyRTl1edIKBQ=') };
    expect(provesTree(consistency, tree, older)).toBe(true);
    expect(provesTree(consistency, tree, { ...older, size: older.size + 1 })).toBe(false);
  });
});
