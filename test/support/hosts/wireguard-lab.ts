/**
 * Three machines that are network namespaces, and a real WireGuard tunnel between two of them:
 *
 *     a  10.0.0.1 ═══ tunnel ═══ 10.0.0.2  b  192.168.1.1 ─── LAN ─── 192.168.1.123  c
 *     └──── 198.51.100.1 ─ "internet" ─ 198.51.100.2 ────┘
 *
 * `c` knows nothing of the tunnel; a route back is for the test to make. Where the kernel has no WireGuard, `wg-quick` starts wireguard-go.
 *
 * Nothing has a name on the machine: a namespace lives as long as the processes in it, the first of which ends when its
 * standard input does, which it does when the test ends, however it ends. With the namespace go its devices, and with
 * its device wireguard-go. So there is nothing to clean up, and any number of labs may stand side by side.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { rename, writeFile } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import path from 'node:path';
import { startDaemon } from '../process/daemon.js';
import type { Stoppable } from '../loopback.js';
import { programPath } from '../requirements.js';
import { mustRun, run, sealedEnv, type RunOptions, type RunResult } from '../run.js';
import { cachedDir } from '../test-cache.js';
import { tempDir } from '../tmp.js';

export interface Machine extends Stoppable {
  /** Words to put before a command so that it runs on this machine; it is the process itself, not a child. */
  readonly prefix: readonly string[];
  run(cmd: string, args: readonly string[], options?: RunOptions): Promise<RunResult>;
  mustRun(cmd: string, args: readonly string[], options?: RunOptions): Promise<string>;
  /** A folder for PATH in which `program` is that program on this machine. */
  shim(program: string): Promise<string>;
  /** Makes `ADDRESS:PORT` of this machine lead to a host that listens on the loopback of the test. */
  expose(target: string, loopbackPort: number): Promise<void>;
}

export interface WireguardLab extends Stoppable {
  readonly a: Machine;
  readonly b: Machine;
  readonly c: Machine;
}

export interface WireguardConfs {
  /** wg0.conf of `a` and of `b`, in the form of wg-quick(8). */
  a: string;
  b: string;
}

