/**
 * A store that takes nothing for a version that was there before but what it was then: a sealed one (`seals.ts`), or a
 * release that was removed to make room (`recorded-sums.ts`).
 */
import { pipeline } from 'node:stream/promises';
import { ModhavenError } from '../errors.js';
import { streamRegular } from '../fs/regular-file.js';
import { goModHash } from '../module/files/dirhash.js';
import { zipHashIn } from './part-problem.js';
import { infoOrigin, type VersionSums } from './recorded-sums.js';
import type { Seals } from './seals.js';
import { StoreDecorator } from './store-decorator.js';
import {
  bytesOf,
  type ModuleVersion,
  type Part,
  type PartContent,
  type PartKind,
  type VersionStore,
} from './version-store.js';

/** What a version was when it was there, and why it is not now. */
interface Memory extends VersionSums {
  reason: keyof typeof WHY_GONE;
}

/** A part that is judged by its bytes: a zip is judged by the hash beside it. */
type JudgedPart = ModuleVersion & { kind: Exclude<PartKind, 'zip'> };

/** What was noted of releases that were removed to make room; undefined for any other version. */
export type Evicted = (version: ModuleVersion) => VersionSums | undefined;

const WHY_GONE = {
  purged: 'was purged',
  damaged: 'was damaged on the disk of modhaven',
  evicted: 'was removed to make room',
};

/** `put` throws CHECKSUM_MISMATCH for content that is not what was there before. */
export class SealedStore extends StoreDecorator {
  private readonly seals: Seals;
  private readonly evicted: Evicted;

  constructor(inner: VersionStore, seals: Seals, evicted: Evicted = () => undefined) {
    super(inner);
    this.seals = seals;
    this.evicted = evicted;
  }

  override async put(part: Part, content: PartContent): Promise<boolean> {
    // The hash of a zip is stored before the zip itself: a caller that may not store the one never stores the other.
    if (part.kind === 'zip') {
      return this.putZip(part, typeof content === 'function', () => this.inner.put(part, content));
    }
    const memory = await this.memoryOf(part);
    if (memory === undefined) return this.inner.put(part, content);
    const bytes = await bytesOf(content);
    const small = { ...part, kind: part.kind };
    // A zip that can be read was served: its hash is what the seal says.
    const served =
      small.kind === 'ziphash' && memory.zip === undefined ? await this.readableHash(small) : undefined;
    checkSame(small, bytes, await this.completed(memory, small, served ?? bytes));
    return this.inner.put(part, bytes);
  }

  override async putFile(part: Part, file: string): Promise<boolean> {
    if (part.kind === 'zip') return this.putZip(part, false, () => this.inner.putFile(part, file));
    return this.put(part, (sink) => pipeline(streamRegular(file), sink, { end: false }));
  }

  /**
   * A version may be purged between the judgement of the hash of its zip and the zip: its process may have been paused
   * meanwhile. So the hash is judged again, and once more when the zip is there, because the seal is older than the room
   * for it: what is not as it says goes again.
   *
   * A version that was purged before its zip was there has a seal without its hash. The hash is added before the zip can be
   * read: the purge may still remove it. A seal that comes later is made by a purge that looks for a zip once more
   * (`purge.ts`).
   *
   * A zip that `isStreamed` may be made while it is written: then its hash is stored in the midst of that, and is not there before.
   */
  private async putZip(zip: Part, isStreamed: boolean, put: () => Promise<boolean>): Promise<boolean> {
    const hashPart = { ...zip, kind: 'ziphash' } as const;
    const before = await this.memoryOf(zip);
    if (before !== undefined) await this.checkZipHash(hashPart, before, isStreamed);
    const isStored = await put();
    const memory = isStored ? await this.memoryOf(zip) : undefined;
    if (memory === undefined) return isStored;
    try {
      await this.checkZipHash(hashPart, memory, false);
    } catch (error) {
      await this.inner.removal?.remove(zip);
      throw error;
    }
    return isStored;
  }

  /** `mayCome`: a hash that is not there is no sign of a purge. */
  private async checkZipHash(
    part: ModuleVersion & { kind: 'ziphash' },
    memory: Memory,
    mayCome: boolean,
  ): Promise<void> {
    const hash = await this.inner.read(part);
    if (hash !== undefined) {
      checkSame(part, hash, await this.completed(memory, part, hash));
    } else if (!mayCome && (memory.reason !== 'evicted' || memory.zip !== undefined)) {
      // It was written before its zip: only a purge takes it.
      throw purgedMeanwhile(part);
    }
  }

  /** What is known of a version, with what `bytes` of it are, where its seal does not say: it is added to the seal. */
  private async completed(memory: Memory, part: JudgedPart, bytes: Buffer): Promise<Memory> {
    const { name, of } = SUMS[part.kind];
    if (memory.reason === 'evicted' || memory[name] !== undefined) return memory;
    const sum = of(bytes);
    if (sum === undefined) return memory;
    // Another process may have added another one first.
    return this.seals.add(part, { [name]: sum, reason: memory.reason });
  }

  /** What lies beside a zip that can be read. */
  private async readableHash(hashPart: Part): Promise<Buffer | undefined> {
    const size = await this.inner.size({ ...hashPart, kind: 'zip' });
    const hash = size === undefined ? undefined : await this.inner.read(hashPart);
    return zipHashIn(hash) === undefined ? undefined : hash;
  }

  private async memoryOf(version: ModuleVersion): Promise<Memory | undefined> {
    const seal = await this.seals.of(version);
    if (seal !== undefined) return seal;
    const sums = this.evicted(version);
    return sums && { ...sums, reason: 'evicted' };
  }
}

function purgedMeanwhile({ module, version }: ModuleVersion): ModhavenError {
  return new ModhavenError('STORAGE', `${module}@${version} was purged while it was stored`, {
    remedy: 'try again',
  });
}

/** What is remembered of a part: under which name, what people call it, and how it follows from the bytes. */
const SUMS = {
  info: { name: 'origin', what: 'commit', of: infoOrigin },
  mod: { name: 'mod', what: 'go.mod', of: goModHash },
  ziphash: { name: 'zip', what: 'zip', of: zipHashIn },
} as const satisfies Record<
  JudgedPart['kind'],
  { name: keyof VersionSums; what: string; of: (bytes: Buffer) => string | undefined }
>;

function checkSame({ module, version, kind }: JudgedPart, bytes: Buffer, memory: Memory): void {
  const { name, what, of } = SUMS[kind];
  const before = memory[name];
  if (before === undefined) return;
  const found = of(bytes);
  if (before === found) return;
  throw new ModhavenError(
    'CHECKSUM_MISMATCH',
    `refused: ${module}@${version}: its ${what} is not the one that was served before`,
    {
      reason: `this version ${WHY_GONE[memory.reason]}; then it was ${before}, now it is ${found ?? 'nothing that can be read'}`,
      remedy: 'put the old commit back under the tag, or release a new version',
    },
  );
}
