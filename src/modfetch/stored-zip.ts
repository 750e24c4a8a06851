/** A zip on its way into the store, shared by its callers: how it gets there, and how it is found again. */
import type { Logger } from 'pino';
import { isCanonicalVersion } from '../module/version.js';
import { ModhavenError } from '../errors.js';
import { readStoredZip } from '../store/read-stored-zip.js';
import { putBytes, type Part, type VersionStore } from '../store/version-store.js';
import { goModIn, isZippedMod } from '../zip/zipped-mod.js';
import type { FollowZip, ModuleZip, SourceZip, StoredZip, WholeZip, ZipTarget } from './repo.js';

/** What is known of a zip once it begins to come in. */
export type BegunZip = Omit<ModuleZip, 'stored'>;

/** One fetch of a zip, shared by all callers that ask for it. It goes on when they go away. */
export class ZipFlight {
  /** The answer for every caller, as soon as the zip is stored or on its way. */
  readonly begun: Promise<ModuleZip>;
  readonly generation: number;
  private readonly ended: Promise<StoredZip>;

  /**
   * `fetch` calls `begin` once it is known what comes, and resolves when it is stored. `generation` tells flights from
   * before a change from those after it.
   */
  constructor(generation: number, fetch: (begin: (zip: BegunZip) => void) => Promise<StoredZip>) {
    this.generation = generation;
    let begin: (zip: BegunZip) => void = () => undefined;
    const begun = new Promise<BegunZip>((resolve) => (begin = resolve));
    const ended = fetch((zip) => begin(zip));
    this.ended = ended;
    this.begun = Promise.race([begun, ended.then(() => begun)]).then((zip) => ({
      ...zip,
      stored: () => ended,
    }));
    this.begun.catch(() => undefined); // reported to the callers that wait for it
  }

  onEnd(done: () => void): void {
    void this.ended.then(done, done);
  }
}

/**
 * Stores what a source delivers of a zip; with its go.mod, which `keepMod` stores, so that the version is complete, also as a
 * GOPROXY=file:// tree.
 */
export async function storeZip(
  store: VersionStore,
  zip: Part,
  found: SourceZip,
  keepMod = (mod: Part, bytes: Buffer) => keepPart(store, mod, bytes),
): Promise<void> {
  const mod: Part = { ...zip, kind: 'mod' };
  if (found.mod !== undefined && (await store.size(mod)) === undefined) await keepMod(mod, found.mod);
  await found.deliver(zipTarget(store, zip));
}

/** The hash is stored first: a reader that finds the zip can rely on it being there. */
function zipTarget(store: VersionStore, zip: Part): ZipTarget {
  const putHash = (hash: string) => putBytes(store, { ...zip, kind: 'ziphash' }, Buffer.from(hash));
  const putWhole = async ({ hash, goMod }: WholeZip, put: () => Promise<boolean>): Promise<void> => {
    const mod = await store.read({ ...zip, kind: 'mod' });
    if (mod !== undefined) checkTogether(zip, mod, goMod);
    await putHash(hash);
    await put();
  };
  return {
    async put(write) {
      await store.put(zip, async (sink) => {
        await putHash(await write(sink));
      });
    },
    earlier: async (version) => {
      const isOther = version !== zip.version && isCanonicalVersion(version);
      const stored = isOther ? await storedZip(store, { ...zip, version }) : undefined;
      return stored && { hash: stored.hash, file: await stored.open() };
    },
    putFile: (file, whole) => putWhole(whole, () => store.putFile(zip, file)),
    putBytes: (bytes, whole) => putWhole(whole, () => putBytes(store, zip, bytes)),
  };
}

/** The same for a go.mod that comes after the zip of its version. */
export async function checkMod(store: VersionStore, part: Part, mod: Buffer): Promise<void> {
  if ((await store.size({ ...part, kind: 'zip' })) === undefined) return;
  const { files } = await readStoredZip(store, part);
  checkTogether(part, mod, goModIn(files, part));
}

/**
 * Throws HOST_REFUSED if `mod` is not the go.mod in the zip. Versions with `+incompatible` are from a time when it was
 * made up although there was one.
 */
function checkTogether({ module, version }: Part, mod: Buffer, goMod: string | undefined): void {
  if (goMod === undefined || version.endsWith('+incompatible') || isZippedMod(mod, goMod)) return;
  const message = `the go.mod and the zip that came of ${module}@${version} do not belong together`;
  throw new ModhavenError('HOST_REFUSED', message, {
    reason: 'one of the two is not that of this version',
    remedy:
      'find out what upstream: in modhaven.yaml sends; "modhaven purge" takes what is stored of the version away',
    remedyBy: 'admin',
  });
}

/** Undefined if the zip is not stored. */
export async function storedZip(store: VersionStore, zip: Part): Promise<StoredZip | undefined> {
  if ((await store.size(zip)) === undefined) return undefined;
  try {
    return await openStoredZip(store, zip);
  } catch (error) {
    if ((await store.size(zip)) === undefined) return undefined; // removed meanwhile, to make room
    throw error;
  }
}

/** A zip that is stored. Throws STORAGE if its hash is not. */
export async function openStoredZip(store: VersionStore, zip: Part): Promise<StoredZip> {
  const { module, version } = zip;
  const hash = await store.read({ ...zip, kind: 'ziphash' });
  if (hash === undefined) {
    throw new ModhavenError('STORAGE', `the stored zip of ${module}@${version} is incomplete`, {
      reason: 'its .ziphash file was removed from the cache directory',
      remedy: 'remove the zip, too, so that both are made again',
      remedyBy: 'admin',
    });
  }
  return {
    hash: hash.toString('latin1').trim(),
    open: async () => {
      if (store.positions === undefined) {
        throw new ModhavenError('STORAGE', 'this store cannot read at a position');
      }
      const file = await store.positions.open(zip);
      if (file !== undefined) return file;
      throw new ModhavenError('STORAGE', `${module}@${version}: .zip vanished from the store`);
    },
  };
}

/** Stores a small part, and gives what is stored: another process may have been faster, and its bytes are the ones that count. */
export async function keepPart(store: VersionStore, part: Part, bytes: Buffer): Promise<Buffer> {
  if (await putBytes(store, part, bytes)) return bytes;
  return (await store.read(part)) ?? bytes;
}

/** Says in the log when a zip breaks off that a client follows. */
export function logBreaks(
  log: Pick<Logger, 'warn'>,
  { module, version }: Part,
  follow: FollowZip,
): FollowZip {
  return async () => {
    const stream = await follow();
    stream?.body.on('error', ({ message: failure }) =>
      log.warn({ module, version, failure }, 'a zip broke off on its way to a client'),
    );
    return stream;
  };
}
