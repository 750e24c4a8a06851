/** What git itself needs for the same answers: nothing that fetches with git can be faster. */
import path from 'node:path';
import { mustRun } from '../../test/support/run.js';
import type { Lab } from './lab.js';

/** Lists all refs. */
export async function lsRemote({ git }: Lab, name: string): Promise<void> {
  await mustRun('git', ['ls-remote', `${git.url}/${name}.git`]);
}

/** An empty bare repository in `dir`. */
export async function emptyMirror(dir: string): Promise<string> {
  const mirror = path.join(dir, 'mirror.git');
  await mustRun('git', ['init', '--quiet', '--bare', '--template=', mirror]);
  return mirror;
}

/** Fetches one tag without its history, and writes it as a tar file to nowhere. */
export async function shallowFetchAndTar(lab: Lab, mirror: string, name: string, tag: string): Promise<void> {
  await shallowFetch(lab, mirror, name, tag, []);
  await git(mirror, ['archive', '--format=tar', '--output=/dev/null', `refs/tags/${tag}`]);
}

/** Lists the refs, then fetches one commit without files. */
export async function lsRemoteAndCommit(lab: Lab, mirror: string, name: string, tag: string): Promise<void> {
  await lsRemote(lab, name);
  await shallowFetch(lab, mirror, name, tag, ['--filter=tree:0']);
}

/** Fetches the commits of all tags without their history. */
export async function fetchAllTags({ git: host }: Lab, mirror: string, name: string): Promise<void> {
  const flags = ['--quiet', '--depth=1', '--no-tags'];
  await git(mirror, ['fetch', ...flags, `${host.url}/${name}.git`, 'refs/tags/*:refs/tags/*']);
}

async function shallowFetch(
  lab: Lab,
  mirror: string,
  name: string,
  tag: string,
  options: readonly string[],
): Promise<void> {
  const refspec = `refs/tags/${tag}:refs/tags/${tag}`;
  const flags = ['--quiet', '--depth=1', '--no-tags', ...options];
  await git(mirror, ['-c', 'fetch.unpackLimit=1', 'fetch', ...flags, `${lab.git.url}/${name}.git`, refspec]);
}

async function git(mirror: string, args: readonly string[]): Promise<void> {
  await mustRun('git', ['--git-dir', mirror, '-c', 'gc.auto=0', ...args], { timeoutMs: 300_000 });
}
