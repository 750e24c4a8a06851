/**
 * Two git hosts, the old and the new one of some modules, and a cache that was filled from the old one.
 *
 *     my.corp/same       v1.0.0 v1.1.0   mirrored
 *     my.corp/rebased    v1.0.0          same content, rewritten history
 *     my.corp/edited     v1.0.0          another file content; one file more, one less
 *     my.corp/gomod      v1.0.0          another go.mod
 *     my.corp/lost       v1.0.0 v1.1.0   v1.1.0 was not pushed
 *     my.corp/down       v1.0.0          nothing answers at the new address
 */
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { stringify } from 'yaml';
import { parseModulePath } from '../../src/module/module-path.js';
import { createDiskStore } from '../../src/store/disk/disk-store.js';
import { CachedModules } from '../../src/modfetch/cached.js';
import { GitSource } from '../../src/modfetch/git-source.js';
import type { Modules } from '../../src/modfetch/repo.js';
import { createRepoRoots } from '../../src/modfetch/repo-root.js';
import type { VersionStore } from '../../src/store/version-store.js';
import { parseVanity } from '../../src/vanity/vanity-file.js';
import type { VanityMap } from '../../src/vanity/vanity-map.js';
import { createCodeHost } from '../../src/vcs/code-host.js';
import type { CodeHost } from '../../src/vcs/types.js';
import { createTarget, type Target } from '../../src/verify/target.js';
import { gitHttpHost, type GitHttpHost } from '../support/hosts/git-http-host.js';
import { repo, type GitRepo } from '../support/git/git-repo.js';
import { freePort, type Stoppable } from '../support/loopback.js';
import { mustRun, sealedEnv } from '../support/run.js';
import { tempDir } from '../support/tmp.js';

export interface MoveLab extends Stoppable {
  oldHost: GitHttpHost;
  newHost: GitHttpHost;
  /** The repository of a name on each host. */
  oldRepo(name: LabName): GitRepo;
  newRepo(name: LabName): GitRepo;
  /** Address of the new repository of `down`. */
  downUrl: string;
  oldMap: VanityMap;
  newMap: VanityMap;
  oldVanity: string;
  newVanity: string;
  /** Folder of modhaven.yaml, vanity.yaml (the old one), new-vanity.yaml and the cache. */
  dir: string;
  configFile: string;
  newVanityFile: string;
  store: VersionStore;
  host: CodeHost;
  targetOf(map: VanityMap): Target;
  /** Asks the service of the old host for whole versions, `NAME@VERSION`; without `.zip` with an `info` in front. */
  fetch(...versions: string[]): Promise<void>;
}

export const LAB_VERSIONS = [
  'same@v1.0.0',
  'same@v1.1.0',
  'rebased@v1.0.0',
  'edited@v1.0.0',
  'gomod@v1.0.0',
  'lost@v1.0.0',
  'lost@v1.1.0',
  'down@v1.0.0',
];

const NAMES = ['same', 'rebased', 'edited', 'gomod', 'lost', 'down'] as const;
export type LabName = (typeof NAMES)[number];

/** The module of a name of the lab. */
export function labModule(name: string) {
  return parseModulePath(`my.corp/${name}`);
}

