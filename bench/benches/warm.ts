/**
 * What is in the cache already, under load from wrk: rates beside nginx serving the same files, and with the shipped
 * nginx configuration in front of modhaven. Servers run on one processor and wrk on another, where that can be.
 */
import { spawnSync } from 'node:child_process';
import { nginxHost } from '../../test/support/hosts/nginx-host.js';
import { moduleOf, SMALLS } from '../corpus/repos.js';
import { isInstalled } from '../lab/cores.js';
import { besides, lineOf, proxyPath, withDir, withServers, type Lab, type NamedServer } from '../lab/lab.js';
import { downloadTree, MODHAVEN } from '../lab/modhaven.js';
import { NGINX, startFileServer } from '../lab/nginx.js';
import { mustGet } from '../measure/client.js';
import { interleave } from '../measure/interleave.js';
import { versus, versusPeer, type Goal, type Line } from '../measure/line.js';
import { childrenGone, cpuSeconds, processTree } from '../measure/processes.js';
import { wrk, type Load } from '../measure/wrk.js';
import type { BenchResult } from './bench.js';

/** So many modules are asked in turn, that no answer is the only one. */
const MODULES = 20;
const WARM_UP_SECONDS = 1;
/** The ways of the shipped nginx configuration: nginx asks whether it may, need not, or is told which file to send. */
const FRONT = 'nginx in front';
const UNASKED = 'nginx in front, without auth_request';
const ACCEL = 'X-Accel-Redirect';
const OWN_INFO = 'own .info';

interface Target {
  name: string;
  url: string;
  pid: number;
  paths?: readonly string[];
}

interface Sample extends Load {
  /** Processor time of the server and its children for all requests. */
  cpuSeconds: number;
}

interface Kind {
  title: string;
  paths: readonly string[];
  connections: number;
  unit: 'req/s' | 'MB/s';
  /** Wanted parts of the best peer's rate: alone on one core, the ways behind nginx, as two workers on two cores. */
  alone: number;
  front: number;
  unasked: number;
  accel?: number;
  twoCores?: number;
}

const smallPaths = (file: string): string[] =>
  SMALLS.slice(0, MODULES).map((name) => proxyPath(moduleOf(name), file));

const INFO = { title: '.info', paths: smallPaths('v1.0.0.info'), connections: 64, unit: 'req/s' } as const;
const LIST = {
  title: '@v/list within refresh',
  paths: smallPaths('list'),
  connections: 64,
  unit: 'req/s',
} as const;
/** Both nginx and modhaven do something for each small answer, unless nginx need not ask. */
const SMALL = { front: 0.5, unasked: 2.5, twoCores: 1.15 };
const KINDS: readonly Kind[] = [
  { ...INFO, ...SMALL, alone: 1.7 },
  { ...INFO, ...SMALL, title: '.mod', paths: smallPaths('v1.0.0.mod'), alone: 1.7 },
  { ...INFO, ...SMALL, title: 'zip of 20 KB', paths: smallPaths('v1.0.0.zip'), alone: 1.7, twoCores: 1.2 },
  bigZip('zip of 5 MB', 'zip5m', { connections: 8, alone: 1.1 }),
  bigZip('zip of 200 MB', 'zip200m', { connections: 4, alone: 0.7 }),
];

function bigZip(title: string, name: string, rest: { connections: number; alone: number }): Kind {
  const paths = [proxyPath(moduleOf(name), 'v1.0.0.zip')];
  return { title, paths, unit: 'MB/s', front: 1, unasked: 1, accel: 1, ...rest };
}

export async function warm(lab: Lab): Promise<BenchResult> {
  if (!isInstalled('wrk')) return { skipped: ['warm: wrk is not installed'] };
  const oneCore = await onOneCore(lab);
  const twoCores = await onTwoCores(lab);
  const skipped = [
    ...(isInstalled('nginx')
      ? []
      : ['warm: nginx is not installed, so there is no limit and nothing behind it']),
    ...(lab.cores.server === undefined
      ? ['warm: servers and wrk share all processors, because taskset or a second one is missing']
      : []),
  ];
  return { lines: [...oneCore, ...twoCores], skipped };
}

async function onOneCore(lab: Lab): Promise<Line[]> {
  return withServers(lab.servers, { core: lab.cores.server }, async (servers) => {
    for (const server of servers) {
      lab.say(`warming up ${server.name}`);
      for (const path of [...KINDS, LIST].flatMap(({ paths }) => paths)) await mustGet(server.url + path);
    }
    return withNginx(lab, servers, 1, async (nginx) => {
      const lines: Line[] = [];
      for (const kind of KINDS) lines.push(...(await kindLines(lab, kind, [...servers, ...nginx])));
      return [...lines, ...(await listLines(lab, servers))];
    });
  });
}

async function kindLines(lab: Lab, kind: Kind, targets: readonly Target[]): Promise<Line[]> {
  const { title, unit } = kind;
  const goals: Record<string, number | undefined> = {
    [FRONT]: kind.front,
    [UNASKED]: kind.unasked,
    [ACCEL]: kind.accel,
  };
  const wanted = targets.filter(({ name }) => name !== ACCEL || kind.accel !== undefined);
  const samples = await load(lab, kind, wanted, lab.cores);
  const alone = new Map([...samples].filter(([name]) => !(name in goals)));
  const behind = Object.entries(goals).flatMap(([name, goal]) => {
    const ours = samples.get(name);
    if (ours === undefined || goal === undefined) return [];
    return [
      rateLine(lab, `${name}: warm ${title}`, unit, new Map([...alone, [MODHAVEN, ours]]), [
        versusPeer(goal),
      ]),
    ];
  });
  return [
    rateLine(lab, `warm ${title}`, unit, alone, [
      versusPeer(kind.alone),
      ...(unit === 'req/s' ? [versus(NGINX, 0.6)] : []),
    ]),
    ...(unit === 'req/s'
      ? [
          lineOf(lab, alone, {
            name: `p99 of warm ${title}`,
            unit: 'ms',
            value: (s) => s.p99Ms,
            goals: [versusPeer(0.8)],
          }),
        ]
      : []),
    cpuLine(lab, `warm ${title}`, unit, alone),
    ...behind,
  ];
}

