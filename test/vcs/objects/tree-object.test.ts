import { describe, expect, it } from 'vitest';
import {
  entryAt,
  findEntry,
  hashOf,
  isDirectory,
  kindOf,
  parseTree,
} from '../../../src/vcs/objects/tree-object.js';

const [A, B] = ['aa'.repeat(20), 'bb'.repeat(20)];
const line = (mode: string, name: string, hash: string) =>
  Buffer.concat([Buffer.from(`${mode} ${name}\0`), Buffer.from(hash, 'hex')]);
const treeOf = (...names: string[]) =>
  parseTree(Buffer.concat(names.map((name) => line('100644', name, A))), 20);

describe('parseTree', () => {
  it('reads entries one after the other, also of hashes that hold spaces and NULs', () => {
    const odd = '2000'.repeat(10);
    const tree = Buffer.concat([line('100644', 'a b', odd), line('40000', 'sub', B)]);
    expect(parseTree(tree, 20)).toEqual([
      { mode: '100644', name: Buffer.from('a b'), hash: odd },
      { mode: '40000', name: Buffer.from('sub'), hash: B },
    ]);
    const first = entryAt(tree, 0, 20);
    expect([first.kind, hashOf(tree, first)]).toEqual(['regular', odd]);
    expect(entryAt(tree, first.end, 20)).toMatchObject({ kind: 'directory', end: tree.length });
  });

  it('reads hashes of 32 bytes', () => {
    const hash = 'cd'.repeat(32);
    expect(parseTree(line('100644', 'x', hash), 32)[0]?.hash).toBe(hash);
  });

  it('reads an empty tree', () => {
    expect(parseTree(Buffer.alloc(0), 20)).toEqual([]);
  });

  it.each([
    ['without a space', Buffer.from('100644')],
    ['without a NUL', Buffer.from('100644 name')],
    ['without a name', line('100644', '', A)],
    ['with a hash that is cut off', line('100644', 'x', A).subarray(0, -1)],
    ['with a mode that is not a number', line('10064x', 'x', A)],
    ['with a mode of other digits', line('100648', 'x', A)],
    ['without a mode', line('', 'x', A)],
  ])('refuses a tree %s', (_, tree) => {
    expect(() => parseTree(tree, 20)).toThrow(
      expect.objectContaining({ name: 'GitFailure', stderr: 'malformed tree object' }),
    );
  });
});

describe('kindOf', () => {
  it.each([
    ['100644', 'regular'],
    ['100755', 'regular'],
    ['100664', 'regular'],
    ['0100644', 'regular'],
    ['120000', 'symlink'],
    ['160000', 'submodule'],
    ['40000', 'directory'],
    ['040000', 'directory'],
    // git knows three kinds, and takes everything else for a submodule
    ['0', 'submodule'],
    ['644', 'submodule'],
    // only 16 bits count
    ['1100644', 'regular'],
  ])('%s is a %s', (mode, kind) => {
    expect(kindOf(mode)).toBe(kind);
    expect(isDirectory(mode)).toBe(kind === 'directory');
  });
});

describe('findEntry', () => {
  const find = (names: string[], name: string) =>
    findEntry(treeOf(...names), Buffer.from(name))?.name.toString();

  it.each([
    ['b', 'b'],
    ['b/c', 'b'],
    ['bb', undefined],
    ['a', 'a'],
    ['d', undefined],
    ['', undefined],
  ])('looks for %j in a tree of a, b and c', (name, found) => {
    expect(find(['a', 'b', 'c'], name)).toBe(found);
  });

  it('stops where git does in a tree out of order', () => {
    expect(find(['c', 'b'], 'b')).toBeUndefined();
    expect(find(['a', 'c', 'b'], 'c')).toBe('c');
  });
});
