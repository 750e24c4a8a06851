/**
 * What a login costs: warm `.info` for callers with a token, where `auth` is on, beside the same without; on one core. Peers
 * know no logins, and are asked as they are.
 */
import { moduleOf, SMALLS } from '../corpus/repos.js';
import { isInstalled } from '../lab/cores.js';
import { lineOf, proxyPath, withDir, withServers, type Lab } from '../lab/lab.js';
import { MODHAVEN, startWithToken } from '../lab/modhaven.js';
import { mustGet } from '../measure/client.js';
import { interleave } from '../measure/interleave.js';
import { versus, versusPeer } from '../measure/line.js';
import { cpuSeconds } from '../measure/processes.js';
import { wrk, type Load } from '../measure/wrk.js';
import type { BenchResult } from './bench.js';

const PATHS = SMALLS.slice(0, 20).map((name) => proxyPath(moduleOf(name), 'v1.0.0.info'));
const CONNECTIONS = 64;
const WITHOUT = 'modhaven, no login';

interface Target {
  name: string;
  url: string;
  pid: number;
  headers?: Record<string, string>;
}

export async function login(lab: Lab): Promise<BenchResult> {
  if (!isInstalled('wrk')) return { skipped: ['login: wrk is not installed'] };
  if (lab.isComparison) return { skipped: ['login: is measured beside the same checkout without one'] };
  lab.say('warm .info with a token');
  const core = lab.cores.server;
  const samples = await withServers(lab.servers, { core }, (servers) =>
    withDir(async (dir) => {
      const { server, token } = await startWithToken(lab.git.url, { dir, core });
      await using withToken = server;
      const headers = { authorization: `Bearer ${token}` };
      const targets: Target[] = [
        { name: MODHAVEN, url: withToken.url, pid: withToken.pid, headers },
        ...servers.map((other) => ({ ...other, name: other.name === MODHAVEN ? WITHOUT : other.name })),
      ];
      for (const { url, headers: sent = {} } of targets) {
        for (const path of PATHS) await mustGet(url + path, { headers: sent });
      }
      return await interleave(targets, lab.rounds, (target) => load(lab, target));
    }),
  );
  const name = 'warm .info with auth and a token';
  return {
    lines: [
      lineOf(lab, samples, {
        name,
        unit: 'req/s',
        value: (s) => s.requestsPerSecond,
        goals: [versusPeer(1.7), versus(WITHOUT, 0.9)],
      }),
      lineOf(lab, samples, {
        name: `p99 of ${name}`,
        unit: 'ms',
        value: (s) => s.p99Ms,
        goals: [versusPeer(0.8)],
      }),
      lineOf(lab, samples, { name: `processor time of one ${name}`, unit: 'µs', value: (s) => s.cpuMicros }),
    ],
  };
}

async function load(lab: Lab, { url, pid, headers = {} }: Target): Promise<Load & { cpuMicros: number }> {
  const options = { connections: CONNECTIONS, core: lab.cores.load, headers };
  await wrk(url, PATHS, { ...options, seconds: 1 });
  const before = cpuSeconds(pid);
  const sample = await wrk(url, PATHS, { ...options, seconds: lab.seconds });
  return { ...sample, cpuMicros: ((cpuSeconds(pid) - before) * 1e6) / sample.requests };
}
