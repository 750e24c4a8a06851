/** A hundred clients want the same version at the same moment, and it is not stored yet. */
import { commandsIn } from '../../test/support/hosts/git-http-host.js';
import { SMALLS, moduleOf } from '../corpus/repos.js';
import { besides, lineOf, proxyPath, withFreshServer, type Lab } from '../lab/lab.js';
import { MODHAVEN } from '../lab/modhaven.js';
import type { Contender } from '../lab/server.js';
import { mustGet } from '../measure/client.js';
import { interleave, timed } from '../measure/interleave.js';
import { absolute, versus } from '../measure/line.js';
import { cpuSeconds, peakResidentMB } from '../measure/processes.js';
import type { BenchResult } from './bench.js';

const CLIENTS = 100;
const SINGLE = 'modhaven, one client';

interface Sample {
  ms: number;
  /** Processor time of the server and its children. */
  cpuMs: number;
  /** How often the host was asked for refs or a pack. */
  asked: number;
  serverMB: number;
}

export async function stampede(lab: Lab): Promise<BenchResult> {
  lab.say('100 clients, one cold zip');
  const ours = lab.servers.filter(({ name }) => name === MODHAVEN);
  const contenders = [
    ...lab.servers.map((server) => ({ name: server.name, run: () => ask(lab, server, CLIENTS) })),
    ...besides(
      lab,
      ours.map((server) => ({ name: SINGLE, run: () => ask(lab, server, 1) })),
    ),
  ];
  const samples = await interleave(contenders, lab.rounds, async ({ run }) => run());
  const name = '100 clients, one cold zip';
  return {
    lines: [
      lineOf(lab, samples, { name, unit: 'ms', value: (s) => s.ms, goals: [versus(SINGLE, 1.3)] }),
      lineOf(lab, samples, { name: `${name}: processor time`, unit: 'ms', value: (s) => s.cpuMs }),
      lineOf(lab, samples, {
        name: `${name}: questions to the git host`,
        unit: 'calls',
        value: (s) => s.asked,
        goals: [versus(SINGLE, 1)],
      }),
      lineOf(lab, samples, {
        name: `${name}: peak memory of the server`,
        unit: 'MB',
        value: (s) => s.serverMB,
        goals: [absolute(160)],
      }),
    ],
  };
}

async function ask(lab: Lab, server: Contender, clients: number): Promise<Sample> {
  return withFreshServer(server, async ({ url, pid }) => {
    await mustGet(url + proxyPath(moduleOf(SMALLS[99] ?? ''), 'v1.0.0.zip'));
    lab.git.requests.length = 0;
    const path = proxyPath(moduleOf('medium'), 'v1.0.0.zip');
    const cpu = cpuSeconds(pid);
    const ms = await timed(() => Promise.all(Array.from({ length: clients }, () => mustGet(url + path))));
    const cpuMs = (cpuSeconds(pid) - cpu) * 1_000;
    return { ms, cpuMs, asked: commandsIn(lab.git.requests).length, serverMB: peakResidentMB(pid) };
  });
}
