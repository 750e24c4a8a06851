/** A code host of ours over a folder of real repositories served by a real git host. */
import { randomBytes } from 'node:crypto';
import { readFile, readdir } from 'node:fs/promises';
import http from 'node:http';
import path from 'node:path';
import type { Readable } from 'node:stream';
import { expect } from 'vitest';
import { ModhavenError } from '../../src/errors.js';
import { parseRepoUrl } from '../../src/module/repo-url.js';
import { createCodeHost } from '../../src/vcs/code-host.js';
import type { HostEntry, VcsSettings } from '../../src/vcs/transport/access.js';
import type { CodeHost, CodeRepo, Need } from '../../src/vcs/types.js';
import { connect } from 'node:net';
import { startDaemon } from '../support/process/daemon.js';
import {
  commandsIn,
  gitHttpHost,
  type GitHttpHost,
  type GitHttpOptions,
} from '../support/hosts/git-http-host.js';
import { repo, type GitRepo } from '../support/git/git-repo.js';
import { listenOnLoopback, passOn, type LoopbackHost } from '../support/loopback.js';
import { mustRun, sealedEnv } from '../support/run.js';
import { tempDir } from '../support/tmp.js';

export interface Lab {
  root: string;
  host: GitHttpHost;
  repo: GitRepo;
  /** Address of the repository on the host. */
  url: string;
  /** Where the mirrors are. */
  vcsDir: string;
  code: CodeHost;
  open(maxAgeMs?: number, url?: string, need?: Need): Promise<CodeRepo>;
  /** How often the host was asked for refs or a pack since the last call. */
  asked(): number;
}

export interface LabOptions {
  http?: GitHttpOptions;
  settings?: Partial<VcsSettings>;
  env?: NodeJS.ProcessEnv;
  vcsDir?: string;
  /** Whether the files of each commit are more than a small pack: then single ones are asked for. */
  large?: boolean;
}

export function settingsOf(
  hosts: Record<string, HostEntry> = {},
  rest: Partial<VcsSettings> = {},
): VcsSettings {
  const map = new Map(Object.entries(hosts));
  return { timeoutMs: 60_000, connectTimeoutMs: 5_000, concurrency: 8, hosts: map, ...rest };
}

/** `go/foo.git` with v1.0.0, v1.1.0 and v1.2.0 (annotated), each a commit with a new `n.go`. */
export async function lab(options: LabOptions = {}): Promise<Lab> {
  const root = await tempDir('root');
  const r = await repo(path.join(root, 'go/foo.git'));
  for (const n of [0, 1, 2]) {
    await r
      .at(`2024-01-0${n + 1}T00:00:00Z`)
      .write({
        'go.mod': 'module example.com/foo\n',
        'n.go': `package n // ${n}\n`,
        'sub/x.go': 'package x\n',
        ...(options.large === true && n === 0 ? { 'large.bin': randomBytes(512 * 1024) } : {}),
      })
      .commit(`commit ${n}`);
    await r.tag(`v1.${n}.0`, { annotated: n === 2 });
  }
  const host = await gitHttpHost(root, options.http);
  const url = `${host.url}/go/foo.git`;
  const vcsDir = options.vcsDir ?? path.join(await tempDir('cache'), 'vcs');
  const code = codeHost(vcsDir, options.settings, options.env);
  return {
    root,
    host,
    repo: r,
    url,
    vcsDir,
    code,
    open: (maxAgeMs = 60_000, address = url, need = 'files') =>
      code.open(parseRepoUrl(address, '/'), maxAgeMs, need),
    asked: () => commandsIn(host.requests.splice(0)).length,
  };
}

export function codeHost(
  dir: string,
  settings: Partial<VcsSettings> = {},
  env?: NodeJS.ProcessEnv,
): CodeHost {
  return createCodeHost({ dir, settings: () => settingsOf({}, settings), env: env ?? sealedEnv() });
}

/** The one mirror below `vcsDir`. */
export async function mirrorDir(vcsDir: string): Promise<string> {
  const [name = ''] = (await readdir(vcsDir)).filter((entry) => /^[0-9a-f]{64}$/.test(entry));
  return path.join(vcsDir, name);
}

/** A git command in `content.git` or `history.git`. */
export async function inMirror(vcsDir: string, name: string, ...args: string[]): Promise<string> {
  return mustRun('git', ['--git-dir', path.join(await mirrorDir(vcsDir), name), ...args]);
}

/** Commits that a mirror holds, reachable or not. */
export async function commitsIn(vcsDir: string, name: string): Promise<string[]> {
  const objects = await inMirror(vcsDir, name, 'cat-file', '--batch-all-objects', '--batch-check');
  return objects
    .split('\n')
    .filter((line) => line.includes(' commit '))
    .map((line) => line.slice(0, line.indexOf(' ')));
}

export async function text(stream: Readable): Promise<string> {
  const pieces: Buffer[] = [];
  for await (const piece of stream) pieces.push(piece as Buffer);
  return Buffer.concat(pieces).toString('latin1');
}

/** The error that `work` ends in. */
export async function errorOf(work: Promise<unknown>): Promise<ModhavenError> {
  const error: unknown = await work.then(
    () => 'no error',
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(ModhavenError);
  return error as ModhavenError;
}

/** Passes requests on to `port` without the header that asks for protocol v2, as an old host would hear them. */
export async function oldProtocolHost(port: number): Promise<LoopbackHost> {
  return listenOnLoopback(
    http.createServer((request, response) => {
      const headers = { ...request.headers };
      delete headers['git-protocol'];
      passOn(request, response, port, headers);
    }),
  );
}

/** Serves the files below `root` as they are: a host that runs no git. */
export async function fileHost(root: string): Promise<LoopbackHost> {
  return listenOnLoopback(
    http.createServer((request, response) => {
      const { pathname } = new URL(request.url ?? '/', 'http://host');
      readFile(path.join(root, pathname)).then(
        (content) => response.end(content),
        () => response.writeHead(404).end(),
      );
    }),
  );
}

/**
 * A port where packets vanish: the program that listens there never accepts, and once its queue is full the kernel
 * leaves further connections without an answer.
 */
export async function silentPort(): Promise<{ port: number; stop: () => Promise<void> }> {
  const script = `const server = require('node:net').createServer();
server.listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => {
  require('node:fs').writeSync(1, 'port ' + server.address().port + '\\n');
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
});`;
  const daemon = await startDaemon(process.execPath, ['-e', script], {
    isReady: (log) => log.includes('\n'),
  });
  const port = Number(/port (\d+)/.exec(daemon.logs())?.[1]);
  const queued = Array.from({ length: 4 }, () =>
    connect({ port, host: '127.0.0.1' }).on('error', () => undefined),
  );
  await new Promise((resolve) => queued[0]?.once('connect', resolve));
  const stop = async (): Promise<void> => {
    for (const socket of queued) socket.destroy();
    await daemon.stop();
  };
  return { port, stop };
}
