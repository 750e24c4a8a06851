/**
 * A store that takes nothing for a recorded version but what was recorded.
 *
 * What is stored never changes. But a store may be lost while the checksum database is kept, and then a version is
 * fetched anew: from a repository whose tag was moved meanwhile, or that lost its history in a migration. Every
 * developer's go would refuse what comes then; here it is refused before anybody gets it.
 *
 * A public version that is not recorded yet is measured by what the public checksum database has proved of it, so that
 * an upstream cannot put something else into the store first.
 */
import { ModhavenError } from '../../errors.js';
import { goModHash } from '../../module/files/dirhash.js';
import { occurred } from '../../observe/observe.js';
import { StoreDecorator } from '../../store/store-decorator.js';
import type { ModulePath } from '../../module/module-path.js';
import type { CanonicalVersion } from '../../module/version.js';
import { bytesOf, type Part, type PartContent, type VersionStore } from '../../store/version-store.js';
import type { GoSums } from '../format/record.js';

/** A part that is not what was recorded of it. */
export interface Difference {
  module: string;
  version: string;
  part: 'zip' | 'mod';
  /** `h1:` hashes. */
  recorded: string;
  found: string;
}

export interface GuardOptions {
  /** What the checksum database has of a version. */
  recorded: (module: string, version: string) => Promise<GoSums | undefined>;
  /**
   * What the public checksum database has proved of a version that is not recorded; undefined if the version is private,
   * or that database does not know it. Throws a HOST_ code or CHECKSUM_DATABASE where it cannot say.
   */
  published: (module: ModulePath, version: CanonicalVersion) => Promise<GoSums | undefined>;
  onDifference: (difference: Difference) => void;
}

/** `put` throws CHECKSUM_MISMATCH for a go.mod or a zip that is not the recorded one. */
export function guardedStore(store: VersionStore, options: GuardOptions): VersionStore {
  return new GuardedStore(store, options);
}

class GuardedStore extends StoreDecorator {
  private readonly options: GuardOptions;

  constructor(inner: VersionStore, options: GuardOptions) {
    super(inner);
    this.options = options;
  }

  override async put(part: Part, content: PartContent): Promise<boolean> {
    // The hash of a zip is stored before the zip itself: a caller that may not store the one never stores the other.
    if (part.kind !== 'mod' && part.kind !== 'ziphash') return this.inner.put(part, content);
    const bytes = await bytesOf(content);
    await this.check(part, bytes);
    return this.inner.put(part, bytes);
  }

  private async check({ module, version, kind }: Part, bytes: Buffer): Promise<void> {
    const recorded = await this.options.recorded(module, version);
    const sums = recorded ?? (await this.options.published(module, version));
    if (sums === undefined) return;
    const part = kind === 'mod' ? 'mod' : 'zip';
    const found = part === 'mod' ? goModHash(bytes) : bytes.toString('latin1').trim();
    if (found === sums[part]) return;
    const difference: Difference = { module, version, part, recorded: sums[part], found };
    this.options.onDifference(difference);
    occurred({ type: 'refused-content', module, version });
    throw differenceError(
      difference,
      recorded === undefined
        ? {
            reason: `the public database has ${sums[part]}, what came is ${found}`,
            remedy: 'the upstream sends something else than everybody gets: tell the security officer',
          }
        : {
            reason: `recorded ${sums[part]}, now ${found}`,
            remedy:
              'the tag was moved or the history rewritten: release a new version, or put the old commit back under the tag',
          },
    );
  }
}

/** The refusal of content that is not what a checksum database has. */
export function differenceError(
  { module, version, part }: Pick<Difference, 'module' | 'version' | 'part'>,
  { reason, remedy }: { reason: string; remedy: string },
): ModhavenError {
  const what = part === 'mod' ? 'go.mod' : 'zip';
  const message = `refused: ${module}@${version}: its ${what} is not the one that the checksum database has`;
  return new ModhavenError('CHECKSUM_MISMATCH', message, { reason, remedy });
}
