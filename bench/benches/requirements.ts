/**
 * `go mod download` of what a large public application requires, through a cache that is empty and one that is full, beside
 * the proxy that everything comes from. Only where this machine's go has one and reaches it: it is not on loopback.
 */
import { cp } from 'node:fs/promises';
import path from 'node:path';
import { publicProxy, type PublicProxy } from '../../test/support/hosts/public-proxy.js';
import { downloadApp, writePublicApp } from '../lab/go.js';
import { besides, lineOf, withDir, withServer, type Lab } from '../lab/lab.js';
import type { RunningServer } from '../lab/server.js';
import { interleave, timed } from '../measure/interleave.js';
import { versus, versusPeer } from '../measure/line.js';
import { cpuSeconds, peakResidentMB } from '../measure/processes.js';
import type { BenchResult } from './bench.js';

const APPLICATION = 'github.com/containerd/containerd/v2@v2.0.3';
const UPSTREAM = 'the upstream itself';

interface Sample {
  coldMs: number;
  warmMs?: number;
  cpuMs?: number;
  serverMB?: number;
}

export async function requirements(lab: Lab): Promise<BenchResult> {
  const proxy = publicProxy();
  if (proxy === undefined) return { skipped: ['requirements: go env GOPROXY names no proxy that answers'] };
  return withDir(async (dir) => {
    const { app, requirements: count } = await writePublicApp(lab, dir, APPLICATION, proxy);
    lab.say(`go mod download of ${count} public requirements`);
    const download = (goproxy: string) => downloadPublic(lab, app, goproxy, proxy);
    const contenders = [
      ...lab.servers.map((server) => ({
        name: server.name,
        run: () =>
          withDir((home) =>
            withServer(server, { dir: home, upstream: proxy }, (running) => fromServer(running, download)),
          ),
      })),
      ...besides(lab, [
        { name: UPSTREAM, run: async (): Promise<Sample> => ({ coldMs: await download(proxy.url) }) },
      ]),
    ];
    const samples = await interleave(contenders, lab.rounds, ({ run }) => run());
    const name = `go mod download, ${count} public requirements`;
    return {
      lines: [
        lineOf(lab, samples, {
          name: `${name}, proxy cold`,
          unit: 'ms',
          value: (s) => s.coldMs,
          goals: [versus(UPSTREAM, 1.3), versusPeer(0.7)],
        }),
        lineOf(lab, samples, { name: `${name}: processor time`, unit: 'ms', value: (s) => s.cpuMs }),
        lineOf(lab, samples, { name: `${name}: peak memory`, unit: 'MB', value: (s) => s.serverMB }),
        lineOf(lab, samples, {
          name: `${name}, proxy warm`,
          unit: 'ms',
          value: (s) => s.warmMs,
          goals: [versusPeer(1)],
        }),
      ],
    };
  });
}

async function fromServer(
  { url, pid }: RunningServer,
  download: (goproxy: string) => Promise<number>,
): Promise<Sample> {
  const before = cpuSeconds(pid);
  const coldMs = await download(url);
  const cpuMs = (cpuSeconds(pid) - before) * 1_000;
  return { coldMs, cpuMs, serverMB: peakResidentMB(pid), warmMs: await download(url) };
}

/** Milliseconds, with an empty module cache. */
async function downloadPublic(lab: Lab, app: string, goproxy: string, proxy: PublicProxy): Promise<number> {
  return withDir(async (dir) => {
    const copy = path.join(dir, 'app');
    await cp(app, copy, { recursive: true });
    return timed(() => downloadApp(lab, dir, copy, goproxy, proxy.env));
  });
}
