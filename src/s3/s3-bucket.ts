/** A bucket through the AWS SDK. */
import { createHash, randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { Readable, pipeline } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import type * as Sdk from '@aws-sdk/client-s3';
import { ModhavenError } from '../errors.js';
import type {
  Bucket,
  ListedObject,
  ObjectHead,
  ObjectStream,
  PutOptions,
  ObjectReadOptions,
  S3Settings,
  StoredObject,
} from './bucket.js';
import { BucketHealth, type BucketAction, type BucketLog } from './bucket-health.js';
import { BucketProof } from './bucket-proof.js';
import { idleLimit } from './idle-limit.js';
import { headOf } from './object-head.js';
import { MAX_ATTEMPTS, TIMEOUT_MS, openClient, sendInOnePart } from './s3-client.js';
import type { Conditional, S3Client } from './s3-client.js';
import { bucketError, isAbsent, isConditionFailed, isConflict, isLostUpload } from './s3-errors.js';
import { isOfOneAction, isOfOneObject, isRefusal } from './s3-errors.js';

/** Files above this size are sent in parts, each of it: what a slow link carries within `TIMEOUT_MS.answer`. */
const PART_BYTES = 8 * 1024 * 1024;
/** A write that met another one of the same key is sent again. */
const CONFLICTS = { attempts: 5, waitMs: 100 };
/** So long a bucket that was there counts as there, in milliseconds: a replica looks for purges more often than that. */
const SEEN_MS = 5_000;
/** Who wrote an object: an answer that was lost on its way is told by it from another writer's success. */
const WRITER = 'modhaven-writer';

/** What tests replace. */
export interface S3BucketParts {
  open?: (settings: S3Settings) => Promise<S3Client>;
  /** Files above this size are sent in parts of it. */
  partBytes?: number;
  /** Is told when the bucket cannot be used, and when it is back. */
  log?: BucketLog | undefined;
}

export class S3Bucket implements Bucket {
  readonly place: string;
  private readonly settings: S3Settings;
  private readonly open: (settings: S3Settings) => Promise<S3Client>;
  private readonly partBytes: number;
  private readonly health: BucketHealth;
  private loading: Promise<S3Client> | undefined;
  private readonly proof: BucketProof;
  /** When an answer last said that the bucket is there; as `performance.now()`. */
  private seenAt = -Infinity;

  constructor(settings: S3Settings, { open = openClient, partBytes = PART_BYTES, log }: S3BucketParts = {}) {
    this.settings = settings;
    this.open = open;
    this.partBytes = partBytes;
    const { bucket, endpoint } = settings;
    this.place = endpoint === undefined ? `bucket ${bucket}` : `bucket ${bucket} at ${endpoint}`;
    this.health = new BucketHealth(this.place, log);
    this.proof = new BucketProof(this, {
      write: (key, bytes, options) => this.writeUnproved(key, bytes, options),
      writeInParts: (key, bytes, options) =>
        this.sendConditional(key, options, (loaded, common) => sendInOnePart(loaded, common, bytes)),
    });
  }

  problem(): string | undefined {
    return this.health.problem();
  }

  async head(key: string): Promise<ObjectHead | undefined> {
    const head = await this.absentAsUndefined('HeadObject', async ({ sdk, client }) => {
      const found = await client.send(new sdk.HeadObjectCommand(this.at(key)));
      return headOf(found, found.ContentLength);
    });
    // The answer to HEAD is 404 and no more: of an object that is not there, and of a bucket that is gone.
    if (head === undefined && performance.now() > this.seenAt + SEEN_MS) {
      (await this.stream(key))?.body.destroy();
    }
    return head;
  }

  async read(key: string, options: ObjectReadOptions = {}): Promise<StoredObject | undefined> {
    for (let attempt = 1; ; attempt += 1) {
      const found = await this.stream(key, options);
      if (found === undefined) return undefined;
      const { body, ...head } = found;
      try {
        const bytes = await buffer(body);
        return { ...head, size: bytes.length, bytes };
      } catch (error) {
        // A body that breaks off is past what the SDK sends again by itself.
        if (attempt >= MAX_ATTEMPTS) throw this.failed('GetObject', error);
      }
    }
  }

  async stream(key: string, { range, ifMatch }: ObjectReadOptions = {}): Promise<ObjectStream | undefined> {
    const range_ = range && `bytes=${range.start}-${range.end}`;
    const find = this.absentAsUndefined('GetObject', async ({ sdk, client }) => {
      const found = await client.send(
        new sdk.GetObjectCommand({ ...this.at(key), Range: range_, IfMatch: ifMatch }),
      );
      if (!(found.Body instanceof Readable)) throw new Error('the answer has no body');
      const head = headOf(found, found.ContentLength);
      const body = pipeline(found.Body, idleLimit(TIMEOUT_MS.idle, this.brokenOff), () => undefined);
      return { ...head, body };
    });
    return find.catch((error: unknown) => {
      if (error instanceof ModhavenError && isConditionFailed(error.cause)) return undefined;
      throw error;
    });
  }

  put(key: string, bytes: Buffer, options: PutOptions = {}): Promise<boolean> {
    const checksum = createHash('sha256').update(bytes).digest('base64');
    return this.write(key, options, async ({ sdk, client }, common) => {
      await client.send(new sdk.PutObjectCommand({ ...common, Body: bytes, ChecksumSHA256: checksum }));
    });
  }

  async putFile(key: string, file: string, options: PutOptions = {}): Promise<boolean> {
    const { size } = await stat(file);
    return this.write(key, options, async ({ sdk, client }, common) => {
      if (size <= this.partBytes) {
        // A stream cannot be sent a second time; the bytes of one part can.
        const bytes = await buffer(createReadStream(file));
        await client.send(new sdk.PutObjectCommand({ ...common, Body: bytes }));
        return;
      }
      const { Upload } = await import('@aws-sdk/lib-storage');
      const body = createReadStream(file, { highWaterMark: this.partBytes });
      const upload = new Upload({
        client,
        params: { ...common, Body: body },
        partSize: this.partBytes,
        queueSize: 2,
      });
      await upload.done().finally(() => body.destroy());
    });
  }

  async remove(key: string): Promise<void> {
    await this.ask('DeleteObject', ({ sdk, client }) =>
      client.send(new sdk.DeleteObjectCommand(this.at(key))),
    );
  }

  async copy(from: string, to: string): Promise<void> {
    const { Bucket, Key } = this.at(from);
    const source = `${Bucket}/${Key}`.split('/').map(encodeURIComponent).join('/');
    await this.ask('CopyObject', ({ sdk, client }) =>
      client.send(new sdk.CopyObjectCommand({ ...this.at(to), ...this.encryption(), CopySource: source })),
    );
  }

  async *list(prefix: string): AsyncGenerator<ListedObject> {
    const { Bucket, Key: Prefix } = this.at(prefix);
    let ContinuationToken: string | undefined;
    do {
      const page = await this.ask('ListObjectsV2', ({ sdk, client }) =>
        client.send(new sdk.ListObjectsV2Command({ Bucket, Prefix, ContinuationToken })),
      );
      for (const { Key, Size = 0, LastModified } of page.Contents ?? []) {
        if (Key === undefined) continue;
        const key = Key.slice(this.settings.prefix.length);
        yield { key, size: Size, modifiedAt: LastModified?.getTime() ?? 0 };
      }
      ContinuationToken = page.NextContinuationToken;
    } while (ContinuationToken !== undefined);
  }

  usable(): Promise<void> {
    return this.proof.usable();
  }

  probe(): Promise<void> {
    return this.proof.probe();
  }

  private async write(key: string, options: PutOptions, send: Send): Promise<boolean> {
    await this.usable();
    return this.sendConditional(key, options, send);
  }

  private writeUnproved(key: string, bytes: Buffer, options: PutOptions): Promise<boolean> {
    return this.sendConditional(key, options, async ({ sdk, client }, common) => {
      await client.send(new sdk.PutObjectCommand({ ...common, Body: bytes }));
    });
  }

  private async sendConditional(key: string, options: PutOptions, send: Send): Promise<boolean> {
    const { contentType, meta, ifAbsent, ifMatch } = options;
    const writer = randomUUID();
    const common = {
      ...this.at(key),
      ...this.encryption(),
      ContentType: contentType,
      Metadata: { ...meta, [WRITER]: writer },
      IfNoneMatch: ifAbsent === true ? '*' : undefined,
      IfMatch: ifMatch,
    };
    for (let attempt = 1; ; attempt += 1) {
      try {
        await this.ask('PutObject', (loaded) => send(loaded, common));
        return true;
      } catch (error) {
        const cause = error instanceof ModhavenError ? error.cause : error;
        // An upload whose end was answered, but not heard, is unknown when it is ended again.
        const isLost = isLostUpload(cause);
        if (isLost && (await this.head(key))?.meta[WRITER] === writer) return true;
        // Of what is to be replaced and is not there at all, S3 says 404.
        const isRefused = isConditionFailed(cause) || (ifMatch !== undefined && isAbsent(cause) && !isLost);
        if (isRefused) return (await this.head(key))?.meta[WRITER] === writer;
        if (!(isConflict(cause) || isLost) || attempt === CONFLICTS.attempts) throw error;
        await sleep(CONFLICTS.waitMs * attempt);
      }
    }
  }

  private at(key: string): { Bucket: string; Key: string } {
    return { Bucket: this.settings.bucket, Key: this.settings.prefix + key };
  }

  private encryption(): Pick<Sdk.PutObjectCommandInput, 'ServerSideEncryption' | 'SSEKMSKeyId'> {
    const { sse, kmsKeyId } = this.settings;
    return { ServerSideEncryption: sse, SSEKMSKeyId: kmsKeyId };
  }

  /** What `work` answers; its failures as STORAGE errors. */
  private async ask<T>(action: BucketAction, work: (loaded: S3Client) => Promise<T>): Promise<T> {
    try {
      const answer = await work(await this.load());
      this.health.answered(action);
      this.seenAt = performance.now();
      return answer;
    } catch (error) {
      throw this.failed(action, error);
    }
  }

  /** For a body that is being read: a reader that stops early is not a failure of the bucket. */
  private readonly brokenOff = (error: NodeJS.ErrnoException): Error =>
    error.code === 'ERR_STREAM_PREMATURE_CLOSE' || error.code === 'ABORT_ERR'
      ? error
      : this.failed('GetObject', error);

  private failed(action: BucketAction, cause: unknown): ModhavenError {
    const error = bucketError(this.place, cause, action);
    // That a condition does not hold, or that there is no such object, is what was asked; 404 to HEAD may be another thing.
    if (!isRefusal(cause)) this.health.failed(action, error, isOfOneAction(cause));
    else if (action !== 'HeadObject') this.health.answered(action);
    if (isOfOneObject(cause)) this.seenAt = performance.now();
    return error;
  }

  private async absentAsUndefined<T>(
    action: BucketAction,
    work: (loaded: S3Client) => Promise<T>,
  ): Promise<T | undefined> {
    try {
      return await this.ask(action, work);
    } catch (error) {
      if (error instanceof ModhavenError && isAbsent(error.cause)) return undefined;
      throw error;
    }
  }

  private load(): Promise<S3Client> {
    this.loading ??= this.open(this.settings).catch((error: unknown) => {
      this.loading = undefined;
      throw error;
    });
    return this.loading;
  }
}

type Send = (loaded: S3Client, common: Conditional) => Promise<void>;
