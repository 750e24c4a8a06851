/**
 * Finished versions in a directory, laid out as `GOPROXY=file://` reads it:
 * `<dir>/<escaped module>/@v/<escaped version>.<kind>`.
 *
 * A part is written under a temporary name beside its final one, flushed, and linked into place. Linking fails where
 * the name is taken, so the first part of a name stays for good, whichever process writes another at the same time.
 * Neither a crash nor a full disk leaves a part of a file where a reader could see it.
 */
import { close, fstat, open as openFile, read } from 'node:fs';
import { readdir, stat, unlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import { createFile, flush, flushNames, linkFirst, replaceFile } from '../../fs/durable-file.js';
import { TEMPORARY, temporaryName } from '../../fs/temporary-name.js';
import { inFolder, removeEmptyFolders } from '../../fs/empty-folders.js';
import * as files from '../../fs/file-errors.js';
import { READING, notRegular, readRegular, streamRegular } from '../../fs/regular-file.js';
import type { ModulePath } from '../../module/module-path.js';
import type { CanonicalVersion } from '../../module/version.js';
import { scanTree } from './disk-listing.js';
import { modulesIn, partFile, partOfName, stampOf, versionFolder } from '../disk-tree.js';
import { absentAsUndefined, storage, storageError } from '../storage-error.js';
import {
  MAX_SMALL_PART,
  PART_KINDS,
  bytesOf,
  type ByteRange,
  type ModuleVersion,
  type OpenPart,
  type Part,
  type PartContent,
  type PartKind,
  type PositionalReads,
  type VersionListing,
  type VersionRemoval,
  type VersionStore,
  type VersionUsage,
} from '../version-store.js';
import { writeNewFile } from '../write-new-file.js';

/** Pieces in which big files are read: larger ones cost fewer turns of the event loop. */
const READ_SIZE = 1024 * 1024;
/** Bytes that a probe writes: on a full disk a few may still find room. */
const PROBE_SIZE = 64 * 1024;

/** The store in `dir`, which is made when something is stored. */
export function createDiskStore(dir: string): VersionStore {
  return new DiskStore(dir);
}

class DiskStore implements VersionStore {
  readonly positions: PositionalReads;
  readonly removal: VersionRemoval;
  readonly listing: VersionListing;
  private readonly dir: string;

  constructor(dir: string) {
    this.dir = dir;
    this.positions = { open: (part) => absentAsUndefined(openForReading(partFile(dir, part))) };
    this.removal = {
      usage: () => usageOf(dir),
      remove: (version) => removeVersion(dir, version),
      leftovers: (module) => leftoversOf(dir, module),
    };
    this.listing = { scan: (stateOf) => scanTree(dir, stateOf) };
  }

  async size(part: Part): Promise<number | undefined> {
    return (await absentAsUndefined(stat(partFile(this.dir, part))))?.size;
  }

  read(part: Part): Promise<Buffer | undefined> {
    return absentAsUndefined(
      readRegular(partFile(this.dir, part), part.kind === 'zip' ? undefined : MAX_SMALL_PART),
    );
  }

  open(part: Part, range?: ByteRange): Readable {
    return streamRegular(partFile(this.dir, part), { highWaterMark: READ_SIZE, ...range });
  }

  async versions(module: ModulePath, kind: PartKind): Promise<CanonicalVersion[]> {
    const names = await absentAsUndefined(readdir(versionFolder(this.dir, module)));
    return (names ?? []).flatMap((name) => {
      const found = partOfName(name);
      return found?.kind === kind ? [found.version] : [];
    });
  }

  modules(): AsyncIterable<ModulePath> {
    return modulesIn(this.dir);
  }

  async put(part: Part, content: PartContent): Promise<boolean> {
    if (typeof content !== 'function' || part.kind !== 'zip') {
      return this.putSmall(part, await bytesOf(content));
    }
    const file = partFile(this.dir, part);
    const folder = dirname(file);
    // No version can look like this name, so neither readers nor the go command ever take it for one.
    const temporary = temporaryName(folder);
    try {
      await writeNewFile(temporary, content, { flush: true, highWaterMark: READ_SIZE, makesFolder: true });
      const isFirst = await storage(linkFirst(temporary, file));
      await storage(flushNames(folder));
      return isFirst;
    } finally {
      await unlink(temporary).catch(() => undefined);
    }
  }

  async putFile(part: Part, file: string): Promise<boolean> {
    const target = partFile(this.dir, part);
    let isFirst: boolean;
    try {
      await flush(file);
      isFirst = await inFolder(dirname(target), () => linkFirst(file, target));
    } catch (error) {
      if (!files.hasCode(error, 'EXDEV')) throw storageError(error);
      // On another disk, or where there are no hard links, it has to be copied.
      return this.put(part, (sink) => pipeline(streamRegular(file), sink, { end: false }));
    }
    await storage(flushNames(dirname(target)));
    return isFirst;
  }

  private async putSmall(part: Part, bytes: Buffer): Promise<boolean> {
    const file = partFile(this.dir, part);
    if (await storage(inFolder(dirname(file), () => createFile(file, bytes)))) return true;
    if (part.kind !== 'ziphash') return false;
    // A hash without a zip is what a killed process left: the next zip may be another one, and needs its own.
    const zip = await absentAsUndefined(stat(partFile(this.dir, { ...part, kind: 'zip' })));
    if (zip !== undefined) return false;
    await storage(replaceFile(file, bytes));
    return true;
  }

  async probe(): Promise<void> {
    const file = temporaryName(this.dir);
    const content = Buffer.alloc(PROBE_SIZE, file);
    try {
      await storage(inFolder(this.dir, () => writeFile(file, content, { flag: 'wx', flush: true })));
      if (!(await storage(readRegular(file))).equals(content)) {
        throw storageError(new Error('what was written is not what is read'));
      }
    } finally {
      await unlink(file).catch(() => undefined);
    }
  }
}

const openDescriptor = promisify(openFile);
const statOf = promisify(fstat);

/** By descriptor and with callbacks: a download of gigabytes reads thousands of times. */
async function openForReading(file: string): Promise<OpenPart> {
  const descriptor = await openDescriptor(file, READING);
  // A failed close of a file that was only read loses nothing.
  const part = { close: () => close(descriptor, () => undefined) };
  try {
    const stats = await statOf(descriptor);
    if (!stats.isFile()) throw notRegular(file);
    const { size } = stats;
    return {
      ...part,
      size,
      stamp: stampOf(stats),
      read: (target, length, position, done) =>
        read(descriptor, target, 0, length, position, (error, bytesRead) =>
          done(error === null ? null : storageError(error), bytesRead),
        ),
    };
  } catch (error) {
    part.close();
    throw error;
  }
}

async function* usageOf(dir: string): AsyncGenerator<VersionUsage> {
  for await (const module of modulesIn(dir)) {
    const folder = versionFolder(dir, module);
    const found = new Map<string, VersionUsage>();
    for (const name of (await absentAsUndefined(readdir(folder))) ?? []) {
      const version = partOfName(name)?.version;
      const file = version === undefined ? undefined : await absentAsUndefined(stat(join(folder, name)));
      if (version === undefined || file === undefined) continue;
      const { bytes, storedAt } = found.get(version) ?? { bytes: 0, storedAt: 0 };
      found.set(version, {
        module,
        version,
        bytes: bytes + file.size,
        storedAt: Math.max(storedAt, file.mtimeMs),
      });
    }
    yield* found.values();
  }
}

/** In the reverse of the order of writing, so that a zip is never there without what describes it. */
async function removeVersion(dir: string, version: ModuleVersion): Promise<number> {
  let freed = 0;
  for (const kind of [...PART_KINDS].reverse()) {
    const file = partFile(dir, { ...version, kind });
    const found = await absentAsUndefined(stat(file));
    if (found === undefined) continue;
    await absentAsUndefined(unlink(file));
    freed += found.size;
  }
  await removeEmptyFolders(versionFolder(dir, version.module), dir);
  return freed;
}

async function leftoversOf(dir: string, module: ModulePath): Promise<string[]> {
  const folder = versionFolder(dir, module);
  const names = (await absentAsUndefined(readdir(folder))) ?? [];
  return names.filter((name) => name.startsWith(TEMPORARY)).map((name) => join(folder, name));
}
