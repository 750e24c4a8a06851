/**
 * Asks golang.org/x/mod itself about the formats, with the same random input: what it signs we sign, what it refuses we
 * refuse, and every hash, tile and proof of a log is the same.
 */
import path from 'node:path';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { openNote, parseSignerKey, parseVerifierKey, signNote } from '../../src/sumdb/format/note.js';
import { proveRecord, proveTree } from './format/proof.js';
import { parseRecord } from '../../src/sumdb/format/record.js';
import { parseTilePath, readTileData, tilePath } from '../../src/sumdb/format/tile.js';
import { recordHash } from '../../src/sumdb/format/tlog.js';
import { formatTree, parseTree } from '../../src/sumdb/format/tree-head.js';
import { publicProxy } from '../support/hosts/public-proxy.js';
import { missing } from '../support/requirements.js';
import { mustRun } from '../support/run.js';
import { tempDir } from '../support/tmp.js';
import { memoryLog } from './format/leaves.js';
import { newTiles } from './format/growing-tree.js';

interface Question {
  Kind: 'sign' | 'open' | 'verifier' | 'tree' | 'record' | 'tile' | 'log';
  Key?: string;
  Text: string;
  Records?: string[];
  N?: number;
}

const SAMPLES = 1000;
const VERIFIER = 'PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW';
const SIGNER = 'PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz';

const base64 = (text: string | Buffer) => Buffer.from(text).toString('base64');
const bytesOf = ({ Text }: Question) => Buffer.from(Text, 'base64');
const textOf = (question: Question) => bytesOf(question).toString();

/** `whole` as it is, or with one byte more, less or another. */
function mangled(whole: fc.Arbitrary<string>): fc.Arbitrary<Buffer> {
  return fc
    .tuple(whole, fc.nat(), fc.constantFrom('none', 'none', 'insert', 'remove', 'change'), fc.nat(255))
    .map(([text, place, change, byte]) => {
      const bytes = Buffer.from(text);
      const at = place % (bytes.length + 1);
      const [before, after] = [bytes.subarray(0, at), bytes.subarray(at)];
      if (change === 'none') return bytes;
      const added = change === 'remove' ? Buffer.alloc(0) : Buffer.from([byte]);
      return Buffer.concat([before, added, change === 'insert' ? after : after.subarray(1)]);
    });
}

const withoutOracle = missing('go') || publicProxy('golang.org/x/mod@v0.42.0') === undefined;

