/** What a git host sends may be anything: read as it was written, or refused by the errors that say so. */
import { createHash } from 'node:crypto';
import { deflateSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createObjectParser, type GitObject } from '../../../src/vcs/objects/object-stream.js';
import { NotSmall, readSmallPack } from '../../../src/vcs/objects/small-pack.js';
import { parseTree } from '../../../src/vcs/objects/tree-object.js';
import { FallbackToGit } from '../../../src/vcs/smart-http/fallback-to-git.js';
import { packet, packets } from '../../../src/vcs/smart-http/pkt-line.js';
import { readCapabilities, readPack, readRefs } from '../../../src/vcs/smart-http/protocol-v2.js';
import { GitFailure } from '../../../src/vcs/transport/git-exec.js';

const RUNS = { numRuns: 300 };
const LIMITS = { objects: 100, bytes: 64 * 1024 };

const bytes = (maxLength: number) => fc.uint8Array({ maxLength }).map((array) => Buffer.from(array));

/** `whole` in pieces that end at `cuts`. */
async function* cutAt(whole: Buffer, cuts: readonly number[]): AsyncGenerator<Buffer> {
  const ends = [...new Set([...cuts.map((cut) => cut % (whole.length + 1)), whole.length])].sort(
    (a, b) => a - b,
  );
  let start = 0;
  for (const end of ends) {
    yield await Promise.resolve(whole.subarray(start, end));
    start = end;
  }
}
const cuts = fc.array(fc.nat(), { maxLength: 8 });

describe('pkt-lines', () => {
  const line = fc.oneof(
    fc.constantFrom('flush', 'delimiter', 'end'),
    fc.string({ maxLength: 200 }).map((text) => Buffer.from(text)),
  );
  const written = (each: string | Buffer) => {
    if (typeof each !== 'string') {
      return Buffer.concat([Buffer.from(packet('x'.repeat(each.length)).slice(0, 4)), each]);
    }
    return Buffer.from({ flush: '0000', delimiter: '0001', end: '0002' }[each] ?? '');
  };

  it('are read as they were written, however they are cut', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(line, { maxLength: 20 }), cuts, async (lines, where) => {
        const found: unknown[] = [];
        for await (const some of packets(cutAt(Buffer.concat(lines.map(written)), where))) {
          found.push(...some);
        }
        expect(found).toEqual(lines);
      }),
      RUNS,
    );
  });

  it('and answers made of them are read or left to git, whatever was sent', async () => {
    const junk = fc.oneof(
      bytes(300),
      fc.array(line, { maxLength: 20 }).map((lines) => Buffer.concat(lines.map(written))),
    );
    await fc.assert(
      fc.asyncProperty(junk, cuts, async (sent, where) => {
        const drain = async (pack: AsyncIterable<Buffer>) => {
          for await (const piece of pack) expect(piece.length).toBeGreaterThan(0);
        };
        const readers = [
          () => readRefs(packets(cutAt(sent, where))),
          () => readCapabilities(packets(cutAt(sent, where))),
          () => drain(readPack(packets(cutAt(sent, where)), () => undefined)),
        ];
        for (const read of readers) {
          await Promise.resolve(read()).catch((error: unknown) =>
            expect(error).toBeInstanceOf(FallbackToGit),
          );
        }
      }),
      RUNS,
    );
  });
});

/** One step of a delta: a copy from the base, or new bytes. */
type Step = { from: number; length: number } | Buffer;

interface Plan {
  base: Buffer;
  steps: Step[];
  how: 'ofs' | 'ref';
}

const plan: fc.Arbitrary<Plan> = bytes(400).chain((base) =>
  fc.record({
    base: fc.constant(base),
    how: fc.constantFrom('ofs', 'ref'),
    steps: fc.array(
      fc.oneof(
        fc.uint8Array({ minLength: 1, maxLength: 127 }).map((array) => Buffer.from(array)),
        ...(base.length === 0
          ? []
          : [
              fc.nat(base.length - 1).chain((from) =>
                fc.record({
                  from: fc.constant(from),
                  length: fc.integer({ min: 1, max: base.length - from }),
                }),
              ),
            ]),
      ),
      { maxLength: 12 },
    ),
  }),
);

function number(value: number): Buffer {
  const out: number[] = [];
  let rest = value;
  do {
    out.push((rest & 0x7f) | (rest >= 0x80 ? 0x80 : 0));
    rest = Math.floor(rest / 0x80);
  } while (rest > 0);
  return Buffer.from(out);
}

function encodeStep(step: Step): Buffer {
  if (Buffer.isBuffer(step)) return Buffer.concat([Buffer.from([step.length]), step]);
  const { from, length } = step;
  return Buffer.from([0x80 | 0x03 | 0x30, from & 0xff, from >> 8, length & 0xff, length >> 8]);
}

function resultOf({ base, steps }: Plan): Buffer {
  return Buffer.concat(
    steps.map((step) => (Buffer.isBuffer(step) ? step : base.subarray(step.from, step.from + step.length))),
  );
}

function header(type: number, size: number): Buffer {
  const first = (type << 4) | (size & 0x0f);
  const rest = Math.floor(size / 16);
  return rest === 0 ? Buffer.from([first]) : Buffer.concat([Buffer.from([first | 0x80]), number(rest)]);
}

function hashBlob(content: Buffer): string {
  return createHash('sha1').update(`blob ${content.length}\0`).update(content).digest('hex');
}

