/**
 * The differential suite: modhaven beside `GOPROXY=direct`, case by case.
 *
 * The truth comes from recorded/. It is taken anew as well, and the recording held against it, for every case with
 * MODHAVEN_CONFORMANCE_LIVE=all (once a night), and with `some` (in CI) for one case of each theme, or for every case where
 * the recording is of another go or git: the same programs say the same of the same commits, and a case whose commits
 * changed does not fit its recording. MODHAVEN_CONFORMANCE_RECORD=1 (`npm run conformance:record`) writes the recording.
 *
 * modhaven is asked everything by raw requests, and everything once more by a go. In CI the go asks one question of the
 * cases of which the truth is not taken anew: what it makes of an answer is the same as it made when that was recorded.
 */
import { readFileSync, writeSync } from 'node:fs';
import pLimit from 'p-limit';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { missing } from '../support/requirements.js';
import { themes } from './all-cases.js';
import { actualAnswers, expectedAnswers, onlyOf, questionsOf, type Questions } from './compare.js';
import { checkApart, startLab, type Lab } from './lab.js';
import { readRecording, writeRecording } from './recording.js';
import { takeTruth, toolVersions } from './truth.js';
import type { CaseTruth, ConformanceCase } from './types.js';

const recording = process.env.MODHAVEN_CONFORMANCE_RECORD === '1';
const { MODHAVEN_CONFORMANCE_LIVE: live } = process.env;

type Tools = Pick<CaseTruth, 'go' | 'git'>;

/** go processes at a time: each of them starts git processes of its own. */
const limit = pLimit(2);

const all = Object.entries(themes).flatMap(([theme, cases]) =>
  cases.map((testCase) => ({ theme, testCase })),
);

describe.skipIf(missing('go', 'git'))('modhaven and GOPROXY=direct agree on', () => {
  let lab: Lab;
  let tools: Tools;

  beforeAll(async () => {
    const cases = all.map(({ testCase }) => testCase);
    checkApart(cases);
    tools = await toolVersions();
    lab = await startLab(cases);
  });
  afterAll(async () => (lab as Lab | undefined)?.stop());

  /** Runs go in direct mode; what the recording has besides its words must be the same, if it is of the same tools. */
  async function takeLive(
    theme: string,
    { name }: ConformanceCase,
    questions: Questions,
  ): Promise<CaseTruth> {
    const truth = { ...tools, ...(await takeTruth(questions, lab.direct, limit)) };
    const lost = lab.proxy.refused.filter((target) => !target.endsWith(':443'));
    if (lost.length > 0) throw new Error(`go looked for hosts that are not there: ${lost.join(', ')}`);
    if (recording) writeRecording(theme, name, truth);
    return truth;
  }

  const firstOfThemes = new Set(Object.values(themes).map(([first]) => first));
  function isLive(testCase: ConformanceCase, recorded: CaseTruth | undefined): boolean {
    if (recording || live === 'all') return true;
    if (live !== 'some') return false;
    return firstOfThemes.has(testCase) || (recorded !== undefined && !sameTools(tools, recorded));
  }

  it.concurrent.for(all.map(({ theme, testCase }) => ({ name: testCase.name, theme, testCase })))(
    '$theme: $name',
    { timeout: 600_000 },
    async ({ theme, testCase }, { expect }) => {
      const built = await lab.build(testCase);
      const questions = questionsOf(testCase, built);
      const recorded = readRecording(theme, testCase.name);
      const now = isLive(testCase, recorded) ? await takeLive(theme, testCase, questions) : undefined;
      if (recorded === undefined) {
        throw new Error(`no recorded truth: npm run conformance:record -- -t ${testCase.name}`);
      }
      if (now !== undefined && sameTools(now, recorded)) {
        expect(withoutWords(now), 'live truth and recording').toEqual(withoutWords(recorded));
      } else if (now !== undefined) {
        writeSync(
          2,
          `${testCase.name}: ${now.go}, git ${now.git} now; ${recorded.go}, git ${recorded.git} recorded\n`,
        );
      }
      const truth = now ?? recorded;
      expect(Object.keys(truth.queries), 'queries of the case and of the recording').toEqual(
        questions.queries,
      );
      const known = testCase.knownDifferences ?? [];
      const expected = expectedAnswers(truth, typeof known === 'function' ? known(built) : known);
      const isShort = live === 'some' && now === undefined;
      const goQuestions = isShort ? { queries: questions.queries.slice(0, 1), lists: [] } : questions;
      expect(await actualAnswers(questions, goQuestions, lab.modhaven.url, limit)).toEqual(
        onlyOf(expected, goQuestions),
      );
    },
  );
});

describe('the cases', () => {
  it('cover every fact', ({ expect }) => {
    const text = readFileSync(new URL('facts.md', import.meta.url), 'utf8');
    const facts = [...text.matchAll(/^(\d+)\. /gm)].map(([, number]) => Number(number));
    const covered = new Set(all.flatMap(({ testCase }) => testCase.facts ?? []));
    expect([...covered].sort((a, b) => a - b)).toEqual(facts);
  });
});

function sameTools(a: Tools, b: Tools): boolean {
  return a.go === b.go && a.git === b.git;
}

/** The truth with errors as facts: their words may change without their meaning. */
function withoutWords({ queries, lists }: CaseTruth): unknown {
  const plain = <T extends { Error?: string }>(answers: Record<string, T>): Record<string, unknown> =>
    Object.fromEntries(
      Object.entries(answers).map(([subject, { Error: error, ...rest }]) => [
        subject,
        { ...rest, refused: error !== undefined },
      ]),
    );
  return { queries: plain(queries), lists: plain(lists) };
}
