/**
 * The kinds of git host that differ in what they hand out: with protocol v2 any commit whose hash is known, without it
 * only what a ref points at; with filters a commit without its files, without them everything.
 */
import { gitHttpHost } from './git-http-host.js';
import type { Program } from '../requirements.js';
import type { Env } from '../run.js';
import { sshdHost } from './sshd-host.js';

export interface KindOfHost {
  readonly name: string;
  readonly needs: readonly Program[];
  /** Serves the repositories below `root`. */
  start(root: string): Promise<RunningHost>;
}

export interface RunningHost {
  /** What stands before the path of a repository, with a slash at the end. */
  readonly base: string;
  /** What a client needs in its environment. */
  readonly env: Env;
  stop(): Promise<void>;
}

export const KINDS_OF_HOST: readonly KindOfHost[] = [
  { name: 'http, protocol v2', needs: ['git'], start: (root) => overHttp(root, true) },
  { name: 'http, protocol v0', needs: ['git'], start: (root) => overHttp(root, false) },
  // The default of OpenSSH.
  { name: 'ssh, protocol v0', needs: ['git', 'ssh', 'sshd'], start: (root) => overSsh(root, false) },
  {
    name: 'ssh, protocol v0 with filters',
    needs: ['git', 'ssh', 'sshd'],
    start: (root) => overSsh(root, true),
  },
];

async function overHttp(root: string, protocolV2: boolean): Promise<RunningHost> {
  const host = await gitHttpHost(root, { protocolV2, allowFilter: protocolV2 });
  return { base: `${host.url}/`, env: {}, stop: async () => host.stop() };
}

async function overSsh(root: string, allowFilter: boolean): Promise<RunningHost> {
  const host = await sshdHost(root, { protocolV2: false, allowFilter });
  return { base: host.url(''), env: host.gitEnv(), stop: async () => host.stop() };
}
