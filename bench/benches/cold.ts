/**
 * The first request for a version: everything has to come from the git host.
 *
 * Each sample has a server of its own with an empty cache. It has served one small module before, so that neither a
 * program that is still loading nor code that never ran is measured.
 */
import { SMALLS, moduleOf } from '../corpus/repos.js';
import { emptyMirror, lsRemote, lsRemoteAndCommit, shallowFetchAndTar } from '../lab/bare-git.js';
import { downloadDirect } from '../lab/go.js';
import { besides, lineOf, proxyPath, withDir, withFreshServer, type Lab } from '../lab/lab.js';
import type { Contender } from '../lab/server.js';
import { get, mustGet } from '../measure/client.js';
import { interleave, timed } from '../measure/interleave.js';
import { absolute, versus, versusPeer, type Goal, type Line } from '../measure/line.js';
import { cpuSeconds, peakResidentMB, watchTreePeak } from '../measure/processes.js';
import type { BenchResult } from './bench.js';

const BARE_GIT = 'shallow fetch + tar';
const GO_DIRECT = 'go direct';
const LS_REMOTE = 'ls-remote';

/** Zips by size, with the goals for a first and a next version, in times of what git alone needs. */
const ZIPS = [
  { name: SMALLS[0] ?? '', title: 'small', first: 1, next: 0.6 },
  { name: 'medium', title: '1,500 files', first: 1.6, next: 1.2 },
  { name: 'history', title: 'large history', first: 1.6, next: 1.2 },
  { name: 'files10000', title: '10,000 files', first: 1.6, next: 1 },
  { name: 'zip200m', title: '200 MB', first: 1.3, next: 1.5 },
] as const;

/** A large zip: its memory with all children is looked at, too. */
const LARGE = 'zip200m';

const MEMORY_LIMIT_MB = 170;

export async function cold(lab: Lab): Promise<BenchResult> {
  const lines: Line[] = [];
  for (const zip of ZIPS) lines.push(...(await zipLines(lab, zip)));
  lines.push(...(await refusedLines(lab)), ...(await infoLines(lab)), ...(await listLines(lab)));
  return { lines };
}

interface ZipSample extends MemorySample {
  first: number;
  next: number;
  /** Processor time of the server and its children for each. */
  firstCpuMs?: number | undefined;
  nextCpuMs?: number | undefined;
}

async function zipLines(lab: Lab, zip: (typeof ZIPS)[number]): Promise<Line[]> {
  const { name, title } = zip;
  lab.say(`cold zip, ${title}`);
  const contenders = [
    ...lab.servers.map((server) => ({ name: server.name, run: () => fromServer(server, name) })),
    ...besides(lab, [
      { name: BARE_GIT, run: (): Promise<ZipSample> => fromBareGit(lab, name) },
      { name: GO_DIRECT, run: (): Promise<ZipSample> => fromGo(lab, name) },
    ]),
  ];
  const samples = await interleave(contenders, lab.rounds, async ({ run }) => run());
  const lines = [
    lineOf(lab, samples, {
      name: `cold zip, ${title}`,
      unit: 'ms',
      value: (s) => s.first,
      goals: [versus(BARE_GIT, zip.first)],
    }),
    lineOf(lab, samples, {
      name: `processor time of a cold zip, ${title}`,
      unit: 'ms',
      value: (s) => s.firstCpuMs,
    }),
    lineOf(lab, samples, {
      name: `next version, ${title}`,
      unit: 'ms',
      value: (s) => s.next,
      goals: [versus(BARE_GIT, zip.next)],
    }),
    lineOf(lab, samples, {
      name: `processor time of a next version, ${title}`,
      unit: 'ms',
      value: (s) => s.nextCpuMs,
    }),
  ];
  return [...lines, ...memoryLines(lab, samples, title)];
}

interface MemorySample {
  serverMB?: number;
  treeMB?: number;
}

function memoryLines(lab: Lab, samples: Map<string, MemorySample[]>, title: string): Line[] {
  const goals = [absolute(MEMORY_LIMIT_MB)];
  const lines = [
    lineOf(lab, samples, {
      name: `peak memory of the server, ${title}`,
      unit: 'MB',
      value: (s) => s.serverMB,
      goals,
    }),
    lineOf(lab, samples, {
      name: `peak memory with its children, ${title}`,
      unit: 'MB',
      value: (s) => s.treeMB,
      goals,
    }),
  ];
  return lines.filter(({ figures }) => figures.length > 0);
}

