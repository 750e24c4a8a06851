/**
 * A version whose zip lies far away, in a bucket, is brought to the local disk before it is judged: once and whole, so that
 * what was judged is what is copied, and a connection that breaks off is taken up where it ended.
 */
import { createReadStream } from 'node:fs';
import { mkdir, open, unlink } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { ModhavenError, asError, errorMessage, isModhavenError } from '../errors.js';
import { temporaryName } from '../fs/temporary-name.js';
import type { ModulePath } from '../module/module-path.js';
import type { CanonicalVersion } from '../module/version.js';
import { storage } from '../store/storage-error.js';
import type { ByteRange, ModuleVersion, Part, PartKind, VersionReader } from '../store/version-store.js';
import type { CopiedVersion } from './copy-version.js';

/** How often a zip that breaks off is taken up where it ended. */
const MAX_ATTEMPTS = 4;

/** Reads versions as before, but for one zip, which is read from a local file. */
export class LocalZip implements VersionReader {
  /** Undefined where there is no such zip. */
  readonly file: string | undefined;
  /** Why something could not be read; undefined as long as everything could. */
  failure: Error | undefined;
  private readonly source: VersionReader;

  private constructor(source: VersionReader, file: string | undefined) {
    this.source = source;
    this.file = file;
  }

  /** What `work` makes of `source` with a copy of `zip` below `folder`, which is removed afterwards. Throws STORAGE. */
  static async with<T>(
    source: VersionReader,
    { zip, folder }: { zip: Part; folder: string },
    work: (local: LocalZip) => Promise<T>,
  ): Promise<T> {
    const size = await source.size(zip);
    if (size === undefined) return work(new LocalZip(source, undefined));
    await storage(mkdir(folder, { recursive: true }));
    const file = temporaryName(folder);
    try {
      await fetchZip(source, zip, { size, file });
      return await work(new LocalZip(source, file));
    } finally {
      await unlink(file).catch(() => undefined);
    }
  }

  read(part: Part): Promise<Buffer | undefined> {
    return this.noting(this.source.read(part));
  }

  size(part: Part): Promise<number | undefined> {
    return this.noting(this.source.size(part));
  }

  /** Of the zip alone: small parts are read as a whole. */
  open(part: Part, range?: ByteRange): Readable {
    const { file } = this;
    return file === undefined || part.kind !== 'zip'
      ? this.source.open(part, range)
      : createReadStream(file, range);
  }

  versions(module: ModulePath, kind: PartKind): Promise<CanonicalVersion[]> {
    return this.source.versions(module, kind);
  }

  modules(): AsyncIterable<ModulePath> {
    return this.source.modules();
  }

  private async noting<T>(reading: Promise<T>): Promise<T> {
    try {
      return await reading;
    } catch (error) {
      this.failure ??= asError(error);
      throw error;
    }
  }
}

/** Copies a version of `source` by way of its zip in a file below `folder`. Throws STORAGE, and what could not be read. */
export async function copyByLocalZip(
  source: VersionReader,
  { module, version, folder }: ModuleVersion & { folder: string },
  copy: (local: LocalZip) => Promise<CopiedVersion>,
): Promise<CopiedVersion> {
  return LocalZip.with(source, { zip: { module, version, kind: 'zip' }, folder }, async (local) => {
    const copied = await copy(local);
    // What could not be read is not damaged for that.
    if (copied.outcome === 'damaged' && local.failure !== undefined) throw local.failure;
    return copied;
  });
}

async function fetchZip(
  source: VersionReader,
  zip: Part,
  { size, file }: { size: number; file: string },
): Promise<void> {
  const handle = await storage(open(file, 'wx'));
  try {
    let written = 0;
    for (let attempt = 1; written < size; attempt += 1) {
      try {
        const body = source.open(zip, { start: written, end: size - 1 });
        for await (const piece of body as AsyncIterable<Buffer>) {
          await handle.appendFile(piece);
          written += piece.length;
        }
        if (written !== size) throw new Error(`it ended after ${written} of ${size} bytes`);
      } catch (error) {
        if (attempt === MAX_ATTEMPTS || written > size) throw unread(zip, error);
      }
    }
  } finally {
    await handle.close();
  }
}

function unread({ module, version }: Part, error: unknown): ModhavenError {
  if (isModhavenError(error)) return error;
  return new ModhavenError(
    'STORAGE',
    `the zip of ${module}@${version} could not be brought to this machine`,
    {
      reason: errorMessage(error),
      remedy: 'check the object store, what stands before it, and the free space of cache.dir',
      remedyBy: 'admin',
      cause: error,
    },
  );
}
