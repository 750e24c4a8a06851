import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CollisionSieve, createCollisionChecker } from '../../../src/module/files/file-collisions.js';

/** What the checker says of the last of these files. */
function verdict(...files: string[]): string | undefined {
  const check = createCollisionChecker();
  return files.map((file) => check(file)).at(-1);
}

describe('a name in a module zip', () => {
  it.each([[['a', 'b', 'a.go', 'x/a', 'y/a', 'x/b']], [['a/b/c', 'a/b/d', 'a/e']], [['straße', 'strasse']]])(
    'may stand beside others: %o',
    (files) => {
      const check = createCollisionChecker();
      expect(files.map((file) => check(file))).toEqual(files.map(() => undefined));
    },
  );

  it.each([
    [['a.go', 'A.go'], 'case-insensitive file name collision: "a.go" and "A.go"'],
    [['x/a', 'X/b'], 'case-insensitive file name collision: "x" and "X"'],
    [['x/y/a', 'x/Y/b'], 'case-insensitive file name collision: "x/y" and "x/Y"'],
    [['k', '\u212a'], 'case-insensitive file name collision: "k" and "\u212a"'],
    [['a', 'a'], 'multiple entries for file "a"'],
    [['a', 'a/b'], 'entry "a" is both a file and a directory'],
    [['a/b', 'a'], 'entry "a" is both a file and a directory'],
  ])('collides: %o', (files, words) => {
    expect(verdict(...files)).toBe(words);
  });

  it('of a directory that collides is refused for each of its files', () => {
    const check = createCollisionChecker();
    check('dir/a');
    expect(check('DIR/b')).toBe(check('DIR/c'));
    expect(check('DIR/c')).toBeDefined();
  });
});

describe('CollisionSieve', () => {
  it('passes whole trees of many names', () => {
    const sieve = new CollisionSieve();
    const paths = Array.from({ length: 20_000 }, (_, i) => `d${i % 100}/x/f${i}`).sort();
    expect(paths.filter((path) => sieve.mayCollide(path))).toEqual([]);
  });

  it('lets no collision pass that the checker sees', () => {
    const name = fc.constantFrom('a', 'A', 'b', 'k', '\u212a', 'straße');
    const path = fc.array(name, { minLength: 1, maxLength: 3 }).map((names) => names.join('/'));
    fc.assert(
      fc.property(fc.array(path, { maxLength: 8 }), (paths) => {
        const check = createCollisionChecker();
        const sieve = new CollisionSieve();
        const first = paths.findIndex((each) => check(each) !== undefined);
        const seen = paths.findIndex((each) => sieve.mayCollide(each));
        expect(first < 0 || (seen >= 0 && seen <= first)).toBe(true);
      }),
    );
  });
});
