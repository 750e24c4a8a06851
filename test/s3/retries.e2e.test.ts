import { createServer } from 'node:http';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { RetriesPerRequest } from '../../src/s3/retries.js';
import { MAX_ATTEMPTS, openClient } from '../../src/s3/s3-client.js';
import { listenOnLoopback, type LoopbackHost } from '../support/loopback.js';

const SETTINGS = {
  bucket: 'b',
  prefix: '',
  region: undefined,
  pathStyle: true,
  sse: undefined,
  kmsKeyId: undefined,
  cacheBytes: 1,
};

describe('a wait before a request is sent again', () => {
  const retries = new RetriesPerRequest(4);
  afterEach(() => vi.restoreAllMocks());

  async function waits(
    errorType: 'TRANSIENT' | 'THROTTLING' | 'SERVER_ERROR' | 'CLIENT_ERROR',
    retryAfterHint?: Date,
  ): Promise<number[]> {
    const all: number[] = [];
    let token = await retries.acquireInitialRetryToken();
    try {
      for (;;) {
        token = await retries.refreshRetryTokenForRetry(token, {
          errorType,
          ...(retryAfterHint && { retryAfterHint }),
        });
        all.push(token.getRetryDelay());
      }
    } catch {
      return all;
    }
  }

  it('grows, and is longer for a store that has too much to do', async () => {
    vi.spyOn(Math, 'random').mockReturnValue(0.5);
    expect(await waits('TRANSIENT')).toEqual([25, 50, 100]);
    expect(await waits('THROTTLING')).toEqual([125, 250, 500]);
  });

  it('is what the store asks for, up to two seconds', async () => {
    vi.spyOn(Date, 'now').mockReturnValue(1_000_000);
    expect(await waits('THROTTLING', new Date(1_001_500))).toEqual([1_500, 1_500, 1_500]);
    expect(await waits('THROTTLING', new Date(1_600_000))).toEqual([2_000, 2_000, 2_000]);
  });

  it.each(['SERVER_ERROR', 'CLIENT_ERROR'] as const)('is none after %s', async (errorType) => {
    expect(await waits(errorType)).toEqual([]);
  });
});

/** Their retries are three times what the SDK's own quota holds. */
const REQUESTS = 100;

describe('a store that refuses many requests', () => {
  let [host, requests, failures] = [undefined as LoopbackHost | undefined, 0, 0];
  beforeEach(async () => {
    vi.stubEnv('AWS_ACCESS_KEY_ID', 'key');
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'secret-of-retries');
    [requests, failures] = [0, 0];
    const server = createServer((_, response) => {
      requests += 1;
      if (failures > 0) {
        failures -= 1;
        response.writeHead(503, { 'content-type': 'application/xml' });
        response.end('<Error><Code>SlowDown</Code></Error>');
      } else {
        response.writeHead(200, { 'content-length': '0' }).end();
      }
    });
    host = await listenOnLoopback(server);
  });
  afterEach(async () => {
    vi.unstubAllEnvs();
    await host?.stop();
  });

  it('is asked again for each of them, however many were refused before', async () => {
    vi.spyOn(Math, 'random').mockReturnValue(0.001);
    const { sdk, client } = await openClient({ ...SETTINGS, endpoint: `http://127.0.0.1:${host?.port}` });
    const head = (): Promise<unknown> => client.send(new sdk.HeadObjectCommand({ Bucket: 'b', Key: 'k' }));
    failures = REQUESTS * MAX_ATTEMPTS;
    for (let i = 0; i < REQUESTS; i += 1) {
      await expect(head()).rejects.toMatchObject({
        $metadata: { httpStatusCode: 503, attempts: MAX_ATTEMPTS },
      });
    }
    expect(requests).toBe(REQUESTS * MAX_ATTEMPTS);
    failures = MAX_ATTEMPTS - 1;
    await expect(head()).resolves.toMatchObject({
      $metadata: { httpStatusCode: 200, attempts: MAX_ATTEMPTS },
    });
    vi.restoreAllMocks();
    client.destroy();
  });
});
