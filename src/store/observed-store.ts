/** A store that tells of what is written to it. */
import { measure } from '../observe/observe.js';
import { StoreDecorator } from './store-decorator.js';
import type { Part, PartContent } from './version-store.js';

export class ObservedStore extends StoreDecorator {
  /** What a writer takes counts: a zip is written while it is made. */
  override put(part: Part, content: PartContent): Promise<boolean> {
    return measure({ type: 'store', part: part.kind }, () => this.inner.put(part, content));
  }

  override putFile(part: Part, file: string): Promise<boolean> {
    return measure({ type: 'store', part: part.kind }, () => this.inner.putFile(part, file));
  }
}
