/** The keys that say where versions are kept, and what replicas share beside that. */
import { z } from 'zod';
import type { S3Settings } from '../s3/bucket.js';
import { Size, Text } from './schema-values.js';

const EndpointUrl = z
  .string()
  .refine((text) => URL.canParse(text) && /^https?:$/.test(new URL(text).protocol), {
    error: 'must be an http or https URL such as https://s3.corp',
  });

const S3 = z.strictObject({
  endpoint: EndpointUrl.optional().describe(
    'The object store, such as https://s3.corp. Default: AWS, by region.',
  ),
  bucket: Text.describe(
    'The bucket. It has to be there, and to keep to conditional writes (If-None-Match, If-Match).',
  ),
  prefix: z
    .string()
    .default('')
    .transform((prefix) => (prefix === '' || prefix.endsWith('/') ? prefix : `${prefix}/`))
    .describe('Before the key of every object, such as modhaven/. Default: nothing.'),
  region: Text.optional().describe('The region. Default: AWS_REGION, or us-east-1 with an endpoint.'),
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

/** `redis://` or `rediss://`. */
export const RedisUrl = z
  .string()
  .refine((text) => URL.canParse(text) && /^rediss?:$/.test(new URL(text).protocol), {
    error: 'must be a URL such as redis://redis.corp:6379/0',
  });

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
