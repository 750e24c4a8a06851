/**
 * The same truth, whatever the git host hands out (support/hosts/host-kinds.ts) and in whichever order it is asked: the newest
 * versions first, all at once, and after the mirrors were deleted.
 *
 * Without MODHAVEN_CONFORMANCE_HOSTS it asks the theme in which commits without a ref count most. `all` is for the night;
 * names of themes, by comma, ask those. Then standard error tells of each case how long it took.
 */
import { writeSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import path from 'node:path';
import pLimit from 'p-limit';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { repo } from '../support/git/git-repo.js';
import { KINDS_OF_HOST, type RunningHost } from '../support/hosts/host-kinds.js';
import { missing } from '../support/requirements.js';
import { startServer, type ModhavenServer } from '../support/server.js';
import { tempDir } from '../support/tmp.js';
import { themes } from './all-cases.js';
import { expectedAnswers, httpAnswers, questionsOf, type Answers, type Questions } from './compare.js';
import { readRecording } from './recording.js';
import type { ConformanceCase } from './types.js';

/** All themes, over a host to which each connection takes a while, on a machine that does much else. */
const HOURS_MS = 3 * 3_600_000;

/** The host of the recording. */
const RECORDED_BASE = 'http://git.test/';

const { MODHAVEN_CONFORMANCE_HOSTS: wanted } = process.env;
const asked = wanted === 'all' ? Object.keys(themes) : (wanted ?? 'refs').split(',');
const cases = asked.flatMap((theme) => {
  const found = themes[theme];
  if (found === undefined) throw new Error(`no theme ${theme}: there are ${Object.keys(themes).join(', ')}`);
  return found.map((testCase) => ({ theme, testCase }));
});

interface Order {
  name: string;
  /** What is asked before all mirrors are deleted; absent: they are not. */
  before?: (of: Questions) => Questions;
  questions: (of: Questions) => Questions;
  /** Questions of one case at the same time. */
  atOnce: number;
}

const isLatest = (query: string): boolean => query.endsWith('@latest');

const ORDERS: readonly Order[] = [
  {
    name: 'the newest first',
    questions: ({ queries, lists }) => ({
      queries: [...queries].sort((a, b) => Number(isLatest(b)) - Number(isLatest(a))),
      lists,
    }),
    atOnce: 1,
  },
  { name: 'all at once', questions: (of) => of, atOnce: 20 },
  {
    name: 'after the mirrors were deleted',
    before: ({ queries, lists }) => ({ queries: queries.filter(isLatest), lists }),
    questions: (of) => of,
    atOnce: 2,
  },
];

/** Cases that a server is asked at the same time: they share no repository. */
const CASES_AT_ONCE = 4;

/** What is asked of a case, and the answers of GOPROXY=direct. */
interface Asked {
  name: string;
  questions: Questions;
  truth: Answers;
}

describe.skipIf(missing('git'))('modhaven answers as GOPROXY=direct', () => {
  let root: string;
  const all: Asked[] = [];

  // Hosts of all kinds serve the same repositories. Those of all themes take minutes to make.
  beforeAll(async () => {
    root = await tempDir('conformance');
    const limit = pLimit(4);
    all.push(...(await Promise.all(cases.map((one) => limit(async () => make(root, one))))));
  }, HOURS_MS);

  for (const kind of KINDS_OF_HOST) {
    describe.skipIf(missing(...kind.needs))(`over ${kind.name}`, () => {
      let host: RunningHost;
      beforeAll(async () => {
        host = await kind.start(root);
      });
      afterAll(async () => (host as RunningHost | undefined)?.stop());

      // Each has a server of its own, and mirrors; what takes time is waiting for git processes one after the other.
      it.concurrent.for(ORDERS)('$name', { timeout: HOURS_MS }, async (order, { expect }) => {
        const server = await serve(host);
        try {
          if (order.before !== undefined) {
            const { before, atOnce } = order;
            await eachCase(all, ({ questions }) =>
              httpAnswers(before(questions), server.url, pLimit(atOnce)),
            );
            await rm(path.join(server.cacheDir, 'vcs'), { recursive: true, force: true });
          }
          await eachCase(all, async ({ name, questions, truth }) => {
            const begun = performance.now();
            const here = await httpAnswers(order.questions(questions), server.url, pLimit(order.atOnce));
            say(`${kind.name}, ${order.name}: ${name}`, performance.now() - begun);
            const there = JSON.stringify(truth).replaceAll(RECORDED_BASE, host.base);
            expect.soft(JSON.parse(JSON.stringify(here)), name).toEqual(JSON.parse(there));
          });
        } finally {
          await server.stop();
        }
      });
    });
  }
});

async function eachCase(all: readonly Asked[], ask: (one: Asked) => Promise<unknown>): Promise<void> {
  const limit = pLimit(CASES_AT_ONCE);
  await Promise.all(all.map(async (one) => limit(async () => ask(one))));
}

function say(what: string, ms: number): void {
  if (wanted !== undefined) writeSync(2, `${(ms / 1000).toFixed(1).padStart(7)} s  ${what}\n`);
}

async function serve({ base, env }: RunningHost): Promise<ModhavenServer> {
  const rules = cases.flatMap(({ testCase }) =>
    Object.entries(testCase.rules).map(([prefix, { repo: name, subdir }]) => [
      prefix,
      { repo: `${base}${testCase.name}/${name}.git`, ...(subdir === undefined ? {} : { subdir }) },
    ]),
  );
  return startServer({
    // Nothing changes here, so that refs which are asked for again would say the same. A machine that does much else is no
    // silent host.
    config: { refresh: '1h', vcs: { connect_timeout: '120s', timeout: '10m' } },
    vanity: { paths: Object.fromEntries(rules) as Record<string, unknown> },
    env,
  });
}

/** Makes the repositories of a case. */
async function make(root: string, { theme, testCase }: (typeof cases)[number]): Promise<Asked> {
  const built = (await testCase.build(makerIn(root, testCase))) ?? {};
  const recorded = readRecording(theme, testCase.name);
  if (recorded === undefined) throw new Error(`no recorded truth of ${testCase.name}`);
  const known = testCase.knownDifferences ?? [];
  const { http } = expectedAnswers(recorded, typeof known === 'function' ? known(built) : known);
  return { name: testCase.name, questions: questionsOf(testCase, built), truth: http };
}

function makerIn(root: string, { name: folder }: ConformanceCase): Parameters<ConformanceCase['build']>[0] {
  return async (name, options) => repo(path.join(root, folder, `${name}.git`), options);
}
