/**
 * A company on a Monday morning: 200 builds of the application with 100 modules start within ten seconds, each with an
 * empty module cache, and the server has nothing. Ten are a real go; the others send the requests that a real go sent.
 */
import http from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import pLimit from 'p-limit';
import { errorMessage } from '../../src/errors.js';
import { commandsIn } from '../../test/support/hosts/git-http-host.js';
import { downloadApp, recordDownload, writeApp } from '../lab/go.js';
import { lineOf, withDir, withFreshServer, type Lab } from '../lab/lab.js';
import { MODHAVEN } from '../lab/modhaven.js';
import type { Contender } from '../lab/server.js';
import { mustGet } from '../measure/client.js';
import { interleave, timed } from '../measure/interleave.js';
import { versusPeer } from '../measure/line.js';
import { cpuSeconds, peakResidentMB } from '../measure/processes.js';
import type { BenchResult } from './bench.js';

const BUILDS = 200;
/** Each so many of them is a real go. */
const REAL_EVERY = 20;
const START_MS = 10_000;
/** What go asks for at one time. */
const AT_A_TIME = 10;
/** A build of a peer that fails goes on after so long, so many times, as a developer would have it. Ours may not fail. */
const AGAIN_MS = 1_000;
const MAX_FAILURES = 20_000;

interface Sample {
  ms: number;
  cpuMs: number;
  slowestMs: number;
  asked: number;
  serverMB: number;
  /** Requests and runs of go that had to be made again. */
  failed: number;
}

export async function company(lab: Lab): Promise<BenchResult> {
  lab.say(`${BUILDS} builds`);
  const [ours] = lab.servers.filter(({ name }) => name === MODHAVEN);
  const requests = ours === undefined ? [] : await record(lab, ours);
  const skipped: string[] = [];
  const measured = await interleave(lab.servers, lab.rounds, (server) =>
    build(lab, server, requests, server !== ours).catch((error: unknown) => {
      if (server === ours) throw error;
      skipped.push(`company: ${server.name} failed: ${errorMessage(error)}`);
      return undefined;
    }),
  );
  const samples = new Map(
    [...measured].map(([name, all]) => [name, all.filter((sample) => sample !== undefined)]),
  );
  const name = `${BUILDS} builds of 100 modules`;
  return {
    lines: [
      lineOf(lab, samples, { name, unit: 'ms', value: (s) => s.ms, goals: [versusPeer(1)] }),
      lineOf(lab, samples, { name: `${name}: processor time`, unit: 'ms', value: (s) => s.cpuMs }),
      lineOf(lab, samples, { name: `${name}: slowest request`, unit: 'ms', value: (s) => s.slowestMs }),
      lineOf(lab, samples, {
        name: `${name}: questions to the git host`,
        unit: 'calls',
        value: (s) => s.asked,
      }),
      lineOf(lab, samples, {
        name: `${name}: peak memory of the server`,
        unit: 'MB',
        value: (s) => s.serverMB,
      }),
      lineOf(lab, samples, { name: `${name}: failures`, unit: 'calls', value: (s) => s.failed }),
    ],
    skipped,
  };
}

/** The requests of one build, in their order. */
async function record(lab: Lab, server: Contender): Promise<string[]> {
  return withFreshServer(server, ({ url }) =>
    withDir(async (dir) => recordDownload(lab, dir, await writeApp(dir), url)),
  );
}

async function build(
  lab: Lab,
  server: Contender,
  requests: readonly string[],
  mayFail: boolean,
): Promise<Sample> {
  return withFreshServer(server, async ({ url, pid }) => {
    lab.git.requests.length = 0;
    let slowestMs = 0;
    let failed = 0;
    const untilDone = async (work: () => Promise<unknown>): Promise<void> => {
      for (;;) {
        try {
          await work();
          return;
        } catch (error) {
          failed += 1;
          if (!mayFail || failed > MAX_FAILURES) throw error;
          await sleep(AGAIN_MS);
        }
      }
    };
    const replay = async (n: number) => {
      const limit = pLimit(AT_A_TIME);
      // Connections that are kept, and an address of its own, as a machine of the company has; `trust_proxy` names this one.
      const agent = new http.Agent({ keepAlive: true, maxSockets: AT_A_TIME });
      const options = { agent, headers: { 'x-forwarded-for': `10.0.0.${n}` } };
      const one = async (path: string) => {
        const ms = await timed(() => untilDone(() => mustGet(url + path, options)));
        slowestMs = Math.max(slowestMs, ms);
      };
      await Promise.all(requests.map((path) => limit(() => one(path))));
      agent.destroy();
    };
    const real = () =>
      withDir(async (dir) => {
        const app = await writeApp(dir);
        await untilDone(() => downloadApp(lab, dir, app, url));
      });
    const before = cpuSeconds(pid);
    const ms = await timed(() =>
      Promise.all(
        Array.from({ length: BUILDS }, async (_, n) => {
          await sleep((n * START_MS) / BUILDS);
          await (n % REAL_EVERY === 0 ? real() : replay(n));
        }),
      ),
    );
    return {
      ms,
      slowestMs,
      failed,
      cpuMs: (cpuSeconds(pid) - before) * 1_000,
      asked: commandsIn(lab.git.requests).length,
      serverMB: peakResidentMB(pid),
    };
  });
}
