/**
 * A source of modules that fetches nothing new while the disk has no room for it, and tells failures of our own disk, wherever
 * it met them, from those of the origin. Lists and `@latest` are asked for whether there is room or not: they are small, and a
 * build that has all its versions needs nothing else. What else is fetched is given up when the disk hangs.
 */
import type { DiskWatch } from '../../fs/disk-watch.js';
import { isDiskFailure } from '../../fs/disk-words.js';
import type { Info } from '../../module/info.js';
import type { CanonicalVersion } from '../../module/version.js';
import type { ModulePath } from '../../module/module-path.js';
import type { DiskRoom } from '../../fs/disk-room.js';
import { storageError } from '../../store/storage-error.js';
import type { ModuleSource, SourceInfo, SourceList, SourceMod, SourceZip } from '../repo.js';

/** Its methods throw STORAGE in addition. */
export class RoomCheckedSource implements ModuleSource {
  private readonly inner: ModuleSource;
  private readonly room: Pick<DiskRoom, 'assert'>;
  private readonly disk: Pick<DiskWatch, 'run'>;

  constructor(inner: ModuleSource, room: Pick<DiskRoom, 'assert'>, disk: Pick<DiskWatch, 'run'>) {
    this.inner = inner;
    this.room = room;
    this.disk = disk;
  }

  list(module: ModulePath): Promise<SourceList> {
    return tellingDisk(() => this.inner.list(module));
  }

  info(module: ModulePath, query: string): Promise<SourceInfo> {
    if (query === 'latest') return tellingDisk(() => this.inner.info(module, query));
    return this.withRoom(() => this.inner.info(module, query));
  }

  mod(module: ModulePath, version: CanonicalVersion, pinned?: Info): Promise<SourceMod> {
    return this.withRoom(() => this.inner.mod(module, version, pinned));
  }

  async zip(module: ModulePath, version: CanonicalVersion, pinned?: Info): Promise<SourceZip> {
    const found = await this.withRoom(() => this.inner.zip(module, version, pinned));
    return { ...found, deliver: (target) => tellingDisk(() => found.deliver(target)) };
  }

  private withRoom<T>(work: () => Promise<T>): Promise<T> {
    return this.disk.run(async () => {
      await this.room.assert();
      return tellingDisk(work);
    });
  }
}

/** `work`, whose failures are STORAGE errors where the operating system says so of a disk. */
async function tellingDisk<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw isDiskFailure(error) ? storageError(error) : error;
  }
}
