/** A store that tells of what is written to it. */
import type { Writable } from 'node:stream';
import { measure } from '../observe/observe.js';
import { StoreDecorator } from './store-decorator.js';
import type { Part } from './version-store.js';

export class ObservedStore extends StoreDecorator {
  /** What `write` takes counts: a zip is written while it is made. */
  override put(part: Part, write: (sink: Writable) => Promise<void>): Promise<void> {
    return measure({ type: 'store', part: part.kind }, () => this.inner.put(part, write));
  }

  override putFile(part: Part, file: string): Promise<void> {
    return measure({ type: 'store', part: part.kind }, () => this.inner.putFile(part, file));
  }
}
