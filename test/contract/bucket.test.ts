import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe } from 'vitest';
import { S3Bucket } from '../../src/s3/s3-bucket.js';
import { MemoryBucket } from '../support/stores/memory-bucket.js';
import { missing, programPath } from '../support/requirements.js';
import { s3Host, useS3Login, type S3Host } from '../support/hosts/s3-host.js';
import { bucketContract } from './bucket.js';

bucketContract({ name: 'memory', open: () => Promise.resolve(new MemoryBucket()) });

describe.skipIf(missing('go'))('a real object store', () => {
  let host: S3Host;
  beforeAll(async () => {
    useS3Login();
    host = await s3Host();
  });
  afterAll(() => host.stop());

  bucketContract({ name: 's3', open: async () => new S3Bucket(await host.bucket(randomUUID())) });
  bucketContract({
    name: 's3 below a prefix',
    open: async () => new S3Bucket(await host.bucket(randomUUID(), 'go/modules/')),
  });
});

// `go install github.com/minio/minio@latest` takes ten minutes of two processors: it is tried where there is one.
describe.skipIf(programPath('minio') === undefined)('MinIO', () => {
  let host: S3Host;
  beforeAll(async () => {
    useS3Login();
    host = await s3Host({ program: 'minio' });
  });
  afterAll(() => host.stop());

  bucketContract({ name: 'MinIO', open: async () => new S3Bucket(await host.bucket(randomUUID(), 'go/')) });
});
