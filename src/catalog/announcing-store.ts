/** A store that says what was stored in it. */
import { StoreDecorator } from '../store/store-decorator.js';
import type { ModuleVersion, Part, PartContent, VersionStore } from '../store/version-store.js';

/** `onStored` is called after each part but a hash. */
export class AnnouncingStore extends StoreDecorator {
  private readonly onStored: (version: ModuleVersion) => void;

  constructor(inner: VersionStore, onStored: (version: ModuleVersion) => void) {
    super(inner);
    this.onStored = onStored;
  }

  override async put(part: Part, content: PartContent): Promise<boolean> {
    const isOurs = await this.inner.put(part, content);
    if (part.kind !== 'ziphash') this.onStored(part);
    return isOurs;
  }

  override async putFile(part: Part, file: string): Promise<boolean> {
    const isOurs = await this.inner.putFile(part, file);
    this.onStored(part);
    return isOurs;
  }
}
