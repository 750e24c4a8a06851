/**
 * A part in a bucket that is read by `Range`, through one window: for what is too large to be copied. One that is read
 * from its begin to its end must have the SHA-256 that its writer named: the last window of another is not given out.
 */
import { createHash, type Hash } from 'node:crypto';
import { ModhavenError, asError } from '../../errors.js';
import type { ObjectHead } from '../../s3/bucket.js';
import type { BucketStore } from './bucket-store.js';
import { namedSha256 } from './object-meta.js';
import type { OpenPart, Part } from '../version-store.js';

/** Bytes of one request: each takes a round trip. */
const WINDOW = 1024 * 1024;

export class RangedPart implements OpenPart {
  readonly size: number;
  private readonly store: BucketStore;
  private readonly part: Part;
  private readonly etag: string;
  private readonly sha256: string | undefined;
  private window: { start: number; bytes: Promise<Buffer> } | undefined;
  /** Of the bytes before `hashedTo`. */
  private hash: Hash = createHash('sha256');
  private hashedTo = 0;

  private constructor(store: BucketStore, part: Part, head: ObjectHead) {
    this.store = store;
    this.part = part;
    this.size = head.size;
    this.etag = head.etag;
    this.sha256 = namedSha256(head);
  }

  /** Undefined if it is not stored, or not what `isGood` takes. A part that is removed while it is read fails. */
  static async open(
    store: BucketStore,
    part: Part,
    isGood: (head: ObjectHead) => Promise<boolean>,
  ): Promise<OpenPart | undefined> {
    const head = await store.head(part);
    return head && (await isGood(head)) ? new RangedPart(store, part, head) : undefined;
  }

  read(
    target: Buffer,
    length: number,
    position: number,
    done: (error: Error | null, bytesRead: number) => void,
  ): void {
    if (position >= this.size || length === 0) {
      done(null, 0);
      return;
    }
    this.windowAt(position).then(
      ({ start, bytes }) => done(null, bytes.copy(target, 0, position - start, position - start + length)),
      (error: unknown) => done(asError(error), 0),
    );
  }

  close(): void {
    this.window = undefined;
  }

  private async windowAt(position: number): Promise<{ start: number; bytes: Buffer }> {
    const { window } = this;
    const isIn = window !== undefined && position >= window.start && position < window.start + WINDOW;
    const used = isIn ? window : { start: position, bytes: this.fetch(position) };
    this.window = used;
    try {
      return { start: used.start, bytes: await used.bytes };
    } catch (error) {
      if (this.window === used) this.window = undefined; // the next read asks again
      throw error;
    }
  }

  private async fetch(start: number): Promise<Buffer> {
    const end = Math.min(start + WINDOW, this.size) - 1;
    const bytes = await this.store.range(this.part, { start, end }, this.etag);
    if (bytes?.length !== end - start + 1) throw this.failed('was removed while it was read');
    if (this.sha256 !== undefined && start === this.hashedTo) {
      const hash = this.hash.copy().update(bytes);
      if (end + 1 === this.size && hash.copy().digest('hex') !== this.sha256) {
        throw this.failed('is not what was stored');
      }
      this.hash = hash;
      this.hashedTo = end + 1;
    }
    return bytes;
  }

  private failed(what: string): ModhavenError {
    const { module, version } = this.part;
    return new ModhavenError('STORAGE', `the zip of ${module}@${version} ${what}`);
  }
}
