/** What bots ask: the list of a module and the `.info` of each version, ten at a time; and `@latest`. All of it cold. */
import http from 'node:http';
import pLimit from 'p-limit';
import { moduleOf, SMALLS } from '../corpus/repos.js';
import { emptyMirror, fetchAllTags, lsRemoteAndCommit } from '../lab/bare-git.js';
import { besides, lineOf, proxyPath, withDir, withFreshServer, type Lab } from '../lab/lab.js';
import type { Contender } from '../lab/server.js';
import { mustGet } from '../measure/client.js';
import { interleave, timed } from '../measure/interleave.js';
import { versus, versusPeer, type Line } from '../measure/line.js';
import { cpuSeconds } from '../measure/processes.js';
import type { BenchResult } from './bench.js';

/** The repository, and how many of its thousand versions are asked for. */
const WALKED = { name: 'versions-1000', versions: 643 };
const TAGGED = 'tags-10000';
const ONE_FETCH = 'one fetch of all tags';
const LS_REMOTE_AND_COMMIT = 'ls-remote + one commit';
const AT_A_TIME = 10;

interface Sample {
  ms: number;
  cpuMs?: number;
}

export async function walk(lab: Lab): Promise<BenchResult> {
  return { lines: [...(await walkLines(lab)), ...(await latestLines(lab))] };
}

async function walkLines(lab: Lab): Promise<Line[]> {
  lab.say(`list and ${WALKED.versions} .info`);
  const ask = async (url: string) => {
    const module = moduleOf(WALKED.name);
    // A client that asks so much keeps its connections.
    const agent = new http.Agent({ keepAlive: true, maxSockets: AT_A_TIME });
    const get = (file: string) => mustGet(url + proxyPath(module, file), { agent });
    await get('list');
    const limit = pLimit(AT_A_TIME);
    const versions = Array.from({ length: WALKED.versions }, (_, n) => `v1.${n}.0.info`);
    await Promise.all(versions.map((name) => limit(() => get(name))));
    agent.destroy();
  };
  const samples = await measured(lab, ask, {
    name: ONE_FETCH,
    run: () =>
      withDir(async (dir) => {
        const mirror = await emptyMirror(dir);
        return { ms: await timed(() => fetchAllTags(lab, mirror, WALKED.name)) };
      }),
  });
  const name = `list and ${WALKED.versions} .info of one module`;
  return [
    lineOf(lab, samples, { name, unit: 'ms', value: (s) => s.ms, goals: [versus(ONE_FETCH, 2)] }),
    lineOf(lab, samples, { name: `processor time of ${name}`, unit: 'ms', value: (s) => s.cpuMs }),
  ];
}

async function latestLines(lab: Lab): Promise<Line[]> {
  lab.say('cold @latest');
  const ask = async (url: string) => {
    await mustGet(`${url}/${moduleOf(TAGGED)}/@latest`);
  };
  const samples = await measured(lab, ask, {
    name: LS_REMOTE_AND_COMMIT,
    run: () =>
      withDir(async (dir) => {
        const mirror = await emptyMirror(dir);
        return { ms: await timed(() => lsRemoteAndCommit(lab, mirror, TAGGED, 'v1.9999.0')) };
      }),
  });
  const name = 'cold @latest, 10,000 tags';
  return [
    lineOf(lab, samples, { name, unit: 'ms', value: (s) => s.ms, goals: [versusPeer(0.5)] }),
    lineOf(lab, samples, { name: `processor time of a ${name}`, unit: 'ms', value: (s) => s.cpuMs }),
  ];
}

/** What it takes fresh servers, which have served another small module before, beside a limit. */
async function measured(
  lab: Lab,
  ask: (url: string) => Promise<void>,
  limit: { name: string; run: () => Promise<Sample> },
): Promise<Map<string, Sample[]>> {
  const fromServer = (server: Contender) =>
    withFreshServer(server, async ({ url, pid }): Promise<Sample> => {
      await mustGet(url + proxyPath(moduleOf(SMALLS[99] ?? ''), 'v1.0.0.zip'));
      const before = cpuSeconds(pid);
      const ms = await timed(() => ask(url));
      return { ms, cpuMs: (cpuSeconds(pid) - before) * 1_000 };
    });
  const contenders = [
    ...lab.servers.map((server) => ({ name: server.name, run: () => fromServer(server) })),
    ...besides(lab, [limit]),
  ];
  return interleave(contenders, lab.rounds, async ({ run }) => run());
}
