/**
 * Where small things are kept that are not versions: what upstreams said last, tiles and signed trees of checksum
 * databases, records about versions.
 *
 * A blob has a name: elements with `/` between them, none of them empty, `.` or `..`. A reader sees a whole blob or none.
 * Two processes that put or replace the same blob agree on the outcome. Every method throws STORAGE if the place cannot
 * be read or written.
 */
import { ModhavenError } from '../errors.js';

export interface StoredBlob {
  bytes: Buffer;
  /** When the content was known to be so, in milliseconds since 1970. */
  asOf: number;
  /** Names this content, for `replace`. Opaque. */
  tag: string;
}

export interface BlobOptions {
  /** When the content was known to be so, in milliseconds since 1970. Default: now. */
  asOf?: number | undefined;
}

export interface ReplaceOptions extends BlobOptions {
  /** The tag of the content to be replaced. If the blob has another content by now, nothing happens. */
  expected?: string | undefined;
}

export interface BlobStore {
  /** The blob, or undefined if there is none. */
  get(name: string): Promise<StoredBlob | undefined>;
  /** Makes a blob. False, and nothing is changed, if there is one of this name already. */
  putIfAbsent(name: string, bytes: Buffer, options?: BlobOptions): Promise<boolean>;
  /** Makes a blob, in place of the one that may be there. False, and nothing is changed, if it is not `expected`. */
  replace(name: string, bytes: Buffer, options?: ReplaceOptions): Promise<boolean>;
  /** Removes a blob. There need not be one. */
  remove(name: string): Promise<void>;
  /** The names of all blobs, in no order. Slow: for commands, never for a request. */
  names(): AsyncIterable<string>;
}

/** A blob, or undefined if there is none that can be read: for what can be had again. */
export function readIfAny(blobs: BlobStore, name: string): Promise<StoredBlob | undefined> {
  return blobs.get(name).catch(() => undefined);
}

/** Throws STORAGE for a name that could mean a place outside of the store. */
export function checkBlobName(name: string): void {
  const isBad = name.split('/').some((element) => ['', '.', '..'].includes(element));
  if (isBad || /[\0\\]/.test(name)) {
    throw new ModhavenError('STORAGE', `${JSON.stringify(name)} cannot be the name of something stored`);
  }
}
