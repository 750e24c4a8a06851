/** A zip and its hash in the store: how they get there, and how they are found again. */
import type { Logger } from 'pino';
import { ModhavenError } from '../errors.js';
import { putBytes, type Part, type VersionStore } from '../store/version-store.js';
import type { FollowZip, StoredZip, ZipTarget } from './repo.js';

/** The hash is stored first: a reader that finds the zip can rely on it being there. */
export function zipTarget(store: VersionStore, zip: Part): ZipTarget {
  const putHash = (hash: string) => putBytes(store, { ...zip, kind: 'ziphash' }, Buffer.from(hash));
  return {
    put: (write) => store.put(zip, async (sink) => putHash(await write(sink))),
    async putFile(file, hash) {
      await putHash(hash);
      await store.putFile(zip, file);
    },
  };
}

/** Undefined if the zip is not stored. */
export async function storedZip(store: VersionStore, zip: Part): Promise<StoredZip | undefined> {
  return (await store.size(zip)) === undefined ? undefined : openStoredZip(store, zip);
}

/** A zip that is stored. Throws STORAGE if its hash is not. */
export async function openStoredZip(store: VersionStore, zip: Part): Promise<StoredZip> {
  const { module, version } = zip;
  const hash = await store.read({ ...zip, kind: 'ziphash' });
  if (hash === undefined)
    throw new ModhavenError('STORAGE', `the stored zip of ${module}@${version} is incomplete`, {
      reason: 'its .ziphash file was removed from the cache directory',
      remedy: 'remove the zip, too, so that both are made again',
    });
  return {
    hash: hash.toString('latin1').trim(),
    open: async () => {
      if (store.positions === undefined)
        throw new ModhavenError('STORAGE', 'this store cannot read at a position');
      const file = await store.positions.open(zip);
      if (file !== undefined) return file;
      throw new ModhavenError('STORAGE', `${module}@${version}: .zip vanished from the store`);
    },
  };
}

/** Stores a small part and reads it back: another process may have been faster, and its bytes are the ones that count. */
export async function keepPart(store: VersionStore, part: Part, bytes: Buffer): Promise<Buffer> {
  await putBytes(store, part, bytes);
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
