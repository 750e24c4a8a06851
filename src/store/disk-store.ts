/**
 * Finished versions in a directory, laid out as `GOPROXY=file://` reads it:
 * `<dir>/<escaped module>/@v/<escaped version>.<kind>`.
 *
 * A file is written under a temporary name beside its final one, flushed, and linked into place: linking fails where
 * the name is taken, so the first version of a file stays for good, whoever else writes it at the same time. Neither a
 * crash nor a full disk leaves a part of a file where a reader could see it.
 */
import { close, createReadStream, createWriteStream, fstat, open as openFile, read } from 'node:fs';
import { mkdir, readFile, readdir, stat, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { once } from 'node:events';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import { TEMPORARY, flush, linkFirst, temporaryName } from '../fs/durable-file.js';
import { ModhavenError, errorMessage, isModhavenError } from '../errors.js';
import * as files from '../fs/file-errors.js';
import { escapePath, unescapePath, unescapeVersion } from '../module/escaping.js';
import type { ModulePath } from '../module/module-path.js';
import { isCanonicalVersion } from '../module/version.js';
import { storedName, type OpenPart, type Part, type VersionStore } from './version-store.js';

/** Pieces in which big files are read: larger ones cost fewer turns of the event loop. */
const READ_SIZE = 1024 * 1024;

/** The store in `dir`, which is made when something is stored. */
export function createDiskStore(dir: string): VersionStore {
  const fileOf = (part: Part) => partFile(dir, part);

  return {
    async size(part) {
      return (await absentAsUndefined(stat(fileOf(part))))?.size;
    },

    read: (part) => absentAsUndefined(readFile(fileOf(part))),

    open: (part, range) => createReadStream(fileOf(part), { highWaterMark: READ_SIZE, ...range }),

    openPart: (part) => absentAsUndefined(openForReading(fileOf(part))),

    async put(part, write) {
      const file = fileOf(part);
      const folder = dirname(file);
      await storage(mkdir(folder, { recursive: true }));
      // No module version can look like this name, so neither readers nor the go command ever take it for one.
      const temporary = temporaryName(folder);
      const sink = createWriteStream(temporary, { flags: 'wx', flush: true, highWaterMark: READ_SIZE });
      const closed = once(sink, 'close').then(() => {
        if (sink.errored !== null) throw sink.errored;
        if (!sink.writableFinished) throw new Error('the file was closed before its end');
      });
      closed.catch(() => undefined); // also awaited below
      try {
        const writing = write(sink);
        await Promise.race([writing, closed]);
        await writing; // a writer that ends the sink itself may still have something to say
        sink.end();
        await storage(closed);
        await storage(linkFirst(temporary, file));
        await storage(flush(folder));
      } catch (error) {
        throw error === sink.errored && isSystemError(error) ? storageError(error) : error;
      } finally {
        sink.destroy();
        // Not before it is closed: a file that is still being opened would appear afterwards.
        if (!sink.closed) await new Promise<void>((resolve) => sink.once('close', resolve));
        await unlink(temporary).catch(() => undefined);
      }
    },

    async putFile(part, file) {
      const target = fileOf(part);
      await storage(mkdir(dirname(target), { recursive: true }));
      try {
        await flush(file);
        await linkFirst(file, target);
      } catch (error) {
        if (!files.hasCode(error, 'EXDEV')) throw storageError(error);
        // On another disk, or where there are no hard links, it has to be copied.
        await this.put(part, (sink) => pipeline(createReadStream(file), sink, { end: false }));
        return;
      }
      await storage(flush(dirname(target)));
    },

    async versions(module, kind) {
      const names = await absentAsUndefined(readdir(join(dir, escapePath(module), '@v')));
      const suffix = `.${kind}`;
      const versions: string[] = [];
      for (const name of names ?? []) {
        if (!name.endsWith(suffix) || name.startsWith(TEMPORARY)) continue;
        const version = versionOf(name.slice(0, -suffix.length));
        if (version !== undefined && isCanonicalVersion(version)) versions.push(version);
      }
      return versions;
    },

    modules: () => modulesBelow(dir, ''),

    async leftovers(module) {
      const folder = join(dir, escapePath(module), '@v');
      const names = (await absentAsUndefined(readdir(folder))) ?? [];
      return names.filter((name) => name.startsWith(TEMPORARY)).map((name) => join(folder, name));
    },
  };
}

const openDescriptor = promisify(openFile);
const statOf = promisify(fstat);

/** By descriptor and with callbacks: a download of gigabytes reads thousands of times. */
async function openForReading(file: string): Promise<OpenPart> {
  const descriptor = await openDescriptor(file, 'r');
  // A failed close of a file that was only read loses nothing.
  const part = { close: () => close(descriptor, () => undefined) };
  try {
    const { size } = await statOf(descriptor);
    return {
      ...part,
      size,
      read: (target, length, position, done) => read(descriptor, target, 0, length, position, done),
    };
  } catch (error) {
    part.close();
    throw error;
  }
}

/** The file of `part` in a store that lies in `dir`. */
export function partFile(dir: string, part: Part): string {
  return join(dir, storedName(part));
}

/** The modules in `folder`, which is the escaped path `escaped`. */
async function* modulesBelow(folder: string, escaped: string): AsyncGenerator<ModulePath> {
  const entries = (await absentAsUndefined(readdir(folder, { withFileTypes: true }))) ?? [];
  const names = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
  for (const name of names.sort()) {
    if (escaped === '' && !name.includes('.')) continue; // no host: checksum data lies in such a folder
    if (name !== '@v') {
      yield* modulesBelow(join(folder, name), escaped === '' ? name : `${escaped}/${name}`);
      continue;
    }
    const module = moduleOf(escaped);
    if (module !== undefined) yield module;
  }
}

/** Undefined for a directory that somebody else put there. */
function moduleOf(escaped: string): ModulePath | undefined {
  try {
    return unescapePath(escaped);
  } catch (error) {
    if (isModhavenError(error, 'INVALID_PATH')) return undefined;
    throw error;
  }
}

/** Undefined for a file that somebody else put there. */
function versionOf(escaped: string): string | undefined {
  try {
    return unescapeVersion(escaped);
  } catch (error) {
    if (isModhavenError(error, 'INVALID_VERSION')) return undefined;
    throw error;
  }
}

function absentAsUndefined<T>(reading: Promise<T>): Promise<T | undefined> {
  return storage(files.absentAsUndefined(reading));
}

async function storage<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw storageError(error);
  }
}

function storageError(error: unknown): ModhavenError {
  return new ModhavenError('STORAGE', 'the cache directory of modhaven has a problem', {
    reason: errorMessage(error),
    remedy: 'check free space and rights of cache.dir on the modhaven server',
    cause: error,
  });
}

/** Whether the operating system said so, and not somebody who destroyed the stream. */
function isSystemError(error: unknown): boolean {
  return error instanceof Error && 'syscall' in error;
}
