/** A store on a disk that may hang: what waits for it is given up, in words, once that is known. */
import type { DiskWatch } from '../../fs/disk-watch.js';
import type { ModulePath } from '../../module/module-path.js';
import type { CanonicalVersion } from '../../module/version.js';
import { StoreDecorator } from '../store-decorator.js';
import type {
  OpenPart,
  Part,
  PartContent,
  PartKind,
  PositionalReads,
  VersionListing,
  VersionStore,
} from '../version-store.js';

/** A stream is not watched: those that are read here end in something that is. */
export class AnsweringStore extends StoreDecorator {
  private readonly watch: DiskWatch;
  private readonly watchedPositions: PositionalReads | undefined;
  private readonly watchedListing: VersionListing | undefined;

  constructor(inner: VersionStore, watch: DiskWatch) {
    super(inner);
    this.watch = watch;
    const { positions, listing } = inner;
    this.watchedPositions = positions && {
      open: async (part) => {
        const opened = await watch.run(() => positions.open(part));
        return opened && watchedPart(watch, opened);
      },
    };
    this.watchedListing = listing && {
      ...listing,
      scan: (stateOf) => eachWatched(watch, listing.scan(stateOf)),
    };
  }

  override get positions(): PositionalReads | undefined {
    return this.watchedPositions;
  }

  override get listing(): VersionListing | undefined {
    return this.watchedListing;
  }

  override size(part: Part): Promise<number | undefined> {
    return this.watch.run(() => this.inner.size(part));
  }

  override read(part: Part): Promise<Buffer | undefined> {
    return this.watch.run(() => this.inner.read(part));
  }

  override versions(module: ModulePath, kind: PartKind): Promise<CanonicalVersion[]> {
    return this.watch.run(() => this.inner.versions(module, kind));
  }

  override modules(): AsyncIterable<ModulePath> {
    return eachWatched(this.watch, this.inner.modules());
  }

  override put(part: Part, content: PartContent): Promise<boolean> {
    return this.watch.run(() => this.inner.put(part, content));
  }

  override putFile(part: Part, file: string): Promise<boolean> {
    return this.watch.run(() => this.inner.putFile(part, file));
  }

  override probe(): Promise<void> {
    return this.watch.run(() => this.inner.probe());
  }
}

/** With callbacks, as the part itself: a download of gigabytes reads thousands of times. */
function watchedPart(watch: DiskWatch, part: OpenPart): OpenPart {
  return {
    ...part,
    read(target, length, position, done) {
      const over = watch.begin((error) => done(error, 0));
      part.read(target, length, position, (error, bytesRead) => {
        if (over()) done(error, bytesRead);
      });
    },
  };
}

/** `found`, each step of which is watched. */
async function* eachWatched<T>(watch: DiskWatch, found: AsyncIterable<T>): AsyncGenerator<T, undefined> {
  const iterator = found[Symbol.asyncIterator]();
  try {
    for (;;) {
      const next = await watch.run(() => iterator.next());
      if (next.done === true) return;
      yield next.value;
    }
  } finally {
    // Not waited for: it may be what hangs.
    void iterator.return?.().catch(() => undefined);
  }
}
