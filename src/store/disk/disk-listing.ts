/**
 * What a tree of versions holds, read again at the cost of what has changed: a folder in which files appeared or went has
 * another time than before.
 */
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { ModulePath } from '../../module/module-path.js';
import { modulesIn, partOfName, versionFolder } from '../disk-tree.js';
import { absentAsUndefined } from '../storage-error.js';
import type { ListedModule, ListedVersion } from '../version-store.js';

/** A file that appears in the same tick of the file system's clock leaves the time of its folder as it was. */
const SETTLED_MS = 2_000;
/** Modules whose folders are read at the same time. */
const PARALLEL = 16;

/** See `VersionListing.scan`. */
export async function* scanTree(
  dir: string,
  stateOf: (module: ModulePath) => string | undefined,
): AsyncGenerator<ListedModule> {
  const running: Promise<ListedModule | undefined>[] = [];
  try {
    for await (const module of modulesIn(dir)) {
      const reading = listModule(dir, module, stateOf(module));
      reading.catch(() => undefined); // thrown below, when its turn comes
      running.push(reading);
      if (running.length < PARALLEL) continue;
      const listed = await running.shift();
      if (listed !== undefined) yield listed;
    }
    for (const reading of running) {
      const listed = await reading;
      if (listed !== undefined) yield listed;
    }
  } finally {
    await Promise.allSettled(running);
  }
}

/** Undefined if nothing is stored of it. */
async function listModule(
  dir: string,
  module: ModulePath,
  known: string | undefined,
): Promise<ListedModule | undefined> {
  const folder = versionFolder(dir, module);
  const found = await absentAsUndefined(stat(folder));
  if (found === undefined) return undefined;
  const state = `${found.ino} ${found.mtimeMs}`;
  if (state === known) return { module, state, versions: undefined };
  const versions = await versionsIn(folder);
  if (versions.length === 0) return undefined;
  return { module, state: Date.now() - found.mtimeMs > SETTLED_MS ? state : undefined, versions };
}

async function versionsIn(folder: string): Promise<ListedVersion[]> {
  const files = new Map<string, string[]>();
  for (const name of (await absentAsUndefined(readdir(folder))) ?? []) {
    const part = partOfName(name);
    if (part === undefined || part.kind === 'ziphash') continue;
    // The zip comes last, so its time says nothing where another part is there.
    const names = files.get(part.version);
    if (names === undefined) files.set(part.version, [name]);
    else if (part.kind === 'zip') names.push(name);
    else names.unshift(name);
  }
  const listed = await Promise.all(
    [...files].map(async ([version, names]) => ({ version, storedAt: await firstTime(folder, names) })),
  );
  return listed.filter((entry): entry is ListedVersion => entry.storedAt !== undefined);
}

/** Of the files of one version, the zip last: when the first of them was written. Undefined if all went meanwhile. */
async function firstTime(folder: string, names: readonly string[]): Promise<number | undefined> {
  const early = names.length > 1 ? names.filter((name) => !name.endsWith('.zip')) : names;
  const times = await Promise.all(
    early.map(async (name) => (await absentAsUndefined(stat(join(folder, name))))?.mtimeMs),
  );
  const known = times.filter((time) => time !== undefined);
  return known.length === 0 ? undefined : Math.min(...known);
}
