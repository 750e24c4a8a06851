/** How costs grow: with tags, versions, modules in the cache and rules. Only modhaven, and git where it is the limit. */
import { link, mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { HOST, moduleOf, SMALLS, TAG_COUNTS, VERSION_COUNTS } from '../corpus/repos.js';
import { lsRemote } from '../lab/bare-git.js';
import { proxyPath, withDir, withFreshServer, type Lab } from '../lab/lab.js';
import { modhaven, startModhaven, vanityYaml } from '../lab/modhaven.js';
import { get, mustGet } from '../measure/client.js';
import { timed } from '../measure/interleave.js';
import type { GrowthLine } from '../measure/growth-line.js';
import type { Unit } from '../measure/line.js';
import { residentMB } from '../measure/processes.js';
import { median } from '../measure/statistics.js';
import type { BenchResult } from './bench.js';

/** Modules in the cache, and rules. */
const COUNTS = [10, 100, 1_000, 10_000] as const;

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

/** Finished versions as modhaven stores them, one a module; all share one zip, which nobody reads. */
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
