/**
 * An object store in memory that carries out the commands of the AWS SDK: conditions, and uploads in parts, which lie there
 * unseen until they are completed. It fails with the names and statuses that S3 has.
 */
import { createHash, randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';
import * as sdk from '@aws-sdk/client-s3';
import type { PutOptions } from '../../../src/s3/bucket.js';
import type { MemoryBucket } from './memory-bucket.js';

/** An upload that was begun. */
interface OpenUpload {
  key: string;
  meta: Readonly<Record<string, string>>;
  parts: Map<number, Buffer>;
}

interface WriteInput {
  Key?: string | undefined;
  Metadata?: Record<string, string> | undefined;
  IfNoneMatch?: string | undefined;
  IfMatch?: string | undefined;
}

export class MemoryS3 {
  /** By id: what was neither completed nor aborted. */
  readonly uploads = new Map<string, OpenUpload>();
  private readonly bucket: MemoryBucket;

  /** Keys of `bucket` are those of the commands; names of buckets do not matter. */
  constructor(bucket: MemoryBucket) {
    this.bucket = bucket;
  }

  /** What a command answers. Throws as the SDK does. */
  async carryOut(command: unknown): Promise<object> {
    if (command instanceof sdk.HeadObjectCommand) return this.head(command.input);
    if (command instanceof sdk.GetObjectCommand) return this.get(command.input);
    if (command instanceof sdk.PutObjectCommand) return this.put(command.input);
    if (command instanceof sdk.DeleteObjectCommand) {
      await this.bucket.remove(keyOf(command.input));
      return {};
    }
    if (command instanceof sdk.ListObjectsV2Command) return this.list(command.input);
    if (command instanceof sdk.CreateMultipartUploadCommand) return this.beginUpload(command.input);
    if (command instanceof sdk.UploadPartCommand) return this.takePart(command.input);
    if (command instanceof sdk.CompleteMultipartUploadCommand) return this.complete(command.input);
    if (command instanceof sdk.AbortMultipartUploadCommand) {
      this.openUpload(command.input.UploadId);
      this.uploads.delete(command.input.UploadId ?? '');
      return {};
    }
    throw new Error('a command that this object store does not know');
  }

  private async head(input: sdk.HeadObjectCommandInput): Promise<object> {
    const found = await this.bucket.head(keyOf(input));
    if (found === undefined) throw s3Failure('NotFound', 404);
    const { size, etag, meta, modifiedAt } = found;
    return { ContentLength: size, ETag: etag, Metadata: meta, LastModified: lastModified(modifiedAt) };
  }

  private async get(input: sdk.GetObjectCommandInput): Promise<object> {
    const there = await this.bucket.head(keyOf(input));
    if (there === undefined) throw s3Failure('NoSuchKey', 404);
    const [, start, end] = /^bytes=(\d+)-(\d+)$/.exec(input.Range ?? '') ?? [];
    const range = start === undefined ? undefined : { start: Number(start), end: Number(end) };
    const found = await this.bucket.read(keyOf(input), { range, ifMatch: input.IfMatch });
    if (found === undefined) throw s3Failure('PreconditionFailed', 412);
    const { bytes, etag, meta, modifiedAt } = found;
    return {
      Body: Readable.from(bytes.length === 0 ? [] : [bytes]),
      ContentLength: bytes.length,
      ETag: etag,
      Metadata: meta,
      LastModified: lastModified(modifiedAt),
    };
  }

  private async put({ Body, ...input }: sdk.PutObjectCommandInput): Promise<object> {
    if (!Buffer.isBuffer(Body)) throw new Error('only bytes that can be sent a second time are sent');
    return this.write(input, Body, input.Metadata);
  }

  private async write(
    { Key, IfNoneMatch, IfMatch }: WriteInput,
    bytes: Buffer,
    meta: PutOptions['meta'] = {},
  ): Promise<object> {
    const key = Key ?? '';
    const there = await this.bucket.head(key);
    if (IfMatch !== undefined && there === undefined) throw s3Failure('NoSuchKey', 404);
    const conditions = { ifAbsent: IfNoneMatch === '*', ifMatch: IfMatch };
    if (!(await this.bucket.put(key, bytes, { meta, ...conditions }))) {
      throw s3Failure('PreconditionFailed', 412);
    }
    return { ETag: (await this.bucket.head(key))?.etag };
  }

  private async list({ Prefix = '' }: sdk.ListObjectsV2CommandInput): Promise<object> {
    const Contents: object[] = [];
    for await (const { key, size, modifiedAt } of this.bucket.list(Prefix)) {
      Contents.push({ Key: key, Size: size, LastModified: lastModified(modifiedAt) });
    }
    return { Contents };
  }

  private beginUpload({ Key = '', Metadata = {} }: sdk.CreateMultipartUploadCommandInput): object {
    const UploadId = randomUUID();
    this.uploads.set(UploadId, { key: Key, meta: Metadata, parts: new Map() });
    return { UploadId };
  }

  private takePart({ UploadId, PartNumber = 0, Body }: sdk.UploadPartCommandInput): object {
    if (!Buffer.isBuffer(Body)) throw new Error('only bytes that can be sent a second time are sent');
    this.openUpload(UploadId).parts.set(PartNumber, Buffer.from(Body));
    return { ETag: etagOf(Body) };
  }

  private async complete(input: sdk.CompleteMultipartUploadCommandInput): Promise<object> {
    const { key, meta, parts } = this.openUpload(input.UploadId);
    const bytes = (input.MultipartUpload?.Parts ?? []).map(({ PartNumber = 0, ETag }) => {
      const part = parts.get(PartNumber);
      if (part === undefined || etagOf(part) !== ETag) throw s3Failure('InvalidPart', 400);
      return part;
    });
    const answer = await this.write({ ...input, Key: key }, Buffer.concat(bytes), meta);
    this.uploads.delete(input.UploadId ?? '');
    return answer;
  }

  private openUpload(id = ''): OpenUpload {
    const found = this.uploads.get(id);
    if (found === undefined) throw s3Failure('NoSuchUpload', 404);
    return found;
  }
}

/** A failure as the SDK throws it. */
export function s3Failure(name: string, status: number): Error {
  return Object.assign(new Error(name), { name, $metadata: { httpStatusCode: status } });
}

function keyOf({ Key = '' }: { Key?: string | undefined }): string {
  return Key;
}

/** HTTP knows whole seconds. */
function lastModified(ms: number): Date {
  return new Date(Math.floor(ms / 1_000) * 1_000);
}

function etagOf(bytes: Buffer | Uint8Array): string {
  return `"${createHash('md5').update(bytes).digest('hex')}"`;
}
