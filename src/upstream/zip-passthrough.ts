/**
 * Zips on their way from an upstream into the store: one fetch for each, however many ask, and all of them may read
 * along. The fetch belongs to nobody in particular and goes on when a reader goes away.
 *
 * What has come in is checked as a whole (size, names, checksums, the right module inside) before it is stored, and
 * before anybody gets its last bytes. Until the first byte went out, the next upstream may be tried.
 */
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { ModulePath } from '../module/module-path.js';
import { isModhavenError } from '../errors.js';
import { ZIP_LIMITS } from '../module/zip-files.js';
import type { ZipStream } from '../modfetch/git-source.js';
import { putBytes, type Part, type VersionStore } from '../store/version-store.js';
import { hashModuleZip } from '../zip/check.js';
import type { GoproxyClient } from './goproxy-client.js';
import { createTailingFile, type TailingFile } from './tailing-file.js';
import { unusable, versionPath } from './protocol.js';
import type { UpstreamAnswer } from './upstream-answer.js';

export interface ZipPassthrough {
  /** Resolves when the zip is stored. */
  stored(module: ModulePath, version: string): Promise<void>;
  /** The zip from its first byte on, as soon as there is one to give; undefined if it is stored by then. */
  passing(module: ModulePath, version: string): Promise<ZipStream | undefined>;
}

export interface ZipPassthroughOptions {
  client: GoproxyClient;
  store: VersionStore;
  /** A directory on the disk of the store, for zips that are not checked yet. */
  tempDir: string;
  /** What stands behind the proxies in the list; undefined if nothing does. */
  beyond: (zip: Part) => ((failure: unknown) => Promise<void>) | undefined;
}

interface Flight {
  /** When the first bytes can be read, or all are stored. */
  begun: Promise<void>;
  stored: Promise<void>;
  growing: { file: TailingFile; length: number | undefined } | undefined;
}

export function createZipPassthrough({
  client,
  store,
  tempDir,
  beyond,
}: ZipPassthroughOptions): ZipPassthrough {
  const flights = new Map<string, Flight>();

  function flightOf(module: ModulePath, version: string): Flight {
    const zip: Part = { module, version, kind: 'zip' };
    const path = versionPath(zip);
    const running = flights.get(path);
    if (running !== undefined) return running;
    let begin: () => void = () => undefined;
    const visible = new Promise<void>((resolve) => (begin = resolve));
    const flight: Flight = { begun: visible, stored: visible, growing: undefined };
    flights.set(path, flight);
    flight.stored = fetchUnlessStored(zip, flight, begin).finally(() => flights.delete(path));
    flight.begun = Promise.race([visible, flight.stored]);
    flight.stored.catch(() => undefined); // told to whoever waits for it
    flight.begun.catch(() => undefined);
    return flight;
  }

  async function fetchUnlessStored(zip: Part, flight: Flight, begin: () => void): Promise<void> {
    if ((await store.size(zip)) !== undefined) return; // another flight ended since it was looked for
    await client.read(versionPath(zip), (answer) => take(zip, answer, flight, begin), {
      isFinal: () => flight.growing !== undefined,
      beyond: beyond(zip),
    });
  }

  async function take(zip: Part, answer: UpstreamAnswer, flight: Flight, begin: () => void): Promise<void> {
    await mkdir(tempDir, { recursive: true });
    const folder = await mkdtemp(join(tempDir, 'upstream-'));
    const path = join(folder, 'zip');
    const file = await createTailingFile(path);
    try {
      for await (const piece of plausible(answer, versionPath(zip))) {
        await file.write(piece);
        if (flight.growing === undefined && file.visible() > 0) {
          flight.growing = { file, length: answer.length };
          begin();
        }
      }
      await storeChecked(zip, path);
      file.complete();
    } catch (error) {
      file.fail(error);
      throw error;
    } finally {
      await file.close();
      await rm(folder, { recursive: true, force: true });
    }
  }

  async function storeChecked(zip: Part, path: string): Promise<void> {
    const hash = await hashModuleZip(path, `${zip.module}@${zip.version}`).catch((error: unknown) => {
      // What an upstream sends in its place says nothing about the version.
      throw isModhavenError(error) ? unusable(versionPath(zip), error.reason ?? error.message) : error;
    });
    // The hash first: whoever finds the zip can rely on it being there.
    await putBytes(store, { ...zip, kind: 'ziphash' }, Buffer.from(hash));
    await store.putFile(zip, path);
  }

  return {
    stored: (module, version) => flightOf(module, version).stored,
    async passing(module, version) {
      const flight = flightOf(module, version);
      await flight.begun;
      if (flight.growing === undefined) return undefined;
      const { file, length } = flight.growing;
      try {
        return { length, body: await file.read() };
      } catch {
        await flight.stored; // it ended meanwhile, and its file went
        return undefined;
      }
    },
  };
}

/** The pieces of an answer, as long as it is a zip of possible size and comes to its announced end. */
async function* plausible({ body, length }: UpstreamAnswer, path: string): AsyncGenerator<Uint8Array> {
  const limit = ZIP_LIMITS.zip;
  if (length !== undefined && length > limit) throw unusable(path, `it is larger than ${limit} bytes`);
  let size = 0;
  let start = Buffer.alloc(0);
  for await (const piece of body) {
    if (start.length < SIGNATURE.length) {
      start = Buffer.concat([start, piece]).subarray(0, SIGNATURE.length);
      if (!SIGNATURE.subarray(0, start.length).equals(start)) throw unusable(path, 'it is no zip');
    }
    size += piece.length;
    if (size > limit) throw unusable(path, `it is larger than ${limit} bytes`);
    yield piece;
  }
  if (length !== undefined && size !== length)
    throw unusable(path, `it ended after ${size} of ${length} bytes`);
}

/** How a zip begins. */
const SIGNATURE = Buffer.from('PK');