/** Of one request, or of one MB where the requests are few. */
function cpuLine(
  lab: Lab,
  of: string,
  unit: 'req/s' | 'MB/s',
  samples: ReadonlyMap<string, readonly Sample[]>,
): Line {
  const value = ({ cpuSeconds, requests, megabytes }: Sample) =>
    (cpuSeconds * 1e6) / (unit === 'req/s' ? requests : megabytes);
  const each = unit === 'req/s' ? 'one' : 'one MB of a';
  return lineOf(lab, samples, { name: `processor time of ${each} ${of}`, unit: 'µs', value });
}

async function listLines(lab: Lab, servers: readonly NamedServer[]): Promise<Line[]> {
  const ours = servers.filter(({ name }) => name === MODHAVEN);
  const own = ours.map(({ url, pid }) => ({ name: OWN_INFO, url, pid, paths: INFO.paths }));
  const samples = await load(lab, LIST, [...servers, ...besides(lab, own)], lab.cores);
  const name = `warm ${LIST.title}`;
  return [
    rateLine(lab, name, 'req/s', samples, [versus(OWN_INFO, 0.9)]),
    cpuLine(lab, name, 'req/s', samples),
  ];
}

/** Two server processes of modhaven, and peers that may use both processors, beside a load that needs some of both. */
async function onTwoCores(lab: Lab): Promise<Line[]> {
  const kinds = KINDS.flatMap((kind) =>
    kind.twoCores === undefined ? [] : [{ ...kind, goal: kind.twoCores }],
  );
  return withServers(lab.servers, { workers: 2 }, async (servers) => {
    for (const { url } of servers) {
      for (const path of kinds.flatMap(({ paths }) => paths)) await mustGet(url + path);
    }
    return withNginx(lab, servers, 2, async (nginx) => {
      const targets = [...servers, ...nginx.filter(({ name }) => name === NGINX)];
      const lines: Line[] = [];
      for (const kind of kinds) {
        const samples = await load(lab, kind, targets, { server: undefined, load: undefined });
        const name = `two workers: warm ${kind.title}`;
        lines.push(
          rateLine(lab, name, 'req/s', samples, [versusPeer(kind.goal)]),
          cpuLine(lab, name, 'req/s', samples),
        );
      }
      return lines;
    });
  });
}

async function load(
  lab: Lab,
  { title, paths, connections }: { title: string; paths: readonly string[]; connections: number },
  targets: readonly Target[],
  cores: Lab['cores'],
): Promise<Map<string, Sample[]>> {
  lab.say(`warm ${title}`);
  // What a server compiles or grows while it runs is not measured.
  for (const { url, paths: own = paths } of targets) {
    await wrk(url, own, { seconds: WARM_UP_SECONDS, connections, core: cores.load });
  }
  return interleave(targets, lab.rounds, async ({ url, pid, paths: own = paths }) => {
    const processes = processTree(pid).length;
    const before = cpuSeconds(pid);
    const sample = await wrk(url, own, { seconds: lab.seconds, connections, core: cores.load });
    const seconds = cpuSeconds(pid) - before;
    await childrenGone(pid, processes);
    return { ...sample, cpuSeconds: seconds };
  });
}

function rateLine(
  lab: Lab,
  name: string,
  unit: 'req/s' | 'MB/s',
  samples: ReadonlyMap<string, readonly Sample[]>,
  goals: readonly Goal[],
): Line {
  const value = (sample: Sample) => (unit === 'req/s' ? sample.requestsPerSecond : sample.megabytesPerSecond);
  return lineOf(lab, samples, { name, unit, value, goals });
}

/** nginx with modhaven's files, and the shipped nginx in front of modhaven, each way; none where nginx is missing. */
async function withNginx<T>(
  lab: Lab,
  servers: readonly NamedServer[],
  workers: number,
  use: (nginx: Target[]) => Promise<T>,
): Promise<T> {
  const ours = servers.find(({ name }) => name === MODHAVEN);
  if (ours === undefined || lab.isComparison || !isInstalled('nginx')) return use([]);
  const core = workers === 1 ? lab.cores.server : undefined;
  const download = downloadTree(ours);
  return withDir(async (dir) => {
    await using files = await startFileServer({ dir, root: download, workers, core });
    await using front = await nginxHost(ours.port, { download });
    await using unasked = await nginxHost(ours.port, { download, sends: 'files without asking' });
    await using accel = await nginxHost(ours.port, { download, sends: 'what modhaven names' });
    if (core !== undefined) for (const { pid } of [front, unasked, accel]) pinTree(pid, core);
    return await use([
      { name: NGINX, url: files.url, pid: files.pid },
      { name: FRONT, url: front.url, pid: front.pid },
      { name: UNASKED, url: unasked.url, pid: unasked.pid },
      { name: ACCEL, url: accel.url, pid: accel.pid },
    ]);
  });
}

function pinTree(pid: number, core: number): void {
  for (const process of processTree(pid)) {
    spawnSync('taskset', ['--all-tasks', '--cpu-list', '--pid', `${core}`, `${process}`]);
  }
}
