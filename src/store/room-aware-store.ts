/** A store that counts as not to be written while there is no room for anything new. What is put is stored as long as the disk takes it. */
import type { DiskRoom } from '../fs/disk-room.js';
import { StoreDecorator } from './store-decorator.js';
import type { VersionStore } from './version-store.js';

export class RoomAwareStore extends StoreDecorator {
  private readonly room: Pick<DiskRoom, 'shortage'>;

  constructor(inner: VersionStore, room: Pick<DiskRoom, 'shortage'>) {
    super(inner);
    this.room = room;
  }

  override async probe(): Promise<void> {
    const shortage = await this.room.shortage();
    if (shortage !== undefined) throw shortage;
    await this.inner.probe();
  }
}
