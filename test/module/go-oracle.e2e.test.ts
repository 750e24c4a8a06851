/**
 * Asks the real `go` for what its standard library decides, with the same random input. One run of the program in
 * `testdata/oracle` answers all questions of a property.
 *
 * The engine may know a newer Unicode than go does, so characters come from blocks that have long been complete.
 */
import path from 'node:path';

import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';

import { compareBytes } from '../../src/module/byte-order.js';
import { checkFilePath, foldPath } from '../../src/module/files/file-path.js';
import { goLanguageVersion, isGo124OrLater } from '../../src/module/go-mod.js';
import { quote, unquote } from '../../src/module/go-string.js';
import { parsePathPatterns } from '../../src/module/path-patterns.js';
import { pseudoVersionTime } from '../../src/module/pseudo-version.js';
import { missing } from '../support/requirements.js';
import { mustRun } from '../support/run.js';
import { tempDir } from '../support/tmp.js';

interface Question {
  kind: string;
  a: string;
  b?: string;
}

const SAMPLES = 2000;
const withoutGo = missing('go');

describe.skipIf(withoutGo)(
  withoutGo ? 'agreement with go (SKIPPED: there is no go on PATH)' : 'agreement with go',
  () => {
    let oracle = '';

    beforeAll(async () => {
      const dir = await tempDir('oracle');
      oracle = path.join(dir, 'oracle');
      await mustRun('go', ['build', '-o', oracle, '.'], {
        cwd: path.join(import.meta.dirname, 'testdata/oracle'),
        env: {
          GOCACHE: path.join(dir, 'cache'),
          GOPATH: path.join(dir, 'gopath'),
          GOTOOLCHAIN: 'local',
          GOPROXY: 'off',
          GOFLAGS: '-mod=mod',
        },
        timeoutMs: 110_000,
      });
    });

    async function ask(questions: Question[]): Promise<string[]> {
      const answers: unknown = JSON.parse(await mustRun(oracle, [], { input: JSON.stringify(questions) }));
      expect(answers).toHaveLength(questions.length);
      return answers as string[];
    }

    /** Compares our answer with the one of go for each sample. */
    async function agree(questions: Question[], ours: (question: Question) => string): Promise<void> {
      const answers = await ask(questions);
      const wrong = questions
        .map((question, i) => ({ question, go: answers[i], ours: ours(question) }))
        .filter((row) => row.go !== row.ours);
      expect(wrong.slice(0, 5)).toEqual([]);
    }

    it('matches patterns of GOPRIVATE', async () => {
      const glob = fc.string({
        unit: fc.constantFrom('a', 'b', '/', '*', '?', '[', ']', '^', '-', '\\', ',', 'é'),
      });
      const target = fc.string({ unit: fc.constantFrom('a', 'b', '/', '-', ']', 'é'), minLength: 1 });
      const samples = fc.sample(fc.record({ a: glob, b: target }), 10 * SAMPLES);
      const likely = fc.sample(
        fc.record({
          a: fc.string({
            unit: fc.constantFrom('a', '/', '*', '?', '[^b]', '[a-b]'),
            minLength: 1,
            maxLength: 6,
          }),
          b: fc.string({ unit: fc.constantFrom('a', 'b', '/'), minLength: 1, maxLength: 8 }),
        }),
        10 * SAMPLES,
      );
      const questions = [...samples, ...likely].map((sample) => ({ kind: 'prefix', ...sample }));
      await agree(questions, ({ a, b = '' }) => {
        // Of a list in which one pattern is malformed, go uses the others; here the list is refused.
        const matched = a.split(',').some((one) => parsePathPatterns(one)?.(b) ?? false);
        return String(matched);
      });
    });

    it('folds every character as strings.EqualFold does', async () => {
      const known = new Set(oldCharacters());
      const questions = oldCharacters().flatMap((a) => {
        const upper = a.toUpperCase();
        const variants = new Set([a.toLowerCase(), upper, upper.toLowerCase()]);
        // Some old letters got a capital in a Unicode that go may not know.
        return [...variants]
          .filter((b) => b !== a && Array.from(b).every((char) => known.has(char)))
          .map((b) => ({ kind: 'fold', a, b }));
      });
      expect(questions.length).toBeGreaterThan(1500);
      await agree(questions, ({ a, b = '' }) => String(foldPath(a) === foldPath(b)));
    });

    it('folds texts as strings.EqualFold does', async () => {
      const text = fc.string({
        unit: fc.constantFrom(...Array.from('kK\u212asSſßẞσςΣiIİıéÉäÄ\u0390\u1fd3')),
        maxLength: 2,
      });
      const pairs = fc.tuple(text, text);
      await agree(
        fc.sample(pairs, SAMPLES).map(([a, b]) => ({ kind: 'fold', a, b })),
        ({ a, b = '' }) => String(foldPath(a) === foldPath(b)),
      );
    });

    it('takes the letters of unicode.IsLetter for file names', async () => {
      const characters = oldCharacters().filter((char) => char > '\x7f');
      const [letters = ''] = await ask([{ kind: 'letters', a: characters.join('') }]);
      const goLetters = new Set(letters);
      const wrong = characters.filter((char) => (checkFilePath(char) === undefined) !== goLetters.has(char));
      expect(wrong.map(quote)).toEqual([]);
    });

    it('reads the times of time.Parse', async () => {
      const part = fc.oneof(fc.nat(99), fc.constantFrom(0, 1, 2, 12, 23, 24, 28, 29, 30, 31, 32, 59, 60));
      const times = fc
        .tuple(
          fc.oneof(fc.nat(9999), fc.constantFrom(0, 99, 1900, 2000, 2023, 2024)),
          fc.tuple(part, part, part, part, part),
        )
        .map(
          ([year, parts]) =>
            String(year).padStart(4, '0') + parts.map((n) => String(n).padStart(2, '0')).join(''),
        );
      const days = Array.from({ length: 32 * 13 }, (_, i) =>
        [2023, 2024, 1900, 2000].map(
          (year) =>
            `${year}${String(Math.floor(i / 32)).padStart(2, '0')}${String(i % 32).padStart(2, '0')}120000`,
        ),
      ).flat();
      await agree(
        [...fc.sample(times, SAMPLES), ...days].map((a) => ({ kind: 'time', a })),
        ({ a }) => tryTo(() => pseudoVersionTime(`v1.0.0-${a}-abcdef123456`).toISOString()),
      );
    });

    it('quotes as strconv.Quote does', async () => {
      const text = fc.string({ unit: fc.constantFrom(...oldCharacters().slice(0, 0x2100)) });
      await agree(
        fc.sample(text, SAMPLES).map((a) => ({ kind: 'quote', a })),
        ({ a }) => quote(a),
      );
    });

    it('unquotes as strconv.Unquote does', async () => {
      const pieces = fc.array(
        fc.constantFrom(...Array.from('"`\\xuU01234789afnrtvz\né '), '\\x4', '\\u00', '\\xff', '\\\\', '\\"'),
      );
      const literals = fc
        .tuple(fc.constantFrom('"', '`'), pieces)
        .map(([delimiter, inside]) => delimiter + inside.join('') + delimiter);
      await agree(
        fc.sample(literals, SAMPLES).map((a) => ({ kind: 'unquote', a })),
        ({ a }) => {
          const text = unquote(a);
          return text === undefined ? 'error' : `text ${text}`;
        },
      );
    });

    it('knows the language versions of go/version', async () => {
      const text = fc.array(fc.constantFrom('1', '2', '0', '24', '.', 'rc', 'beta', '-', 'x'), {
        maxLength: 6,
      });
      const samples = fc.sample(text, SAMPLES).map((parts) => parts.join(''));
      await agree(
        [...samples, '1.24', '1.23', '1.24rc1', '1.24.3', '1.100', '2.0'].map((a) => ({ kind: 'lang', a })),
        ({ a }) => goLanguageVersion(a),
      );
      await agree(
        [...new Set(samples.map(goLanguageVersion))].map((a) => ({ kind: '124', a })),
        ({ a }) => String(isGo124OrLater(a)),
      );
    });

    it('orders texts as strings.Compare does', async () => {
      const text = fc.string({
        unit: fc.constantFrom('a', 'B', 'é', '中', '\uffee', '\u{10000}', '😀'),
        maxLength: 4,
      });
      await agree(
        fc.sample(fc.tuple(text, text), SAMPLES).map(([a, b]) => ({ kind: 'less', a, b })),
        ({ a, b = '' }) => String(Math.sign(compareBytes(a, b))),
      );
    });
  },
);

function tryTo(action: () => string): string {
  try {
    return action();
  } catch {
    return 'error';
  }
}

/** Blocks of characters that have not changed for many versions of Unicode. */
function oldCharacters(): string[] {
  const blocks = [
    [0x20, 0x7e],
    [0xa0, 0x52f],
    [0x10a0, 0x10ff],
    [0x1e00, 0x1fff],
    [0x2100, 0x218f],
    [0x3040, 0x30ff],
    [0x4e00, 0x9fa5],
    [0xac00, 0xd7a3],
    [0xfb00, 0xfb06],
    [0xff01, 0xff5e],
    [0x10400, 0x1044f],
    [0x1f600, 0x1f64f],
  ] as const;
  return blocks.flatMap(([first, last]) =>
    Array.from({ length: last - first + 1 }, (_, i) => String.fromCodePoint(first + i)),
  );
}
