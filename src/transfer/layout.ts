/** Which of the layouts that hold module versions a folder has. */
import { opendir, readdir, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { ModhavenError, errorMessage } from '../errors.js';
import { createDiskStore } from '../store/disk/disk-store.js';
import type { VersionReader } from '../store/version-store.js';
import { absentAsUndefined } from '../fs/file-errors.js';
import { ATHENS_ZIP, createAthensSource } from './athens-source.js';

export interface Layout {
  /** As shown to users. */
  name: 'cache of modhaven' | 'GOPROXY file tree' | 'GOMODCACHE' | 'Athens disk storage';
  /** The root of the tree; its folder `sumdb` holds checksum data. */
  dir: string;
  source: VersionReader;
  /** Where `go` keeps the trees of checksum databases that it has seen, if it is a GOMODCACHE in GOPATH/pkg/mod. */
  goStateDir?: string;
}

/** The folder of a GOMODCACHE with the files from proxies. */
const DOWNLOAD = join('cache', 'download');

/** The layout of `dir`, judged by the first version found. Throws CONFIG if it cannot be read or holds none. */
export async function recognizeLayout(dir: string): Promise<Layout> {
  const moduleCache = resolve(dir).endsWith(DOWNLOAD) ? resolve(dir) : join(dir, DOWNLOAD);
  if ((await absentAsUndefined(stat(moduleCache)))?.isDirectory() === true) {
    return {
      name: 'GOMODCACHE',
      dir: moduleCache,
      source: createDiskStore(moduleCache),
      goStateDir: resolve(moduleCache, '../../../sumdb'),
    };
  }
  const ownDownload = join(dir, 'download');
  // Beside it there are git mirrors and other state, which hold no versions to import.
  if (await isCacheDir(dir)) {
    return { name: 'cache of modhaven', dir: ownDownload, source: createDiskStore(ownDownload) };
  }
  let evidence: 'proxy' | 'athens' | undefined;
  try {
    evidence = await firstEvidence(dir);
  } catch (error) {
    throw new ModhavenError('CONFIG', `${dir}: the folder cannot be read`, {
      reason: errorMessage(error),
      cause: error,
    });
  }
  if (evidence === 'proxy') return { name: 'GOPROXY file tree', dir, source: createDiskStore(dir) };
  if (evidence === 'athens') return { name: 'Athens disk storage', dir, source: createAthensSource(dir) };
  throw noVersions(dir);
}

/** Whether `dir` is a cache.dir of ours: it has `download/`, and no folder of a host beside it. */
async function isCacheDir(dir: string): Promise<boolean> {
  const entries = (await absentAsUndefined(readdir(dir, { withFileTypes: true }))) ?? [];
  const folders = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
  return folders.includes('download') && !folders.some((name) => /[^.]\.[^.]/.test(name));
}

/** The CONFIG error for a folder without versions. */
export function noVersions(dir: string): ModhavenError {
  return new ModhavenError('CONFIG', `${dir} holds no module versions in a layout that is known`, {
    remedy:
      'name the folder that holds those of the hosts (github.com, ...) in a GOPROXY=file:// tree or the disk storage of ' +
      'Athens, a GOMODCACHE, or a cache.dir of modhaven',
  });
}

async function firstEvidence(dir: string): Promise<'proxy' | 'athens' | undefined> {
  const folders: string[] = [];
  for await (const entry of await opendir(dir)) {
    if (entry.name === ATHENS_ZIP) return 'athens';
    if (entry.name === '@v') return 'proxy';
    if (entry.isDirectory()) folders.push(join(dir, entry.name));
  }
  for (const folder of folders.sort()) {
    const found = await firstEvidence(folder);
    if (found !== undefined) return found;
  }
  return undefined;
}
