/** A store that does everything as another one does. Stores that add a rule extend it and override what the rule is about. */
import type { Readable } from 'node:stream';
import type { ModulePath } from '../module/module-path.js';
import type { CanonicalVersion } from '../module/version.js';
import type {
  ByteRange,
  Part,
  PartContent,
  PartKind,
  PositionalReads,
  VersionListing,
  VersionRemoval,
  VersionStore,
} from './version-store.js';

export abstract class StoreDecorator implements VersionStore {
  protected readonly inner: VersionStore;

  constructor(inner: VersionStore) {
    this.inner = inner;
  }

  get positions(): PositionalReads | undefined {
    return this.inner.positions;
  }

  get removal(): VersionRemoval | undefined {
    return this.inner.removal;
  }

  get listing(): VersionListing | undefined {
    return this.inner.listing;
  }

  size(part: Part): Promise<number | undefined> {
    return this.inner.size(part);
  }

  read(part: Part): Promise<Buffer | undefined> {
    return this.inner.read(part);
  }

  open(part: Part, range?: ByteRange): Readable {
    return this.inner.open(part, range);
  }

  versions(module: ModulePath, kind: PartKind): Promise<CanonicalVersion[]> {
    return this.inner.versions(module, kind);
  }

  modules(): AsyncIterable<ModulePath> {
    return this.inner.modules();
  }

  put(part: Part, content: PartContent): Promise<boolean> {
    return this.inner.put(part, content);
  }

  putFile(part: Part, file: string): Promise<boolean> {
    return this.inner.putFile(part, file);
  }

  probe(): Promise<void> {
    return this.inner.probe();
  }
}