async function fromServer(server: Contender, name: string): Promise<ZipSample> {
  const module = moduleOf(name);
  return withFreshServer(server, async ({ url, pid }) => {
    await warmUp(url);
    const watch = name === LARGE ? watchTreePeak(pid) : undefined;
    const first = await measured(pid, () => mustGet(url + proxyPath(module, 'v1.0.0.zip')));
    const treeMB = watch?.stop();
    const serverMB = peakResidentMB(pid);
    const next = await measured(pid, () => mustGet(url + proxyPath(module, 'v1.1.0.zip')));
    return {
      first: first.ms,
      firstCpuMs: first.cpuMs,
      next: next.ms,
      nextCpuMs: next.cpuMs,
      serverMB,
      ...(treeMB === undefined ? {} : { treeMB }),
    };
  });
}

/** How long `work` takes, and how much processor time of the server. */
async function measured(pid: number, work: () => Promise<unknown>): Promise<Answered> {
  const before = cpuSeconds(pid);
  const ms = await timed(work);
  return { ms, cpuMs: (cpuSeconds(pid) - before) * 1_000 };
}

interface Answered {
  ms: number;
  cpuMs?: number;
}

async function fromBareGit(lab: Lab, name: string): Promise<ZipSample> {
  return withDir(async (dir) => {
    const mirror = await emptyMirror(dir);
    const first = await timed(() => shallowFetchAndTar(lab, mirror, name, 'v1.0.0'));
    return { first, next: await timed(() => shallowFetchAndTar(lab, mirror, name, 'v1.1.0')) };
  });
}

async function fromGo(lab: Lab, name: string): Promise<ZipSample> {
  return withDir(async (dir) => {
    const first = await timed(() => downloadDirect(lab, dir, `${moduleOf(name)}@v1.0.0`));
    return { first, next: await timed(() => downloadDirect(lab, dir, `${moduleOf(name)}@v1.1.0`)) };
  });
}

/** Two gigabytes of content, which no module may have: the answer is an error, and memory stays as it was. */
async function refusedLines(lab: Lab): Promise<Line[]> {
  lab.say('2 GB, refused');
  const path = proxyPath(moduleOf('refused2g'), 'v1.0.0.zip');
  const samples = await interleave(lab.servers, lab.rounds, async (server) =>
    withFreshServer(server, async ({ url, pid }) => {
      await warmUp(url);
      const watch = watchTreePeak(pid);
      const { status } = await get(url + path);
      if (status === 200) throw new Error(`${server.name} serves a zip that go refuses`);
      return { treeMB: watch.stop(), serverMB: peakResidentMB(pid) };
    }),
  );
  return memoryLines(lab, samples, '2 GB refused');
}

async function infoLines(lab: Lab): Promise<Line[]> {
  lab.say('cold .info');
  const path = proxyPath(moduleOf('medium'), 'v1.0.0.info');
  const samples = await coldAnswers(lab, path, {
    name: 'ls-remote + one commit',
    run: () =>
      withDir(async (dir) => {
        const mirror = await emptyMirror(dir);
        return { ms: await timed(() => lsRemoteAndCommit(lab, mirror, 'medium', 'v1.0.0')) };
      }),
  });
  return answerLines(lab, samples, 'cold .info of a tag, 1,500 files', versusPeer(0.1));
}

async function listLines(lab: Lab): Promise<Line[]> {
  lab.say('cold list');
  const path = proxyPath(moduleOf('tags-10000'), 'list');
  const samples = await coldAnswers(lab, path, {
    name: LS_REMOTE,
    run: async () => ({ ms: await timed(() => lsRemote(lab, 'tags-10000')) }),
  });
  return answerLines(lab, samples, 'cold @v/list, 10,000 tags', versus(LS_REMOTE, 1.3, 10));
}

function answerLines(lab: Lab, samples: Map<string, Answered[]>, name: string, goal: Goal): Line[] {
  return [
    lineOf(lab, samples, { name, unit: 'ms', value: (s) => s.ms, goals: [goal] }),
    lineOf(lab, samples, { name: `processor time of a ${name}`, unit: 'ms', value: (s) => s.cpuMs }),
  ];
}

/** What it takes fresh servers to answer `path`, beside a limit. */
async function coldAnswers(
  lab: Lab,
  path: string,
  limit: { name: string; run: () => Promise<Answered> },
): Promise<Map<string, Answered[]>> {
  const contenders = [
    ...lab.servers.map((server) => ({ name: server.name, run: () => coldAnswer(server, path) })),
    ...besides(lab, [limit]),
  ];
  return interleave(contenders, lab.rounds, async ({ run }) => run());
}

async function coldAnswer(server: Contender, path: string): Promise<Answered> {
  return withFreshServer(server, async ({ url, pid }) => {
    await warmUp(url);
    return measured(pid, () => mustGet(url + path));
  });
}

/** Serves a module that nothing here measures. */
async function warmUp(url: string): Promise<void> {
  await mustGet(url + proxyPath(moduleOf(SMALLS[99] ?? ''), 'v1.0.0.zip'));
}
