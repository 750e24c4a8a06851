/** How costs grow: with tags, versions, modules in the cache and rules. Only modhaven, and git where it is the limit. */
import { linkSync, mkdirSync, writeFileSync } from 'node:fs';
import { link, mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { HOST, moduleOf, SMALLS, TAG_COUNTS, VERSION_COUNTS } from '../corpus/repos.js';
import { lsRemote } from '../lab/bare-git.js';
import { proxyPath, withDir, withFreshServer, type Lab } from '../lab/lab.js';
import { modhaven, startModhaven, vanityYaml } from '../lab/modhaven.js';
import { get, mustGet } from '../measure/client.js';
import { timed } from '../measure/interleave.js';
import type { GrowthLine } from '../measure/growth-line.js';
import type { Unit } from '../measure/line.js';
import { cpuSeconds, residentMB } from '../measure/processes.js';
import { median } from '../measure/statistics.js';
import type { BenchResult } from './bench.js';

/** Modules in the cache, and rules. */
const COUNTS = [10, 100, 1_000, 10_000] as const;
/** Versions in the cache, of so many modules. */
const STORED_COUNTS = [1_000, 100_000, 1_000_000] as const;
const STORED_MODULES = 1_000;
/** Versions that are read from the disk, each for the first time. */
const HITS = 500;
/** A server that takes no processor time for so long has done what it does after a start. */
const QUIET_MS = 500;

export async function growth(lab: Lab): Promise<BenchResult> {
  return {
    growth: [
      ...(await repositoryLines(lab, 'tags', TAG_COUNTS)),
      ...(await repositoryLines(lab, 'versions', VERSION_COUNTS)),
      ...(await cacheLines(lab)),
      ...(await ruleLines(lab)),
    ],
  };
}

/** Versions in the cache: they may change neither the start nor what a hit costs. */
export async function stored(lab: Lab): Promise<BenchResult> {
  return { growth: await storedLines(lab) };
}

/** A cold list and a cold `.info` of the newest version, in the repositories `KIND-COUNT`. */
async function repositoryLines(
  lab: Lab,
  kind: 'tags' | 'versions',
  counts: readonly number[],
): Promise<GrowthLine[]> {
  const measured = await overSizes(lab, `${kind} of a repository`, counts, async (count) => {
    const module = moduleOf(`${kind}-${count}`);
    const cold = (file: string) =>
      withFreshServer(modhaven(lab.git.url), async ({ url }) => {
        await mustGet(url + proxyPath(moduleOf(SMALLS[0] ?? ''), 'v1.0.0.info'));
        return timed(() => mustGet(url + proxyPath(module, file)));
      });
    return {
      list: await cold('list'),
      info: await cold(`v1.${count - 1}.0.info`),
      git: await timed(() => lsRemote(lab, `${kind}-${count}`)),
    };
  });
  return [
    growthLine(
      'cold @v/list',
      kind,
      'ms',
      measured,
      (s) => s.list,
      (s) => s.git,
    ),
    growthLine(
      'cold .info of the newest',
      kind,
      'ms',
      measured,
      (s) => s.info,
      (s) => s.git,
    ),
  ];
}

async function cacheLines(lab: Lab): Promise<GrowthLine[]> {
  const measured = await overSizes(lab, 'modules in the cache', COUNTS, async (count) =>
    withDir(async (dir) => {
      await fillCache(path.join(dir, 'data', 'download'), count);
      return start(lab, dir);
    }),
  );
  return [
    growthLine('start-up', 'modules in the cache', 'ms', measured, (s) => s.ms),
    growthLine('memory after start-up', 'modules in the cache', 'MB', measured, (s) => s.mb),
  ];
}

/** Finished versions as modhaven stores them, one a module; all share one zip, which is never read. */
async function fillCache(tree: string, count: number): Promise<void> {
  const zip = path.join(path.dirname(tree), 'one.zip');
  await mkdir(tree, { recursive: true });
  await writeFile(zip, 'PK');
  for (let i = 0; i < count; i++) {
    const folder = path.join(tree, HOST, `cached${i}.git`, '@v');
    await mkdir(folder, { recursive: true });
    await writeFile(path.join(folder, 'v1.0.0.info'), '{"Version":"v1.0.0","Time":"2024-01-01T00:00:00Z"}');
    await writeFile(path.join(folder, 'v1.0.0.mod'), `module ${HOST}/cached${i}.git\n`);
    await writeFile(path.join(folder, 'v1.0.0.ziphash'), 'h1:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=');
    await link(zip, path.join(folder, 'v1.0.0.zip'));
  }
}

async function storedLines(lab: Lab): Promise<GrowthLine[]> {
  const measured = await overSizes(lab, 'versions in the cache', STORED_COUNTS, async (count) =>
    withDir(async (dir) => {
      fillVersions(path.join(dir, 'data', 'download'), count);
      const begin = performance.now();
      await using server = await startModhaven(lab.git.url, { dir });
      const ms = performance.now() - begin;
      const background = await settledCpuMs(server.pid);
      const before = cpuSeconds(server.pid);
      const each = count / STORED_MODULES;
      for (let i = 0; i < HITS; i++) {
        const file = `v1.${i % each}.0.info`;
        await mustGet(server.url + proxyPath(storedModule((i * 7) % STORED_MODULES), file));
      }
      return { ms, background, hit: ((cpuSeconds(server.pid) - before) * 1e6) / HITS };
    }),
  );
  return [
    growthLine('start-up', 'versions in the cache', 'ms', measured, (s) => s.ms),
    growthLine(
      'processor time of what follows a start',
      'versions in the cache',
      'ms',
      measured,
      (s) => s.background,
    ),
    growthLine('processor time of a hit', 'versions in the cache', 'µs', measured, (s) => s.hit),
  ];
}

/** The processor time that a server takes, from now until it takes none for a while, in milliseconds. */
async function settledCpuMs(pid: number): Promise<number> {
  const before = cpuSeconds(pid);
  let last = before;
  for (;;) {
    await sleep(QUIET_MS);
    const now = cpuSeconds(pid);
    if (now === last) return (now - before) * 1_000;
    last = now;
  }
}

function storedModule(i: number): string {
  return `${HOST}/stored${i}`;
}

/** `.info` and `.mod` of so many versions, at once: millions of names. All modules share the files of one version. */
function fillVersions(tree: string, count: number): void {
  const shared = path.join(tree, '..', 'shared');
  const versions = Array.from({ length: count / STORED_MODULES }, (_, n) => `v1.${n}.0`);
  mkdirSync(shared, { recursive: true });
  for (const version of versions) {
    const info = `{"Version":"${version}","Time":"2024-01-01T00:00:00Z"}`;
    writeFileSync(path.join(shared, `${version}.info`), info);
    writeFileSync(path.join(shared, `${version}.mod`), 'module m\n');
  }
  for (let i = 0; i < STORED_MODULES; i++) {
    const folder = path.join(tree, storedModule(i), '@v');
    mkdirSync(folder, { recursive: true });
    for (const version of versions) {
      for (const name of [`${version}.info`, `${version}.mod`]) {
        linkSync(path.join(shared, name), path.join(folder, name));
      }
    }
  }
}

async function ruleLines(lab: Lab): Promise<GrowthLine[]> {
  const measured = await overSizes(lab, 'rules', COUNTS, async (count) =>
    withDir(async (dir) => {
      const rules = manyRules(lab, count);
      const started = await start(lab, dir, rules);
      return { ...started, reload: await reload(lab, dir, rules) };
    }),
  );
  return [
    growthLine('start-up', 'rules', 'ms', measured, (s) => s.ms),
    growthLine('memory after start-up', 'rules', 'MB', measured, (s) => s.mb),
    growthLine('reload', 'rules', 'ms', measured, (s) => s.reload),
  ];
}

function manyRules({ git }: Lab, count: number): Record<string, string> {
  return Object.fromEntries(
    Array.from({ length: count }, (_, i) => [`/team${i % 100}/rule${i}`, `${git.url}/rule${i}.git`]),
  );
}

/** Milliseconds from the start of the program until it is ready, and what it holds then. */
async function start(
  lab: Lab,
  dir: string,
  rules?: Record<string, string>,
): Promise<{ ms: number; mb: number }> {
  const begin = performance.now();
  await using server = await startModhaven(lab.git.url, { dir, ...(rules === undefined ? {} : { rules }) });
  return { ms: performance.now() - begin, mb: residentMB(server.pid) };
}

/** Milliseconds from the signal until the rule that was added is in use. */
async function reload(lab: Lab, dir: string, rules: Record<string, string>): Promise<number> {
  await using server = await startModhaven(lab.git.url, { dir, rules });
  const before = await ruleCount(server.url);
  const more = { ...rules, '/added': `${lab.git.url}/added.git` };
  await writeFile(path.join(dir, 'vanity.yaml'), vanityYaml(lab.git.url, more));
  return await timed(async () => {
    server.signal('SIGHUP');
    while ((await ruleCount(server.url)) === before);
  });
}

async function ruleCount(url: string): Promise<number> {
  const { text } = await get(`${url}/-/status`);
  return Number(/"rules":(\d+)/.exec(text)?.[1]);
}

/** One sample for each size, then all again. */
async function overSizes<T>(
  lab: Lab,
  what: string,
  sizes: readonly number[],
  measure: (size: number) => Promise<T>,
): Promise<{ size: number; samples: T[] }[]> {
  const measured = sizes.map((size) => ({ size, samples: [] as T[] }));
  for (let round = 0; round < lab.rounds; round++) {
    for (const { size, samples } of measured) {
      lab.say(`growth: ${size} ${what}`);
      samples.push(await measure(size));
    }
  }
  return measured;
}

function growthLine<T>(
  name: string,
  of: string,
  unit: Unit,
  measured: readonly { size: number; samples: readonly T[] }[],
  cost: (sample: T) => number,
  limit?: (sample: T) => number,
): GrowthLine {
  const points = measured.map(({ size, samples }) => ({
    size,
    cost: median(samples.map(cost)),
    ...(limit === undefined ? {} : { limit: median(samples.map(limit)) }),
  }));
  return { name, of, unit, points };
}
