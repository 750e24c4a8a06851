/** What an object store says when it fails, as the error that callers know. */
import { ModhavenError, errorMessage } from '../errors.js';
import { redactLine } from '../redact.js';
import type { BucketAction } from './bucket-health.js';

/** What is known of a failure: the code of S3 or of the operating system, and the HTTP status. */
export interface S3Failure {
  code: string;
  status: number | undefined;
}

/** Reads a failure of the SDK, or anything else that was thrown. */
function failureOf(error: unknown): S3Failure {
  if (!(error instanceof Error)) return { code: String(error), status: undefined };
  const meta: unknown = '$metadata' in error ? error.$metadata : undefined;
  const status =
    typeof meta === 'object' &&
    meta !== null &&
    'httpStatusCode' in meta &&
    typeof meta.httpStatusCode === 'number'
      ? meta.httpStatusCode
      : undefined;
  const system = (error as NodeJS.ErrnoException).code;
  return { code: typeof system === 'string' ? system : error.name, status };
}

/** Whether there is no such object. A bucket that is missing is another thing, as far as the answer tells. */
export function isAbsent(error: unknown): boolean {
  const { code, status } = failureOf(error);
  return code === 'NoSuchKey' || (status === 404 && code !== 'NoSuchBucket');
}

/** Whether the condition of a request does not hold. */
export function isConditionFailed(error: unknown): boolean {
  const { code, status } = failureOf(error);
  return code === 'PreconditionFailed' || status === 412;
}

/** Whether another write of the same key came between; the same request may succeed when it is sent again. */
export function isConflict(error: unknown): boolean {
  const { code, status } = failureOf(error);
  return code === 'ConditionalRequestConflict' || code === 'OperationAborted' || status === 409;
}

/** Whether an upload in parts is not known: it was ended before, or never begun. */
export function isLostUpload(error: unknown): boolean {
  return failureOf(error).code === 'NoSuchUpload';
}

/** Whether the request was answered as it was meant: there is no such object, or its condition does not hold. */
export function isRefusal(error: unknown): boolean {
  return isAbsent(error) || isConditionFailed(error) || isConflict(error) || isLostUpload(error);
}

/** Whether a failure says nothing about other requests: a right that is missing, no room for what is written. */
export function isOfOneAction(error: unknown): boolean {
  const { code, status } = failureOf(error);
  return (
    [401, 403, 413, 507].includes(status ?? 0) ||
    /^(?:EntityTooLarge|QuotaExceeded|.*StorageFull)$/.test(code)
  );
}

/** Whether a failure is about one object, and so says that its bucket is there. */
export function isOfOneObject(error: unknown): boolean {
  const { code, status } = failureOf(error);
  return code === 'NoSuchKey' || status === 412;
}

const UNKNOWN_AUTHORITY =
  'its certificate is not signed by an authority that is known here; NODE_EXTRA_CA_CERTS names more of them';

const WORDS: Readonly<Record<string, string>> = {
  AccessDenied: 'the credentials have no right to do that',
  AllAccessDisabled: 'the credentials have no right to do that',
  AuthorizationHeaderMalformed: 'it is in another region than store.s3.region says',
  CERT_HAS_EXPIRED: 'its certificate has expired',
  CredentialsProviderError: 'no AWS credentials were found',
  DEPTH_ZERO_SELF_SIGNED_CERT: UNKNOWN_AUTHORITY,
  EAI_AGAIN: 'its name cannot be resolved now',
  ECONNREFUSED: 'nothing listens at its address',
  ECONNRESET: 'the connection broke off',
  EHOSTUNREACH: 'there is no way to its address',
  ENETUNREACH: 'there is no way to its address',
  ENOTFOUND: 'its name cannot be resolved; without path_style: true, the bucket is part of the name',
  EntityTooLarge: 'it takes no objects of that size',
  EPROTO: 'it does not speak TLS there; write http:// in store.s3.endpoint, or another port',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate is for another name',
  ETIMEDOUT: 'it did not answer in time',
  ExpiredToken: 'the credentials have expired',
  InvalidAccessKeyId: 'it does not know the access key',
  InvalidToken: 'it does not accept the session token',
  KeyTooLongError: 'the key of the object is too long for it',
  'KMS.NotFoundException': 'it does not know the key of store.s3.kms_key_id',
  NoSuchBucket: 'there is no such bucket',
  NoSuchUpload: 'it does not know the upload any more',
  NotImplemented: 'it cannot do what is asked of it, such as conditional writes',
  PermanentRedirect: 'the bucket is in another region',
  QuotaExceeded: 'its quota is used up',
  RequestTimeTooSkewed: 'the clock of this machine is wrong',
  SELF_SIGNED_CERT_IN_CHAIN: UNKNOWN_AUTHORITY,
  SignatureDoesNotMatch: 'it does not accept the secret key',
  SlowDown: 'it is overloaded',
  TimeoutError: 'it did not answer in time',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: UNKNOWN_AUTHORITY,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: UNKNOWN_AUTHORITY,
  XMinioStorageFull: 'its disk is full',
};

const STATUS_WORDS: Readonly<Record<number, string>> = {
  400: 'it does not accept the request, as when store.s3.region is wrong',
  401: 'it does not accept the credentials',
  403: 'the credentials have no right to do that',
  404: 'there is no such bucket',
  503: 'it is overloaded, or down',
  507: 'its disk is full',
};

const REMEDY =
  'check store.s3 in modhaven.yaml, the AWS credentials of the server, and the object store itself';

/** Characters of what has no words of ours. */
const MAX_LENGTH = 300;

/** What the SDK says where nothing names a region. */
function withoutRegion(message: string): string {
  return message === 'Region is missing'
    ? 'neither store.s3.region nor AWS_REGION names its region'
    : message;
}

/** The rights that a request takes. */
const RIGHTS: Readonly<Record<BucketAction, string>> = {
  // For S3 they also decide whether an object that is not there is 404 or 403.
  GetObject: 's3:GetObject, and s3:ListBucket on the bucket: without it S3 refuses what is not there, too',
  HeadObject: 's3:GetObject, and s3:ListBucket on the bucket: without it S3 refuses what is not there, too',
  PutObject: 's3:PutObject and s3:AbortMultipartUpload',
  DeleteObject: 's3:DeleteObject',
  CopyObject: 's3:GetObject and s3:PutObject',
  ListObjectsV2: 's3:ListBucket on the bucket',
};

/** The STORAGE error for `error`, thrown by a request to `place`. */
export function bucketError(place: string, error: unknown, action?: BucketAction): ModhavenError {
  if (error instanceof ModhavenError) return error;
  const { code, status } = failureOf(error);
  const words =
    WORDS[code] ?? (status === undefined ? undefined : (STATUS_WORDS[status] ?? `it answered ${status}`));
  const detail = status === undefined ? code : `${code}, status ${status}`;
  const isDenied = action !== undefined && status === 403 && words === WORDS.AccessDenied;
  return new ModhavenError('STORAGE', `the ${place} cannot be used`, {
    reason:
      words === undefined
        ? withoutRegion(redactLine(errorMessage(error), MAX_LENGTH))
        : `${words} (${action === undefined ? '' : `${action}: `}${detail})`,
    remedy: isDenied ? `give the credentials of the server ${RIGHTS[action]}` : REMEDY,
    remedyBy: 'admin',
    cause: error,
  });
}