export async function moveLab(): Promise<MoveLab> {
  const [oldRoot, newRoot, dir] = await Promise.all([tempDir('old'), tempDir('new'), tempDir('move')]);
  const oldRepos = new Map<string, GitRepo>();
  const newRepos = new Map<string, GitRepo>();
  for (const name of NAMES) {
    const old = await repo(path.join(oldRoot, `${name}.git`));
    await release(old, name, 'v1.0.0', { 'data/a.txt': 'a\n' });
    if (name === 'same' || name === 'lost') await release(old, name, 'v1.1.0', { 'data/a.txt': 'b\n' });
    oldRepos.set(name, old);
    if (name === 'down') continue;
    if (name === 'same' || name === 'lost') {
      await mustRun('git', ['clone', '--quiet', '--mirror', old.dir, path.join(newRoot, `${name}.git`)]);
    }
    const moved = await repo(path.join(newRoot, `${name}.git`));
    newRepos.set(name, moved);
    if (name === 'rebased') await release(moved, name, 'v1.0.0', { 'data/a.txt': 'a\n' }, 'rewritten');
    if (name === 'edited') {
      moved.write({ 'more.go': `package ${name}\n` });
      await release(moved, name, 'v1.0.0', {
        'data/b.txt': 'a\n',
        [`${name}.go`]: `package ${name} // new\n`,
      });
    }
    if (name === 'gomod') {
      await release(moved, name, 'v1.0.0', {
        'data/a.txt': 'a\n',
        'go.mod': `module my.corp/${name}\n\ngo 1.22\n`,
      });
    }
    if (name === 'lost') await moved.git('tag', '--delete', 'v1.1.0');
  }
  const oldHost = await gitHttpHost(oldRoot);
  const newHost = await gitHttpHost(newRoot);
  const downUrl = `http://127.0.0.1:${await freePort()}/down.git`;
  const oldVanity = stringify({ host: 'my.corp', paths: { '/{name}': `${oldHost.url}/{name}.git` } });
  const newVanity = stringify({
    host: 'my.corp',
    paths: { '/{name}': `${newHost.url}/{name}.git`, '/down': downUrl },
  });
  const configFile = path.join(dir, 'modhaven.yaml');
  const newVanityFile = path.join(dir, 'new-vanity.yaml');
  await mkdir(path.join(dir, 'home'));
  await writeFile(configFile, 'vanity: ./vanity.yaml\n');
  await writeFile(path.join(dir, 'vanity.yaml'), oldVanity);
  await writeFile(newVanityFile, newVanity);
  const oldMap = parseVanity(oldVanity, path.join(dir, 'vanity.yaml'), { defaultHost: '' });
  const newMap = parseVanity(newVanity, newVanityFile, { defaultHost: '' });

  const store = createDiskStore(path.join(dir, 'data/download'));
  const settings = () => ({ timeoutMs: 60_000, connectTimeoutMs: 5_000, concurrency: 8, hosts: new Map() });
  const host = createCodeHost({ dir: path.join(dir, 'data/vcs'), settings, env: sealedEnv() });
  const service = serviceOf(oldMap, host, store);
  const stop = async (): Promise<void> => {
    await Promise.all([oldHost.stop(), newHost.stop()]);
  };
  return {
    oldHost,
    newHost,
    downUrl,
    oldMap,
    newMap,
    oldVanity,
    newVanity,
    dir,
    configFile,
    newVanityFile,
    store,
    host,
    stop,
    [Symbol.asyncDispose]: stop,
    oldRepo: (name) => repoOf(oldRepos, name),
    newRepo: (name) => repoOf(newRepos, name),
    targetOf: (map) => createTarget({ candidates: (asked) => map.candidates(asked), host }),
    async fetch(...versions) {
      for (const text of versions) {
        const [, onlyInfo, name = '', version = ''] = /^(info )?(\w+)@(.*)$/.exec(text) ?? [];
        await service.info(labModule(name), version);
        if (onlyInfo !== undefined) continue;
        await service.mod(labModule(name), version);
        await (await service.zip(labModule(name), version)).stored();
      }
    },
  };
}

function repoOf(repos: Map<string, GitRepo>, name: string): GitRepo {
  const found = repos.get(name);
  if (found === undefined) throw new Error(`no repository of ${name} there`);
  return found;
}

/** A commit with a tag; the same arguments give the same commit. */
export async function release(
  target: GitRepo,
  name: string,
  tag: string,
  files: Record<string, string>,
  message = 'release',
): Promise<string> {
  target.at('2024-01-02T03:04:05Z').write({
    'go.mod': `module my.corp/${name}\n\ngo 1.21\n`,
    [`${name}.go`]: `package ${name}\n`,
    ...files,
  });
  const commit = await target.commit(message);
  await target.tag(tag, { force: true });
  return commit;
}

function serviceOf(map: VanityMap, host: CodeHost, store: VersionStore): Modules {
  const roots = createRepoRoots({ candidates: (asked) => map.candidates(asked), host, refreshMs: () => 1 });
  const source = new GitSource({ roots, host, refreshMs: () => 1 });
  return new CachedModules(source, store, { log: { warn: () => undefined } });
}
