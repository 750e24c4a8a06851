/** A store that takes nothing for a sealed version (`seals.ts`) but what the seal says. */
import type { Writable } from 'node:stream';
import { ModhavenError } from '../errors.js';
import { goModHash } from '../module/files/dirhash.js';
import { zipHashIn } from './part-problem.js';
import { infoOrigin } from './recorded-sums.js';
import type { Seal, Seals } from './seals.js';
import { StoreDecorator } from './store-decorator.js';
import { putBytes, writtenBytes, type Part, type VersionStore } from './version-store.js';

/** `put` throws CHECKSUM_MISMATCH for content that is not the sealed one. */
export class SealedStore extends StoreDecorator {
  private readonly seals: Seals;

  constructor(inner: VersionStore, seals: Seals) {
    super(inner);
    this.seals = seals;
  }

  override async put(part: Part, write: (sink: Writable) => Promise<void>): Promise<void> {
    // The hash of a zip is stored before the zip itself: a caller who may not store the one does not get to the other.
    if (part.kind === 'zip') return this.inner.put(part, write);
    const seal = await this.seals.of(part);
    if (seal === undefined) return this.inner.put(part, write);
    const bytes = await writtenBytes(write);
    checkSeal(part, bytes, seal);
    return putBytes(this.inner, part, bytes);
  }
}

function checkSeal({ module, version, kind }: Part, bytes: Buffer, seal: Seal): void {
  const [sealed, found, what] = {
    info: [seal.origin, infoOrigin(bytes), 'commit'] as const,
    mod: [seal.mod, goModHash(bytes), 'go.mod'] as const,
    ziphash: [seal.zip, zipHashIn(bytes), 'zip'] as const,
    zip: [undefined, undefined, 'zip'] as const,
  }[kind];
  if (sealed === undefined || sealed === found) return;
  const state = seal.reason === 'purged' ? 'was purged' : 'was damaged on the disk of modhaven';
  throw new ModhavenError(
    'CHECKSUM_MISMATCH',
    `refused: ${module}@${version}: its ${what} is not the one that was served before`,
    {
      reason: `this version ${state}; then it was ${sealed}, now it is ${found ?? 'nothing that can be read'}`,
      remedy: 'put the old commit back under the tag, or release a new version',
    },
  );
}
