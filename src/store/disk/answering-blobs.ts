/** Blobs on a disk that may hang: what waits for it is given up, in words, once that is known. */
import type { DiskWatch } from '../../fs/disk-watch.js';
import type { BlobOptions, BlobStore, ReplaceOptions, StoredBlob } from '../blob-store.js';

export class AnsweringBlobs implements BlobStore {
  private readonly inner: BlobStore;
  private readonly watch: DiskWatch;

  constructor(inner: BlobStore, watch: DiskWatch) {
    this.inner = inner;
    this.watch = watch;
  }

  get(name: string): Promise<StoredBlob | undefined> {
    return this.watch.run(() => this.inner.get(name));
  }

  putIfAbsent(name: string, bytes: Buffer, options?: BlobOptions): Promise<boolean> {
    return this.watch.run(() => this.inner.putIfAbsent(name, bytes, options));
  }

  replace(name: string, bytes: Buffer, options?: ReplaceOptions): Promise<boolean> {
    return this.watch.run(() => this.inner.replace(name, bytes, options));
  }

  remove(name: string): Promise<void> {
    return this.watch.run(() => this.inner.remove(name));
  }

  /** Not watched: it is for commands, whose caller can see that they stand still. */
  names(): AsyncIterable<string> {
    return this.inner.names();
  }
}
