/**
 * A real S3 server over a folder, which keeps to conditional writes: versitygw, built once by the go command, or, with
 * `MODHAVEN_TEST_S3=minio`, the MinIO that is installed.
 */
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import type { S3Settings } from '../../../src/s3/bucket.js';
import { startDaemon, type Daemon } from '../process/daemon.js';
import { answersOk, freePort } from '../loopback.js';
import { programPath } from '../requirements.js';
import { mustRun } from '../run.js';
import { cachedDir } from '../test-cache.js';
import { tempDir } from '../tmp.js';

/** The version that is built where there is none installed. */
const VERSION = 'v1.8.0';

/** What the server knows of logins, for the environment of a client. */
export const S3_LOGIN = {
  AWS_ACCESS_KEY_ID: 'test-access',
  AWS_SECRET_ACCESS_KEY: 'test-secret-key',
} as const;

export interface S3Host extends Daemon {
  /** `http://127.0.0.1:PORT` */
  readonly url: string;
  readonly port: number;
  /** Where the buckets are folders. */
  readonly dir: string;
  /** Makes a bucket, and answers with what reaches it. */
  bucket(name: string, prefix?: string): Promise<S3Settings>;
}

export interface S3HostOptions {
  port?: number;
  dir?: string;
  /** Default: what `MODHAVEN_TEST_S3` says, else versitygw. MinIO takes too long to be built by the tests. */
  program?: S3Program;
}

export type S3Program = 'versitygw' | 'minio';

/** Starts the server. Needs go, or versitygw; or minio. */
export async function s3Host(options: S3HostOptions = {}): Promise<S3Host> {
  const isMinio = (options.program ?? chosenProgram()) === 'minio';
  const program = isMinio ? (programPath('minio') ?? 'minio') : await versitygw();
  const dir = options.dir ?? (await tempDir('s3'));
  const port = options.port ?? (await freePort());
  const { AWS_ACCESS_KEY_ID: ROOT_ACCESS_KEY, AWS_SECRET_ACCESS_KEY: ROOT_SECRET_KEY } = S3_LOGIN;
  const address = `127.0.0.1:${port}`;
  const daemon = isMinio
    ? await startDaemon(program, ['server', '--quiet', '--address', address, dir], {
        env: { MINIO_ROOT_USER: ROOT_ACCESS_KEY, MINIO_ROOT_PASSWORD: ROOT_SECRET_KEY },
        isReady: () => answersOk(port, '/minio/health/ready'),
      })
    : await startDaemon(program, ['--port', address, '--health', '/health', '--quiet', 'posix', dir], {
        env: { ROOT_ACCESS_KEY, ROOT_SECRET_KEY },
        isReady: () => answersOk(port, '/health'),
      });
  const url = `http://127.0.0.1:${port}`;
  return {
    ...daemon,
    url,
    port,
    dir,
    async bucket(name, prefix = '') {
      await mkdir(path.join(dir, name), { recursive: true });
      return settingsOf(url, name, prefix);
    },
  };
}

/** Which server the tests run with. */
export function chosenProgram(): S3Program {
  const name = process.env.MODHAVEN_TEST_S3 ?? 'versitygw';
  if (name !== 'versitygw' && name !== 'minio') {
    throw new Error(`MODHAVEN_TEST_S3 names no S3 server: ${name}`);
  }
  return name;
}

/** Settings for a bucket at `endpoint`. */
export function settingsOf(endpoint: string, bucket: string, prefix = ''): S3Settings {
  return {
    endpoint,
    bucket,
    prefix,
    region: 'us-east-1',
    pathStyle: true,
    sse: undefined,
    kmsKeyId: undefined,
    cacheBytes: 64 * 1024 * 1024,
  };
}

/** Gives the SDK in this process the login of the server. */
export function useS3Login(): void {
  Object.assign(process.env, S3_LOGIN);
}

async function versitygw(): Promise<string> {
  const installed = programPath('versitygw');
  if (installed !== undefined) return installed;
  const dir = await cachedDir(`versitygw-${VERSION}`, async (draft) => {
    // Downloaded with the settings of the account that runs the tests: they know the way to modules here.
    const env = { ...process.env, GOBIN: draft, CGO_ENABLED: '0' };
    await mustRun('go', ['install', `github.com/versity/versitygw/cmd/versitygw@${VERSION}`], {
      env,
      timeoutMs: 600_000,
    });
  });
  return path.join(dir, 'versitygw');
}
