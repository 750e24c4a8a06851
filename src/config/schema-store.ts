/** The keys that say where versions are kept, and what replicas share beside that. */
import { z } from 'zod';
import type { S3Settings } from '../s3/bucket.js';
import { Size, Text } from './schema-values.js';

const EndpointUrl = z
  .string()
  .refine((text) => URL.canParse(text) && /^https?:$/.test(new URL(text).protocol), {
    error: 'must be an http or https URL such as https://s3.corp',
    abort: true,
  })
  .refine((text) => !/[?#@]/.test(text), {
    error:
      'must be a URL alone: no login (credentials come from the AWS chain, such as AWS_ACCESS_KEY_ID), no query',
  });

/** Also the ARN of an access point. Object stores of one's own know more names than S3. */
const BucketName = z.string().regex(/^(?:arn:\S+|\w[\w.-]*)$/, {
  error: 'must be the name of a bucket; what is to stand before every key is store.s3.prefix',
});

/** Part of a host name of AWS, and of every signature. */
const Region = z.string().regex(/^[\w.-]+$/, { error: 'must be the name of a region such as eu-central-1' });

/** Servers that have keys as files would read `..` as the folder above, and an empty element as nothing. */
const Prefix = z
  .string()
  .refine(
    (text) =>
      text === '' ||
      text
        .replace(/\/$/, '')
        .split('/')
        .every((element) => !/^\.{0,2}$|[\p{Cc}\\]/u.test(element)),
    { error: 'must be the beginning of a key such as modhaven/, without / at its own beginning' },
  )
  .transform((prefix) => (prefix === '' || prefix.endsWith('/') ? prefix : `${prefix}/`));

const S3Keys = z.strictObject({
  endpoint: EndpointUrl.optional().describe(
    'The object store, such as https://s3.corp. Default: AWS, by region.',
  ),
  bucket: BucketName.describe(
    'The bucket. It has to be there, and to keep to conditional writes (If-None-Match, If-Match).',
  ),
  prefix: Prefix.prefault('').describe(
    'Before the key of every object, such as modhaven/. Default: nothing.',
  ),
  region: Region.optional().describe('The region. Default: AWS_REGION, or us-east-1 with an endpoint.'),
  path_style: z
    .boolean()
    .default(false)
    .describe(
      "true asks for ENDPOINT/BUCKET/KEY, as most object stores of one's own want it. Default: false.",
    ),
  sse: z
    .enum(['AES256', 'aws:kms'], { error: 'must be AES256 or aws:kms' })
    .optional()
    .describe(
      'How the object store encrypts what is written: AES256 or aws:kms. Default: as the bucket says.',
    ),
  kms_key_id: Text.optional().describe('The key of aws:kms. Default: that of the bucket.'),
  cache_size: Size.prefault('10GiB').describe(
    'Limit for local copies below cache.dir of what was read from the bucket. Default: 10GiB, and no more than half of cache.max_size.',
  ),
});

const S3 = S3Keys.refine(({ sse, kms_key_id: key }) => key === undefined || sse === 'aws:kms', {
  path: ['kms_key_id'],
  error: 'is for sse: aws:kms alone',
});

/** `redis://` or `rediss://`, with the number of a database behind the host. */
export const RedisUrl = z.string().refine(
  (text) => {
    if (!URL.canParse(text)) return false;
    const { protocol, hostname, pathname, search, hash, username, password } = new URL(text);
    const isPlace = hostname !== '' && /^\/?\d*$/.test(pathname) && search === '' && hash === '';
    return /^rediss?:$/.test(protocol) && isPlace && isPercentEncoded(username) && isPercentEncoded(password);
  },
  {
    error:
      'must be a URL such as redis://redis.corp:6379/0; in a login, characters such as / @ # and % are written as %2F, %40, %23 and %25',
  },
);

function isPercentEncoded(text: string): boolean {
  try {
    decodeURIComponent(text);
    return true;
  } catch {
    return false;
  }
}

/** `disk`, or where else versions are kept. */
export const Store = z.preprocess(
  (value: unknown) => value ?? 'disk',
  z
    .union(
      [
        z.literal('disk'),
        z.strictObject({
          s3: S3.describe('A bucket of an S3-compatible object store. Credentials: the usual AWS chain.'),
        }),
      ],
      { error: 'must be disk, or s3 with the settings of a bucket' },
    )
    .transform((store) => (store === 'disk' ? { s3: undefined } : store)),
);

/** The settings of a bucket; undefined for `disk`. Local copies take no more than half of what the cache may. */
export function readS3({ s3 }: z.output<typeof Store>, maxSize: number): S3Settings | undefined {
  if (s3 === undefined) return undefined;
  return {
    endpoint: s3.endpoint,
    bucket: s3.bucket,
    prefix: s3.prefix,
    region: s3.region,
    pathStyle: s3.path_style,
    sse: s3.sse,
    kmsKeyId: s3.kms_key_id,
    cacheBytes: Math.min(s3.cache_size, maxSize / 2),
  };
}