/** Builds the three machines and brings up the tunnel. Needs root, ip, sysctl, wg, wg-quick and a WireGuard device. */
export async function wireguardLab(confs: WireguardConfs): Promise<WireguardLab> {
  const started: Machine[] = [];
  const stop = async (): Promise<void> => {
    await Promise.all(started.map(async (machine) => machine.stop()));
  };
  try {
    const machine = async (): Promise<Machine & { pid: number }> => {
      const made = await startMachine();
      started.push(made);
      return made;
    };
    const [a, b, c] = [await machine(), await machine(), await machine()];
    await cable([a, 'eth0', '198.51.100.1/24'], [b, 'eth0', '198.51.100.2/24']);
    await cable([b, 'lan0', '192.168.1.1/24'], [c, 'lan0', '192.168.1.123/24']);
    const userspace = await wireguardGo();
    for (const [side, conf] of [
      [a, confs.a],
      [b, confs.b],
    ] as const) {
      const file = path.join(await tempDir('wg'), 'wg0.conf');
      await writeFile(file, conf, { mode: 0o600 });
      await side.mustRun('wg-quick', ['up', file], {
        env: { WG_QUICK_USERSPACE_IMPLEMENTATION: userspace },
      });
    }
    return { a, b, c, stop, [Symbol.asyncDispose]: stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** The file system is shared but for /run/wireguard: wireguard-go's sockets there are named by device only. */
const HOLD = `mkdir -p /run/wireguard && mount -t tmpfs tmpfs /run/wireguard && ip link set lo up && echo ready &&
  cat >/dev/null; ip link delete wg0 2>/dev/null`;

async function startMachine(): Promise<Machine & { pid: number }> {
  const holder = spawn('unshare', ['--net', '--mount', 'sh', '-c', HOLD], {
    env: sealedEnv(),
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const pid = await readyPid(holder);
  // Entering a mount namespace leads to its root; the working directory is taken along.
  const prefix = ['nsenter', '--target', `${pid}`, '--net', '--mount', '--wd=.'];
  const [enter = '', ...into] = prefix;
  const relays: Stoppable[] = [];
  const stop = async (): Promise<void> => {
    await Promise.all(relays.map(async (relay) => relay.stop()));
    if (holder.exitCode !== null || holder.signalCode !== null) return;
    const ended = once(holder, 'exit');
    holder.stdin.end();
    await ended;
  };
  return {
    pid,
    prefix,
    run: async (cmd, args, options) => run(enter, [...into, cmd, ...args], options),
    mustRun: async (cmd, args, options) => mustRun(enter, [...into, cmd, ...args], options),
    shim: async (program) => {
      const dir = await tempDir('shim');
      const file = path.join(dir, program);
      const script = `#!/bin/sh\nexec ${prefix.join(' ')} '${programPath(program) ?? program}' "$@"\n`;
      await writeFile(file, script, { mode: 0o755 });
      return dir;
    },
    expose: async (target, loopbackPort) => {
      relays.push(...(await relay(prefix, target, loopbackPort)));
    },
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

async function readyPid(holder: ChildProcess): Promise<number> {
  const { pid, stdout } = holder;
  if (pid === undefined || stdout === null) throw new Error('unshare could not be started');
  const first = await Promise.race([once(stdout, 'data'), once(holder, 'exit').then(() => undefined)]);
  if (first === undefined) throw new Error('unshare gave no network namespace');
  return pid;
}

async function cable(
  ...ends: [machine: Machine & { pid: number }, name: string, address: string][]
): Promise<void> {
  const [[left, leftName] = [], [right, rightName] = []] = ends;
  if (left === undefined || right === undefined) throw new Error('a cable has two ends');
  const peer = ['peer', 'name', `${rightName}`, 'netns', `${right.pid}`];
  await left.mustRun('ip', ['link', 'add', `${leftName}`, 'type', 'veth', ...peer]);
  for (const [machine, name, address] of ends) {
    await machine.mustRun('ip', ['address', 'add', address, 'dev', name]);
    await machine.mustRun('ip', ['link', 'set', name, 'up']);
  }
}

/**
 * A file's path is the same on every machine, so a unix socket leads out of a namespace: what arrives at the port goes
 * through it to the test's own loopback.
 */
async function relay(prefix: readonly string[], target: string, loopbackPort: number): Promise<Stoppable[]> {
  const socket = path.join(await tempDir('relay'), 's');
  const inside = createServer((incoming) => {
    const outgoing = connect(loopbackPort, '127.0.0.1');
    incoming.on('error', () => outgoing.destroy()).pipe(outgoing);
    outgoing.on('error', () => incoming.destroy()).pipe(incoming);
  });
  inside.listen(socket);
  await once(inside, 'listening');
  const close = async (): Promise<void> => {
    await new Promise((resolve) => inside.close(resolve));
  };
  const [enter = '', ...into] = prefix;
  const daemon = await startDaemon(enter, [...into, process.execPath, '-e', RELAY, socket, target], {
    isReady: (log) => log.includes('listening'),
  });
  return [daemon, { stop: close, [Symbol.asyncDispose]: close }];
}

/** The other end of it, for `node -e`. */
const RELAY = `
const { createServer, connect } = require('node:net');
const [socket, target] = process.argv.slice(1);
const [host, port] = target.split(':');
createServer((incoming) => {
  const outgoing = connect(socket);
  incoming.on('error', () => outgoing.destroy()).pipe(outgoing);
  outgoing.on('error', () => incoming.destroy()).pipe(incoming);
}).listen(Number(port), host, () => console.log('listening'));
`;

/** The version that is built where there is none installed. */
const WIREGUARD_GO = 'v0.0.0-20260522210424-ecfc5a8d5446';

/** A WireGuard in user space for `wg-quick`, or just its name where the kernel has the device and none is needed. */
async function wireguardGo(): Promise<string> {
  const device = ['-n', 'ip', 'link', 'add', 'name', 'wg0', 'type', 'wireguard'];
  if ((await run('unshare', device)).code === 0) return 'wireguard-go';
  const installed = programPath('wireguard-go');
  if (installed !== undefined) return installed;
  const dir = await cachedDir(`wireguard-go-${WIREGUARD_GO}`, async (draft) => {
    // Downloaded with the settings of the account that runs the tests: they know the way to modules here.
    const env = { ...process.env, GOBIN: draft, CGO_ENABLED: '0' };
    await mustRun('go', ['install', `golang.zx2c4.com/wireguard@${WIREGUARD_GO}`], {
      env,
      timeoutMs: 300_000,
    });
    await rename(path.join(draft, 'wireguard'), path.join(draft, 'wireguard-go'));
  });
  return path.join(dir, 'wireguard-go');
}
