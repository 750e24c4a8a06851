/** A store that says what was stored in it. */
import type { Writable } from 'node:stream';
import { StoreDecorator } from '../store/store-decorator.js';
import type { ModuleVersion, Part, VersionStore } from '../store/version-store.js';

/** `onStored` is called after each part but a hash. */
export class AnnouncingStore extends StoreDecorator {
  private readonly onStored: (version: ModuleVersion) => void;

  constructor(inner: VersionStore, onStored: (version: ModuleVersion) => void) {
    super(inner);
    this.onStored = onStored;
  }

  override async put(part: Part, write: (sink: Writable) => Promise<void>): Promise<void> {
    await this.inner.put(part, write);
    if (part.kind !== 'ziphash') this.onStored(part);
  }

  override async putFile(part: Part, file: string): Promise<void> {
    await this.inner.putFile(part, file);
    this.onStored(part);
  }
}
