/**
 * A bucket of an S3-compatible object store, as the stores need it: the interface, to be read first.
 *
 * Keys are relative to the configured prefix. An object appears whole or not at all, and what was written is what the next
 * reader gets, whichever replica asks. Every write can be conditional, and `usable` proves once that the object store
 * keeps to the condition: without it, two replicas could give one version two contents.
 *
 * Every method throws STORAGE where the bucket cannot be asked or refuses; the reason says why.
 */
import type { Readable } from 'node:stream';

export interface S3Settings {
  /** `https://s3.corp`; undefined: AWS, by region. */
  endpoint: string | undefined;
  bucket: string;
  /** Before every key: empty, or with a slash at its end. */
  prefix: string;
  region: string | undefined;
  /** `ENDPOINT/BUCKET/KEY` in place of `BUCKET.ENDPOINT/KEY`. */
  pathStyle: boolean;
  /** Encryption by the object store, as in `x-amz-server-side-encryption`. */
  sse: 'AES256' | 'aws:kms' | undefined;
  kmsKeyId: string | undefined;
  /** How large the local copies of what was read may become, in bytes. */
  cacheBytes: number;
  /** How long an answer is waited for, in milliseconds, and how often it is asked for. Default: as a server does. */
  limits?: { answerMs: number; attempts: number } | undefined;
}

export interface ObjectHead {
  /** In bytes. */
  size: number;
  /** Names this content, for `ifMatch`. Opaque. */
  etag: string;
  /** What the writer said of it: lower-case names. */
  meta: Readonly<Record<string, string>>;
  /** In milliseconds since 1970. */
  modifiedAt: number;
}

export interface StoredObject extends ObjectHead {
  bytes: Buffer;
}

export interface ObjectStream extends ObjectHead {
  body: Readable;
}

/** Bytes of an object, `end` inclusive. */
export interface ObjectRange {
  start: number;
  end: number;
}

export interface ObjectReadOptions {
  range?: ObjectRange | undefined;
  /** Only this content: another one counts as absent. */
  ifMatch?: string | undefined;
}

export interface PutOptions {
  contentType?: string | undefined;
  meta?: Readonly<Record<string, string>>;
  /** Only where there is no object of this key. */
  ifAbsent?: boolean;
  /** Only in place of this content. */
  ifMatch?: string | undefined;
}

export interface ListedObject {
  key: string;
  size: number;
  modifiedAt: number;
}

export interface Bucket {
  /** For people: `bucket go-modules at https://s3.corp`. */
  readonly place: string;
  /** Undefined if there is no such object. */
  head(key: string): Promise<ObjectHead | undefined>;
  /** The whole object, or a range of it, in memory. */
  read(key: string, options?: ObjectReadOptions): Promise<StoredObject | undefined>;
  /** The object as a stream, which fails where the connection breaks off or falls silent. */
  stream(key: string, options?: ObjectReadOptions): Promise<ObjectStream | undefined>;
  /** Writes an object. False, and nothing is changed, where a condition does not hold. */
  put(key: string, bytes: Buffer, options?: PutOptions): Promise<boolean>;
  /** Writes a file as an object, a large one in several parts, on the same terms. */
  putFile(key: string, file: string, options?: PutOptions): Promise<boolean>;
  /** Removes an object. There need not be one. */
  remove(key: string): Promise<void>;
  /** Copies an object within the bucket. There has to be one. */
  copy(from: string, to: string): Promise<void>;
  /** All objects whose keys begin with `prefix`, in no order. Slow: never for a request. */
  list(prefix: string): AsyncIterable<ListedObject>;
  /** Throws unless the bucket can be written and keeps to conditions. What was proved once is not asked again. */
  usable(): Promise<void>;
  /** `usable`, and writes something and reads it back each time. */
  probe(): Promise<void>;
  /** Why it cannot be used, or not for everything, as far as its last requests say; undefined where nothing is wrong. */
  problem(): string | undefined;
}
