/**
 * The same truth, whatever the git host hands out (support/host-kinds.ts) and in whichever order it is asked: the newest
 * versions first, all at once, and after the mirrors were deleted.
 *
 * Without MODHAVEN_CONFORMANCE_HOSTS=all it asks the theme in which commits without a ref count most: all themes take hours.
 */
import { rm } from 'node:fs/promises';
import path from 'node:path';
import pLimit from 'p-limit';
import { afterEach, describe, expect, it } from 'vitest';
import { repo } from '../support/git-repo.js';
import { KINDS_OF_HOST, type RunningHost } from '../support/host-kinds.js';
import { missing } from '../support/requirements.js';
import { startServer, type ModhavenServer } from '../support/server.js';
import { tempDir } from '../support/tmp.js';
import { themes } from './all-cases.js';
import { expectedAnswers, httpAnswers, questionsOf, type Answers, type Questions } from './compare.js';
import { readRecording } from './recording.js';
import type { ConformanceCase } from './types.js';

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

for (const kind of KINDS_OF_HOST) {
  describe.skipIf(missing(...kind.needs))(`modhaven over ${kind.name} answers as GOPROXY=direct`, () => {
    let running: { stop: () => Promise<void> }[] = [];
    afterEach(async () => {
      await Promise.all(running.splice(0).map(async (each) => each.stop()));
      running = [];
    });

    for (const order of ORDERS) {
      it(order.name, { timeout: 1_800_000 }, async () => {
        const root = await tempDir('conformance');
        const host = await kind.start(root);
        running.push(host);
        const server = await serve(host);
        running.push(server);
        for (const { theme, testCase } of cases) {
          const built = (await testCase.build(makerIn(root, testCase))) ?? {};
          const questions = questionsOf(testCase, built);
          const recorded = readRecording(theme, testCase.name);
          if (recorded === undefined) throw new Error(`no recorded truth of ${testCase.name}`);
          const known = testCase.knownDifferences ?? [];
          const { http } = expectedAnswers(recorded, typeof known === 'function' ? known(built) : known);
          const there = JSON.parse(JSON.stringify(http).replaceAll(RECORDED_BASE, host.base)) as typeof http;
          const here = await order.ask(server, questions);
          expect(JSON.parse(JSON.stringify(here)), testCase.name).toEqual(there);
        }
      });
    }
  });
}

async function serve({ base, env }: RunningHost): Promise<ModhavenServer> {
  const rules = cases.flatMap(({ testCase }) =>
    Object.entries(testCase.rules).map(([prefix, { repo: name, subdir }]) => [
      prefix,
      { repo: `${base}${testCase.name}/${name}.git`, ...(subdir === undefined ? {} : { subdir }) },
    ]),
  );
  return startServer({ vanity: { paths: Object.fromEntries(rules) as Record<string, unknown> }, env });
}

function makerIn(root: string, { name: folder }: ConformanceCase): Parameters<ConformanceCase['build']>[0] {
  return async (name, options) => repo(path.join(root, folder, `${name}.git`), options);
}
