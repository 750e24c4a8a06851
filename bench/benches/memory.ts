/** What a server holds when nothing happens, and after it has carried load. */
import { moduleOf, SMALLS } from '../corpus/repos.js';
import { isInstalled } from '../lab/cores.js';
import { lineOf, proxyPath, withDir, withServer, type Lab } from '../lab/lab.js';
import { mustGet } from '../measure/client.js';
import { interleave } from '../measure/interleave.js';
import { absolute } from '../measure/line.js';
import { residentMB } from '../measure/processes.js';
import { wrk } from '../measure/wrk.js';
import type { BenchResult } from './bench.js';

const MODULES = SMALLS.slice(0, 5).map(moduleOf);
const LOADS = [
  { paths: MODULES.map((module) => proxyPath(module, 'v1.0.0.info')), connections: 64 },
  { paths: MODULES.map((module) => proxyPath(module, 'v1.0.0.zip')), connections: 64 },
  { paths: [proxyPath(moduleOf('zip5m'), 'v1.0.0.zip')], connections: 8 },
];

export async function memory(lab: Lab): Promise<BenchResult> {
  lab.say('memory');
  const hasWrk = isInstalled('wrk');
  const samples = await interleave(lab.servers, lab.rounds, async (contender) =>
    withDir((dir) =>
      withServer(contender, { dir, core: lab.cores.server }, async ({ pid, url }) => {
        const idle = residentMB(pid);
        if (!hasWrk) return { idle };
        for (const { paths, connections } of LOADS) {
          for (const path of paths) await mustGet(url + path);
          await wrk(url, paths, { seconds: lab.seconds, connections, core: lab.cores.load });
        }
        return { idle, loaded: residentMB(pid) };
      }),
    ),
  );
  return {
    lines: [
      lineOf(lab, samples, { name: 'memory idle', unit: 'MB', value: (s) => s.idle, goals: [absolute(90)] }),
      lineOf(lab, samples, {
        name: 'memory after warm load',
        unit: 'MB',
        value: (s) => s.loaded,
        goals: [absolute(200)],
      }),
    ],
    skipped: hasWrk ? [] : ['memory after warm load: wrk is not installed'],
  };
}
