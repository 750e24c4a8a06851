/** A bucket as one process sees it: all of them share `inner`, and each question passes the gaps. */
import type {
  Bucket,
  ListedObject,
  ObjectHead,
  ObjectStream,
  PutOptions,
  ObjectReadOptions,
} from '../../src/s3/bucket.js';
import type { StoredObject } from '../../src/s3/bucket.js';
import type { Gaps, Life } from './gaps.js';

export class GappedBucket implements Bucket {
  readonly place = 'bucket of the model';
  private readonly inner: Bucket;
  private readonly gaps: Gaps;
  private readonly life: Life;

  constructor(inner: Bucket, gaps: Gaps, life: Life) {
    this.inner = inner;
    this.gaps = gaps;
    this.life = life;
  }

  head(key: string): Promise<ObjectHead | undefined> {
    return this.pass(`head ${key}`, () => this.inner.head(key));
  }

  read(key: string, options?: ObjectReadOptions): Promise<StoredObject | undefined> {
    return this.pass(`read ${key}`, () => this.inner.read(key, options));
  }

  stream(key: string, options?: ObjectReadOptions): Promise<ObjectStream | undefined> {
    return this.pass(`stream ${key}`, () => this.inner.stream(key, options));
  }

  put(key: string, bytes: Buffer, options?: PutOptions): Promise<boolean> {
    return this.pass(`put ${key}`, () => this.inner.put(key, bytes, options));
  }

  putFile(key: string, file: string, options?: PutOptions): Promise<boolean> {
    return this.pass(`put ${key}`, () => this.inner.putFile(key, file, options));
  }

  remove(key: string): Promise<void> {
    return this.pass(`remove ${key}`, () => this.inner.remove(key));
  }

  copy(from: string, to: string): Promise<void> {
    return this.pass(`copy ${from}`, () => this.inner.copy(from, to));
  }

  async *list(prefix: string): AsyncGenerator<ListedObject> {
    const page = await this.pass(`list ${prefix}`, async () => {
      const found: ListedObject[] = [];
      for await (const object of this.inner.list(prefix)) found.push(object);
      return found;
    });
    yield* page;
  }

  usable(): Promise<void> {
    return Promise.resolve();
  }

  probe(): Promise<void> {
    return Promise.resolve();
  }

  private pass<T>(what: string, work: () => Promise<T>): Promise<T> {
    return this.gaps.pass(this.life, what, work);
  }
}
