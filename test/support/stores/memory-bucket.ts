/** A bucket in memory that keeps to conditions, for tests of what is built on buckets. */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { ModhavenError } from '../../../src/errors.js';
import type {
  Bucket,
  ListedObject,
  ObjectHead,
  ObjectStream,
  PutOptions,
  ObjectReadOptions,
  StoredObject,
} from '../../../src/s3/bucket.js';

export class MemoryBucket implements Bucket {
  readonly place = 'bucket in memory';
  readonly objects = new Map<string, StoredObject>();
  private readonly now: () => number;

  /** `now`: the clock of the object store, in milliseconds since 1970. */
  constructor(now: () => number = Date.now) {
    this.now = now;
  }

  head(key: string): Promise<ObjectHead | undefined> {
    return Promise.resolve(this.objects.get(key));
  }

  read(key: string, { range, ifMatch }: ObjectReadOptions = {}): Promise<StoredObject | undefined> {
    const found = this.objects.get(key);
    if (found === undefined || (ifMatch !== undefined && ifMatch !== found.etag)) {
      return Promise.resolve(undefined);
    }
    const bytes = range === undefined ? found.bytes : found.bytes.subarray(range.start, range.end + 1);
    return Promise.resolve({ ...found, bytes: Buffer.from(bytes), size: bytes.length });
  }

  async stream(key: string, options?: ObjectReadOptions): Promise<ObjectStream | undefined> {
    const found = await this.read(key, options);
    return found && { ...found, body: Readable.from(found.bytes.length === 0 ? [] : [found.bytes]) };
  }

  put(key: string, bytes: Buffer, { meta = {}, ifAbsent, ifMatch }: PutOptions = {}): Promise<boolean> {
    const there = this.objects.get(key);
    if (ifAbsent === true && there !== undefined) return Promise.resolve(false);
    if (ifMatch !== undefined && there?.etag !== ifMatch) return Promise.resolve(false);
    const etag = `"${createHash('md5').update(bytes).digest('hex')}"`;
    this.objects.set(key, {
      bytes: Buffer.from(bytes),
      size: bytes.length,
      etag,
      meta,
      modifiedAt: this.now(),
    });
    return Promise.resolve(true);
  }

  async putFile(key: string, file: string, options?: PutOptions): Promise<boolean> {
    return this.put(key, await readFile(file), options);
  }

  remove(key: string): Promise<void> {
    this.objects.delete(key);
    return Promise.resolve();
  }

  copy(from: string, to: string): Promise<void> {
    const found = this.objects.get(from);
    if (found === undefined) return Promise.reject(new ModhavenError('STORAGE', `${from} is not there`));
    this.objects.set(to, found);
    return Promise.resolve();
  }

  async *list(prefix: string): AsyncGenerator<ListedObject> {
    await Promise.resolve();
    for (const key of [...this.objects.keys()].sort()) {
      const found = this.objects.get(key);
      if (found === undefined || !key.startsWith(prefix)) continue;
      yield { key, size: found.size, modifiedAt: found.modifiedAt };
    }
  }

  usable(): Promise<void> {
    return Promise.resolve();
  }

  probe(): Promise<void> {
    return Promise.resolve();
  }

  problem(): string | undefined {
    return undefined;
  }
}
