/** Inputs that are nearly right: a good sample with a few edits. What is random throughout is refused at the first byte. */
import fc from 'fast-check';

/** One edit: what is done, where (as a share of the length), and the bytes for it. */
type Edit = readonly [kind: 'flip' | 'cut' | 'insert' | 'repeat' | 'end', at: number, bytes: Uint8Array];

const edits: fc.Arbitrary<Edit[]> = fc.array(
  fc.tuple(
    fc.constantFrom('flip' as const, 'cut' as const, 'insert' as const, 'repeat' as const, 'end' as const),
    fc.double({ min: 0, max: 1, noNaN: true }),
    fc.uint8Array({ minLength: 1, maxLength: 8 }),
  ),
  { maxLength: 4 },
);

/** One of `samples` with up to four edits, or none. */
export function mutated(...samples: readonly (Buffer | string)[]): fc.Arbitrary<Buffer> {
  return fc
    .tuple(fc.constantFrom(...samples), edits)
    .map(([sample, changes]) => changes.reduce(apply, Buffer.from(sample as string)));
}

function apply(bytes: Buffer, [kind, share, with_]: Edit): Buffer {
  const at = Math.floor(share * bytes.length);
  const head = bytes.subarray(0, at);
  const tail = bytes.subarray(at);
  switch (kind) {
    case 'flip':
      return Buffer.concat([head, with_.subarray(0, 1), tail.subarray(1)]);
    case 'cut':
      return Buffer.concat([head, tail.subarray(with_.length)]);
    case 'insert':
      return Buffer.concat([head, with_, tail]);
    case 'repeat':
      return Buffer.concat([head, tail.subarray(0, 64), tail]);
    case 'end':
      return Buffer.from(head);
  }
}