describe.skipIf(withoutOracle)('agreement with x/mod', () => {
  let oracle = '';

  beforeAll(async () => {
    oracle = path.join(await tempDir('oracle'), 'oracle');
    // With the settings of the account that runs the tests: they know the way to public modules here.
    await mustRun('go', ['build', '-o', oracle, '.'], {
      cwd: path.join(import.meta.dirname, 'testdata/oracle'),
      env: { ...process.env, GOTOOLCHAIN: 'local', GOFLAGS: '-mod=readonly -buildvcs=false' },
      timeoutMs: 110_000,
    });
  });

  async function agree(
    questions: Question[],
    ours: (question: Question) => string | Promise<string>,
  ): Promise<void> {
    const answers: unknown = JSON.parse(await mustRun(oracle, [], { input: JSON.stringify(questions) }));
    const wrong: unknown[] = [];
    for (const [i, theirs] of (answers as string[]).entries()) {
      const question = questions[i];
      if (question === undefined) continue;
      const own = await Promise.resolve()
        .then(() => ours(question))
        .catch(() => 'error');
      if (own !== theirs) wrong.push({ question, text: textOf(question), theirs, own });
    }
    expect(answers).toHaveLength(questions.length);
    expect(wrong.slice(0, 3)).toEqual([]);
  }

  const lines = fc
    .array(fc.string({ unit: fc.constantFrom('a', 'B', ' ', 'é', '+', '—', '\n', '\t', '\u0085') }), {
      maxLength: 4,
    })
    .map((parts) => `${parts.join('\n')}\n`);

  it('signs notes alike', async () => {
    const questions = fc
      .sample(lines, SAMPLES)
      .map((text): Question => ({ Kind: 'sign', Key: SIGNER, Text: base64(text) }));
    // It signs what it would not open again; we do not.
    // eslint-disable-next-line no-control-regex -- leaving them out is the point
    const sound = questions.filter((question) => !/[\0-\x09\x0b-\x1f]/.test(textOf(question)));
    await agree(sound, (question) => signNote(textOf(question), parseSignerKey(SIGNER)).toString());
  });

  it('opens and refuses the same notes', async () => {
    const signer = parseSignerKey(SIGNER);
    const note = lines
      .filter((text) => !text.includes('\t'))
      .chain((text) =>
        fc
          .array(fc.constantFrom('own' as const, 'other' as const, 'junk' as const), {
            minLength: 1,
            maxLength: 3,
          })
          .map((signatures) => {
            const signed = signNote(text, signer).toString();
            const own = signed.slice(text.length + 1);
            const other = own.replace('PeterNeumann', 'Somebody');
            const kinds = { own, other, junk: '— X AAAA\n' };
            return `${text}\n${signatures.map((kind) => kinds[kind]).join('')}`;
          }),
      );
    const questions = fc
      .sample(mangled(note), SAMPLES)
      .map((bytes): Question => ({ Kind: 'open', Key: VERIFIER, Text: base64(bytes) }));
    await agree(questions, (question) => {
      const { text, signatures, unverified } = openNote(bytesOf(question), [parseVerifierKey(VERIFIER)]);
      return `${signatures.length} ${unverified.length} ${text}`;
    });
  });

  it('accepts the same verifier keys', async () => {
    const questions = fc
      .sample(mangled(fc.constant(VERIFIER)), SAMPLES)
      .filter((bytes) => bytes.equals(Buffer.from(bytes.toString())) && !/[\r\n]/.test(bytes.toString()))
      .map((bytes): Question => ({ Kind: 'verifier', Text: base64(bytes) }));
    await agree(questions, (question) => {
      parseVerifierKey(textOf(question));
      return 'ok';
    });
  });

  it('reads the same tree heads', async () => {
    const head = fc
      .tuple(fc.nat(1_000_000_000), fc.uint8Array({ minLength: 31, maxLength: 33 }), lines)
      .map(([size, hash, more]) => `go.sum database tree\n${size}\n${base64(Buffer.from(hash))}\n${more}`);
    const questions = fc
      .sample(mangled(head), SAMPLES)
      .filter((bytes) => bytes.equals(Buffer.from(bytes.toString())) && !bytes.includes('\r'))
      .map((bytes): Question => ({ Kind: 'tree', Text: base64(bytes) }));
    await agree(questions, (question) => formatTree(parseTree(textOf(question))));
  });

  it('reads the same answers to lookups', async () => {
    const answer = fc
      .tuple(fc.nat(100_000), lines, lines)
      .map(([number, record, rest]) => `${number}\n${record}\n${rest}`);
    const questions = fc
      .sample(mangled(answer), SAMPLES)
      // Forms of a number, and an empty first line, that only it takes.
      .filter((bytes) => /^(?:0|[1-9]\d*)\n(?!\n)|^[^+\-0-9]/.test(bytes.toString('latin1')))
      .map((bytes): Question => ({ Kind: 'record', Text: base64(bytes) }));
    expect(questions.length).toBeGreaterThan(SAMPLES / 2);
    await agree(questions, (question) => {
      const { number, record, rest } = parseRecord(bytesOf(question));
      return `${number} ${record} ${base64(rest)}`;
    });
  });

  it('reads the same paths of tiles', async () => {
    const number = fc.oneof(fc.nat(20), fc.nat(70_000));
    const tile = fc
      .tuple(fc.integer({ min: 1, max: 30 }), fc.integer({ min: -1, max: 63 }), fc.nat(2 ** 31 - 1), number)
      .map(([height, level, n, width]) =>
        tilePath({ height, level, number: n, width: 1 + (width % 2 ** height) }),
      );
    const questions = fc
      .sample(mangled(tile), SAMPLES)
      // It parses levels that no tile has (its own limit is 63); we do not.
      .filter((bytes) => Number(/^tile\/\d+\/(\d+)/.exec(bytes.toString())?.[1] ?? 0) <= 63)
      .map((bytes): Question => ({ Kind: 'tile', Text: base64(bytes) }));
    await agree(questions, (question) => {
      const found = parseTilePath(textOf(question));
      if (found === undefined) return 'error';
      return `${found.height} ${found.level} ${found.number} ${found.width} ${tilePath(found)}`;
    });
  });

  it('computes the same hashes, tiles and proofs', async () => {
    const sizes = [1, 2, 3, 7, 8, 9, 100, 255, 256, 257, 511, 512, 513, 700];
    const questions = sizes.flatMap((size) =>
      [0, Math.floor(size / 3), size - 1].map((N): Question => ({
        Kind: 'log',
        Text: '',
        Records: Array.from({ length: size }, (_, i) => `record ${i} of ${size}\n`),
        N,
      })),
    );
    await agree(questions, async ({ Records = [], N = 0 }) => {
      const log = await memoryLog(Records);
      const size = Records.length;
      const rows = [(await log.tree()).hash.toString('base64')];
      for (const tile of newTiles(8, N, size)) {
        const data = await readTileData(tile, log.read);
        rows.push(`${tilePath(tile)} ${recordHash(data).toString('base64')}`);
      }
      const proofs = [...(await proveRecord(size, N, log.read)), ...(await proveTree(size, N + 1, log.read))];
      return [...rows, ...proofs.map((hash) => hash.toString('base64'))].join('\n');
    });
  });
});
