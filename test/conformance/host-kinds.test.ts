/**
 * The same truth, whatever the git host hands out (support/host-kinds.ts) and in whichever order it is asked: the newest
 * versions first, all at once, and after the mirrors were deleted.
 *
 * Without MODHAVEN_CONFORMANCE_HOSTS=all it asks the theme in which commits without a ref count most: all themes take hours.
 */
import { rm } from 'node:fs/promises';
import path from 'node:path';
import pLimit from 'p-limit';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { repo } from '../support/git-repo.js';
import { KINDS_OF_HOST, type RunningHost } from '../support/host-kinds.js';
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

const SOME = ['refs'];
const asked = process.env.MODHAVEN_CONFORMANCE_HOSTS === 'all' ? Object.keys(themes) : SOME;
const cases = asked.flatMap((theme) => (themes[theme] ?? []).map((testCase) => ({ theme, testCase })));

const newestFirst = ({ queries, lists }: Questions): Questions => ({
  queries: [...queries].sort((a, b) => Number(b.endsWith('@latest')) - Number(a.endsWith('@latest'))),
  lists,
});

const ORDERS: readonly { name: string; ask: (server: ModhavenServer, of: Questions) => Promise<Answers> }[] =
  [
    { name: 'the newest first', ask: async ({ url }, of) => httpAnswers(newestFirst(of), url, pLimit(1)) },
    { name: 'all at once', ask: async ({ url }, of) => httpAnswers(of, url, pLimit(20)) },
    {
      name: 'after the mirrors were deleted',
      ask: async ({ url, cacheDir }, of) => {
        const latest = of.queries.filter((query) => query.endsWith('@latest'));
        await httpAnswers({ queries: latest, lists: of.lists }, url, pLimit(2));
        await rm(path.join(cacheDir, 'vcs'), { recursive: true, force: true });
        return httpAnswers(of, url, pLimit(2));
      },
    },
  ];

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
      it.concurrent.for(ORDERS)('$name', { timeout: HOURS_MS }, async ({ ask }, { expect }) => {
        const server = await serve(host);
        try {
          for (const { name, questions, truth } of all) {
            const there = JSON.parse(
              JSON.stringify(truth).replaceAll(RECORDED_BASE, host.base),
            ) as typeof truth;
            const here = await ask(server, questions);
            expect(JSON.parse(JSON.stringify(here)), name).toEqual(there);
          }
        } finally {
          await server.stop();
        }
      });
    });
  }
});

async function serve({ base, env }: RunningHost): Promise<ModhavenServer> {
  const rules = cases.flatMap(({ testCase }) =>
    Object.entries(testCase.rules).map(([prefix, { repo: name, subdir }]) => [
      prefix,
      { repo: `${base}${testCase.name}/${name}.git`, ...(subdir === undefined ? {} : { subdir }) },
    ]),
  );
  return startServer({ vanity: { paths: Object.fromEntries(rules) as Record<string, unknown> }, env });
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
