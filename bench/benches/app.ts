/** `go mod download` of an application with 100 modules, by a real go with an empty module cache. */
import { downloadApp, writeApp } from '../lab/go.js';
import { besides, lineOf, withDir, withFreshServer, withServers, type Lab } from '../lab/lab.js';
import { downloadTree, modhaven, MODHAVEN } from '../lab/modhaven.js';
import { askAgain, startRecorder, type Recorded } from '../lab/recorder.js';
import type { Contender } from '../lab/server.js';
import { interleave, timed } from '../measure/interleave.js';
import { versus, versusPeer, type Line } from '../measure/line.js';
import { cpuSeconds } from '../measure/processes.js';
import type { BenchResult } from './bench.js';

const DIRECT = 'direct';
const FILES = 'file://';
/** What modhaven asks the git host, asked by nothing but a loop: no proxy that asks the same can be faster. */
const LOOP = 'the same questions, in a loop';
/** Repositories that the loop asks at one time, as go asks for modules. */
const AT_A_TIME = 10;

export async function app(lab: Lab): Promise<BenchResult> {
  return { lines: [...(await coldLines(lab)), await warmLine(lab)] };
}

async function coldLines(lab: Lab): Promise<Line[]> {
  lab.say('go mod download, proxy cold');
  const fromServer = (server: Contender) =>
    withFreshServer(server, async ({ url, pid }) => {
      const ms = await download(lab, url);
      return { ms, cpuMs: cpuSeconds(pid) * 1_000 };
    });
  const questions = lab.isComparison ? [] : await recordQuestions(lab);
  const askInLoop = () => askAgain(lab.git.url, questions, { groupOf: repositoryOf, atATime: AT_A_TIME });
  const contenders: { name: string; run: () => Promise<{ ms: number; cpuMs?: number }> }[] = [
    ...lab.servers.map((server) => ({ name: server.name, run: () => fromServer(server) })),
    ...besides(lab, [
      { name: DIRECT, run: async () => ({ ms: await download(lab, 'direct') }) },
      { name: LOOP, run: async () => ({ ms: await timed(askInLoop) }) },
    ]),
  ];
  const samples = await interleave(contenders, lab.rounds, async ({ run }) => run());
  return [
    lineOf(lab, samples, {
      name: 'go mod download, 100 modules, proxy cold',
      unit: 'ms',
      value: (sample) => sample.ms,
      goals: [versusPeer(0.3), versus(DIRECT, 0.6), versus(LOOP, 2)],
    }),
    lineOf(lab, samples, {
      name: 'processor time of the proxy, start included',
      unit: 'ms',
      value: (sample) => sample.cpuMs,
    }),
  ];
}

async function warmLine(lab: Lab): Promise<Line> {
  lab.say('go mod download, proxy warm');
  const samples = await withServers(lab.servers, {}, async (servers) => {
    for (const { url } of servers) await download(lab, url);
    const ours = servers.find(({ name }) => name === MODHAVEN);
    const proxies = [
      ...servers.map(({ name, url }) => ({ name, goproxy: url })),
      ...besides(lab, ours === undefined ? [] : [{ name: FILES, goproxy: `file://${downloadTree(ours)}` }]),
    ];
    return interleave(proxies, lab.rounds, async ({ goproxy }) => download(lab, goproxy));
  });
  return lineOf(lab, samples, {
    name: 'go mod download, 100 modules, proxy warm',
    unit: 'ms',
    value: (ms) => ms,
    goals: [versus(FILES, 1.05), versusPeer(1)],
  });
}

/** What modhaven asks the git host while the application is downloaded through its empty cache. */
async function recordQuestions(lab: Lab): Promise<Recorded[]> {
  await using recorder = await startRecorder(lab.git.url);
  await withFreshServer(modhaven(recorder.url), ({ url }) => download(lab, url));
  return recorder.requests;
}

/** The first element of the path: `/small042.git/git-upload-pack`. */
function repositoryOf({ path }: Recorded): string {
  return path.split('/')[1] ?? '';
}

async function download(lab: Lab, goproxy: string): Promise<number> {
  return withDir(async (dir) => {
    const main = await writeApp(dir);
    return timed(() => downloadApp(lab, dir, main, goproxy));
  });
}