/** How far back the base of an OFS_DELTA is (gitformat-pack(5)). */
function distance(value: number): Buffer {
  const out = [value & 0x7f];
  for (let rest = Math.floor(value / 128); rest > 0; rest = Math.floor(rest / 128)) {
    rest -= 1;
    out.unshift((rest & 0x7f) | 0x80);
  }
  return Buffer.from(out);
}

function withSum(content: Buffer): Buffer {
  return Buffer.concat([content, createHash('sha1').update(content).digest()]);
}

function packOf(plans: readonly Plan[]): Buffer {
  const start = Buffer.from('PACK\0\0\0\x02\0\0\0\0', 'latin1');
  start.writeUInt32BE(plans.length * 2, 8);
  let pack = start;
  for (const each of plans) {
    const at = pack.length;
    pack = Buffer.concat([pack, header(3, each.base.length), deflateSync(each.base)]);
    const delta = Buffer.concat([
      number(each.base.length),
      number(resultOf(each).length),
      ...each.steps.map(encodeStep),
    ]);
    const base = each.how === 'ofs' ? distance(pack.length - at) : Buffer.from(hashBlob(each.base), 'hex');
    pack = Buffer.concat([pack, header(each.how === 'ofs' ? 6 : 7, delta.length), base, deflateSync(delta)]);
  }
  return withSum(pack);
}

describe('packs and deltas', () => {
  it('are read as they were written', () => {
    fc.assert(
      fc.property(fc.array(plan, { maxLength: 6 }), (plans) => {
        const found = readSmallPack(packOf(plans), 'sha1', LIMITS).map(({ content }) =>
          content.toString('hex'),
        );
        const wanted = plans.flatMap((each) => [each.base.toString('hex'), resultOf(each).toString('hex')]);
        expect(found).toEqual(wanted);
      }),
      RUNS,
    );
  });

  it('are refused, or make whole objects within the limits, where bytes were changed', () => {
    const changes = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(
        fc.array(plan, { minLength: 1, maxLength: 4 }),
        changes,
        fc.nat(),
        fc.boolean(),
        (plans, where, cut, isCut) => {
          const whole = packOf(plans);
          const content = Buffer.from(whole.subarray(0, whole.length - 20));
          for (const [at, value] of where) content[at % content.length] = value;
          const pack = withSum(isCut ? content.subarray(0, cut % content.length) : content);
          try {
            const objects = readSmallPack(pack, 'sha1', LIMITS);
            expect(objects.reduce((sum, object) => sum + object.content.length, 0)).toBeLessThanOrEqual(
              LIMITS.bytes,
            );
            for (const object of objects) {
              const sum = createHash('sha1')
                .update(`${object.type} ${object.content.length}\0`)
                .update(object.content);
              expect(sum.digest('hex')).toBe(object.hash);
            }
          } catch (error) {
            expect(error).toBeInstanceOf(NotSmall);
          }
        },
      ),
      RUNS,
    );
  });

  it('of any bytes are refused', () => {
    fc.assert(
      fc.property(bytes(400), (junk) => {
        const pack = withSum(Buffer.concat([Buffer.from('PACK\0\0\0\x02\0\0\0\x03', 'latin1'), junk]));
        expect(() => readSmallPack(pack, 'sha1', LIMITS)).toThrow(NotSmall);
        expect(() => readSmallPack(junk, 'sha1', LIMITS)).toThrow(NotSmall);
      }),
      RUNS,
    );
  });
});

describe('trees', () => {
  it('of any bytes are refused, or are what was read from them', () => {
    const entry = fc
      .tuple(
        fc.constantFrom('100644', '40000', '0', '160755', '1006x', ''),
        fc.string({ maxLength: 5 }),
        bytes(20),
      )
      .map(([mode, name, hash]) => Buffer.concat([Buffer.from(`${mode} ${name}\0`), hash]));
    const tree = fc.oneof(
      bytes(100),
      fc.array(entry, { maxLength: 5 }).map((entries) => Buffer.concat(entries)),
    );
    fc.assert(
      fc.property(tree, (content) => {
        try {
          const again = parseTree(content, 20).map(({ mode, name, hash }) =>
            Buffer.concat([Buffer.from(`${mode} `), name, Buffer.of(0), Buffer.from(hash, 'hex')]),
          );
          expect(Buffer.concat(again).equals(content)).toBe(true);
        } catch (error) {
          expect(error).toBeInstanceOf(GitFailure);
        }
      }),
      RUNS,
    );
  });
});

describe('the output of git cat-file --batch', () => {
  it('is read as it was written, however it is cut', async () => {
    const object = fc.option(
      fc.record({
        hash: fc.constantFrom('a'.repeat(40), 'b'.repeat(64)),
        type: fc.constantFrom('blob', 'tree'),
        content: bytes(100),
      }),
      { nil: undefined },
    );
    await fc.assert(
      fc.asyncProperty(fc.array(object, { maxLength: 10 }), cuts, async (objects, where) => {
        const text = objects.flatMap((each) =>
          each === undefined
            ? [Buffer.from('x missing\n')]
            : [
                Buffer.from(`${each.hash} ${each.type} ${each.content.length}\n`),
                each.content,
                Buffer.from('\n'),
              ],
        );
        const found: (GitObject | undefined)[] = [];
        const parser = createObjectParser({ accept: () => true, object: (each) => found.push(each) });
        for await (const piece of cutAt(Buffer.concat(text), where)) parser.push(piece);
        expect(found).toEqual(objects);
      }),
      RUNS,
    );
  });
});
