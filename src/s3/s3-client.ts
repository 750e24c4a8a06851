/**
 * The AWS SDK, loaded with the first request: a server that keeps its versions on disk never pays for it. Credentials
 * come from the SDK's usual chain (variables, shared files, web identity, instance roles).
 */
import type * as Sdk from '@aws-sdk/client-s3';
import { noteSecret } from '../secrets.js';
import type { S3Settings } from './bucket.js';
import { RetriesPerRequest } from './retries.js';

/** Until a connection stands, until an answer begins, and without a byte of a body, in milliseconds. */
export const TIMEOUT_MS = { connect: 3_000, answer: 15_000, idle: 15_000 };
/** A request that failed in passing (500, 503, a broken connection) is sent again by the SDK, with growing waits. */
export const MAX_ATTEMPTS = 4;

/**
 * Connections. A request that waits for one is taken for one that is not answered in time; the SDK's own 50 are used up
 * by as many large zips.
 */
const MAX_SOCKETS = 256;

/** The SDK, and a client of it for one bucket. */
export interface S3Client {
  sdk: typeof Sdk;
  client: Sdk.S3Client;
}

/** A write with its conditions, without what is written. */
export type Conditional = Omit<Sdk.PutObjectCommandInput, 'Body'>;

export async function openClient({
  endpoint,
  region,
  pathStyle,
  limits: { answerMs, attempts } = { answerMs: TIMEOUT_MS.answer, attempts: MAX_ATTEMPTS },
}: S3Settings): Promise<S3Client> {
  // The SDK would write to standard error that it wants a newer Node than this one.
  process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true';
  const sdk = await import('@aws-sdk/client-s3');
  const client = new sdk.S3Client({
    ...(endpoint !== undefined && { endpoint }),
    // An object store of one's own has no regions, but every signature names one.
    ...(region !== undefined
      ? { region }
      : endpoint !== undefined && { region: process.env.AWS_REGION ?? 'us-east-1' }),
    forcePathStyle: pathStyle,
    maxAttempts: attempts,
    retryStrategy: new RetriesPerRequest(attempts),
    // Object stores other than AWS do not know the checksums that the SDK would add to everything.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    requestHandler: {
      connectionTimeout: Math.min(TIMEOUT_MS.connect, answerMs),
      requestTimeout: answerMs,
      throwOnRequestTimeout: true,
      httpAgent: { maxSockets: MAX_SOCKETS },
      httpsAgent: { maxSockets: MAX_SOCKETS },
    },
  });
  const { secretAccessKey, sessionToken } = await client.config.credentials();
  noteSecret(secretAccessKey);
  noteSecret(sessionToken);
  return { sdk, client };
}

/** An upload in parts that has one: for the proof alone, because a client would send so little in one request. */
export async function sendInOnePart(
  { sdk, client }: S3Client,
  { IfNoneMatch, IfMatch, ...common }: Conditional,
  bytes: Buffer,
): Promise<void> {
  const { Bucket, Key } = common;
  const { UploadId } = await client.send(new sdk.CreateMultipartUploadCommand(common));
  const upload = { Bucket, Key, UploadId };
  try {
    const { ETag } = await client.send(new sdk.UploadPartCommand({ ...upload, PartNumber: 1, Body: bytes }));
    const MultipartUpload = { Parts: [{ PartNumber: 1, ETag }] };
    await client.send(
      new sdk.CompleteMultipartUploadCommand({ ...upload, MultipartUpload, IfNoneMatch, IfMatch }),
    );
  } catch (error) {
    await client.send(new sdk.AbortMultipartUploadCommand(upload)).catch(() => undefined);
    throw error;
  }
}
