import { expect, it } from 'vitest';
import { Blocks } from '../../src/zip/blocks.js';

it('gives back what was added, in its order, and lets it go', () => {
  const blocks = new Blocks();
  const pieces = [0, 10, 300_000, 4_095, 2, 262_144].map((size, i) => Buffer.alloc(size, i));
  for (const piece of pieces) {
    const copy = Buffer.from(piece);
    blocks.add(copy);
    copy.fill(255); // what was added is a copy of it
  }
  expect(Buffer.concat([...blocks.take()]).equals(Buffer.concat(pieces))).toBe(true);
  expect([...blocks.take()]).toEqual([]);
});

it('deflates all but the first, whatever the sizes', () => {
  const blocks = new Blocks();
  const pieces = Array.from({ length: 300 }, (_, i) =>
    Buffer.alloc(1 + ((i * 7919) % 20_000), `piece ${i} `),
  );
  pieces.push(Buffer.alloc(700_000, 'x'), Buffer.from('end'));
  for (const piece of pieces) blocks.add(piece);
  expect(Buffer.concat([...blocks.take()]).equals(Buffer.concat(pieces))).toBe(true);
});
