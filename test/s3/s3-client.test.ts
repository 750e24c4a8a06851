import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { openClient } from '../../src/s3/s3-client.js';
import { isSecret } from '../../src/secrets.js';

const SETTINGS = {
  endpoint: undefined,
  bucket: 'b',
  prefix: '',
  region: undefined,
  pathStyle: false,
  sse: undefined,
  kmsKeyId: undefined,
  cacheBytes: 1,
};

beforeEach(() => {
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'an-access-key');
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'a-secret-of-this-test');
  vi.stubEnv('AWS_REGION', undefined);
});
afterEach(() => vi.unstubAllEnvs());

it.each([
  ['the configured one', { endpoint: 'https://s3.corp', region: 'eu-1' }, undefined, 'eu-1'],
  ['that of the environment', { endpoint: 'https://s3.corp' }, 'eu-2', 'eu-2'],
  ['any, for an object store of one’s own', { endpoint: 'https://s3.corp' }, undefined, 'us-east-1'],
  ['that of the environment, for AWS', {}, 'eu-3', 'eu-3'],
])('signs for a region: %s', async (_, settings, variable, region) => {
  if (variable !== undefined) vi.stubEnv('AWS_REGION', variable);
  const { client } = await openClient({ ...SETTINGS, ...settings });
  expect(await client.config.region()).toBe(region);
  client.destroy();
});

it('has the secret key struck out of every text', async () => {
  const { client } = await openClient({ ...SETTINGS, endpoint: 'https://s3.corp' });
  expect(isSecret('a-secret-of-this-test')).toBe(true);
  client.destroy();
});
