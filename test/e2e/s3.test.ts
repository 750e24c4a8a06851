/** Versions in a bucket of a real object store: the server, a new replica, and the bucket as a GOPROXY by itself. */
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Daemon } from '../support/process/daemon.js';
import { repo, type GitRepo } from '../support/git/git-repo.js';
import { goClient } from '../support/go.js';
import { freePort } from '../support/loopback.js';
import { startNginx } from '../support/hosts/nginx-host.js';
import { missing } from '../support/requirements.js';
import { S3_LOGIN, s3Host, type S3Host } from '../support/hosts/s3-host.js';
import { modhaven, startServer, type ModhavenServer } from '../support/server.js';
import { tempDir } from '../support/tmp.js';
import { ask, until } from '../support/ask.js';
import { noise } from '../support/noise.js';

const BUCKET = 'go-modules';
const PREFIX = 'team/modhaven/';
const LIB = 'corp.test/Lib';
const at = '/corp.test/!lib/@v';

describe.skipIf(missing('git', 'go', 'nginx'))('a server with its versions in a bucket', () => {
  let root: string;
  let lib: GitRepo;
  let s3: S3Host;
  let server: ModhavenServer;

  const store = () => ({
    s3: { endpoint: s3.url, bucket: BUCKET, prefix: PREFIX, path_style: true, region: 'us-east-1' },
  });
  const options = (dir?: string) => ({
    ...(dir !== undefined && { dir }),
    env: S3_LOGIN,
    config: { store: store(), refresh: '1s' },
    vanity: `host: corp.test\npaths:\n  /Lib: ${root}/Lib.git\n`,
  });
  const statusOf = async (url: string, of = server) => (await ask(of.url, url)).status;

  beforeAll(async () => {
    root = await tempDir('repos');
    lib = await repo(path.join(root, 'Lib.git'));
    lib.write({ 'go.mod': `module ${LIB}\n`, 'lib.go': 'package lib\n', 'data.bin': noise(2_000_000) });
    await lib.commit('first');
    await lib.manyTags(['v1.0.0', 'v1.1.0']);
    s3 = await s3Host();
    await s3.bucket(BUCKET);
    server = await startServer(options());
  });
  afterAll(async () => {
    await server.stop();
    await s3.stop();
  });

  it('gives a real go what it stores there, and the bucket behind a web server does, too', async () => {
    await using go = await goClient({ GOPROXY: server.url });
    const { Sum, GoModSum } = await go.downloadJson(`${LIB}@v1.0.0`);
    expect(Sum).toMatch(/^h1:/);
    await go.downloadJson(`${LIB}@v1.1.0`);

    await makePublic(s3.url);
    await using web = await nginxBefore(`${s3.url}/${BUCKET}/${PREFIX}`);
    await using other = await goClient({ GOPROXY: web.url });
    expect(await other.versions(LIB)).toEqual(['v1.0.0', 'v1.1.0']);
    expect(await other.downloadJson(`${LIB}@v1.0.0`)).toMatchObject({ Sum, GoModSum });
    expect(await other.downloadJson(`${LIB}@latest`)).toMatchObject({ Version: 'v1.1.0' });
  });

  it('keeps no version below cache.dir but local copies', async () => {
    expect(await readdir(server.cacheDir)).not.toContain('download');
    expect(await readdir(path.join(server.cacheDir, 'copies'))).toHaveLength(1);
  });

  it('answers ranges and validators as a disk does', async () => {
    const whole = await ask(server.url, `${at}/v1.0.0.zip`);
    const part = await ask(server.url, `${at}/v1.0.0.zip`, { headers: { range: 'bytes=1000-1999' } });
    expect([part.status, part.bytes.equals(whole.bytes.subarray(1_000, 2_000))]).toEqual([206, true]);
    const { etag = '' } = whole.headers as Record<string, string>;
    expect(await ask(server.url, `${at}/v1.0.0.zip`, { headers: { 'if-none-match': etag } })).toMatchObject({
      status: 304,
    });
  });

  it('a new replica serves all of it without the git host', async () => {
    const env = { ...options(), vanity: 'host: corp.test\npaths:\n  /Lib: http://127.0.0.1:9/Lib.git\n' };
    await using replica = await startServer(env);
    const parts = ['v1.0.0.info', 'v1.0.0.mod', 'v1.0.0.zip', 'list'];
    for (const part of parts) {
      const [here, there] = [await ask(server.url, `${at}/${part}`), await ask(replica.url, `${at}/${part}`)];
      expect([there.status, there.bytes.equals(here.bytes)], part).toEqual([200, true]);
    }
  });

  it('a purge holds on every replica, and other content is refused on each', async () => {
    await using replica = await startServer(options());
    expect(await statusOf(`${at}/v1.1.0.zip`, replica)).toBe(200);
    lib.write({ 'lib.go': 'package lib // another\n' });
    await lib.commit('second');
    await lib.git('tag', '-f', 'v1.1.0', 'main');
    // What the tag was is known for so long as `refresh` says, and that content may come back.
    await sleep(1_100);
    const purged = await modhaven(['purge', '--config', server.configFile, '--yes', `${LIB}@v1.1.0`], {
      env: S3_LOGIN,
    });
    expect(purged).toMatchObject({ code: 0 });
    for (const each of [server, replica]) {
      expect(
        await until(
          () => statusOf(`${at}/v1.1.0.zip`, each),
          (status) => status === 403,
        ),
      ).toBe(403);
    }
  });

  it('is not ready while the object store is away, serves what it has, and comes back by itself', async () => {
    await s3.stop();
    const ready = () => ask(server.url, '/-/readyz');
    const down = await until(ready, ({ status }) => status === 503);
    expect(down.text).toContain(
      `the bucket ${BUCKET} at ${s3.url} cannot be used: nothing listens at its address`,
    );
    expect(await statusOf(`${at}/v1.0.0.zip`)).toBe(200);
    const { port, dir } = s3;
    s3 = await s3Host({ port, dir });
    expect((await until(ready, ({ status }) => status === 200)).status).toBe(200);
    expect(server.logs()).not.toContain(S3_LOGIN.AWS_SECRET_ACCESS_KEY);
  });
});

/** Lets everybody read the bucket, as an admin does who puts a web server before it. */
async function makePublic(endpoint: string): Promise<void> {
  const { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey } = S3_LOGIN;
  process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = 'true';
  const { PutBucketPolicyCommand, S3Client } = await import('@aws-sdk/client-s3');
  const client = new S3Client({
    endpoint,
    region: 'us-east-1',
    forcePathStyle: true,
    credentials: { accessKeyId, secretAccessKey },
  });
  const Policy = JSON.stringify({
    Version: '2012-10-17',
    Statement: [
      { Effect: 'Allow', Principal: '*', Action: 's3:GetObject', Resource: `arn:aws:s3:::${BUCKET}/*` },
    ],
  });
  await client.send(new PutBucketPolicyCommand({ Bucket: BUCKET, Policy }));
  client.destroy();
}

async function nginxBefore(target: string): Promise<Daemon & { url: string }> {
  const port = await freePort();
  const daemon = await startNginx(`events {}
http {
  access_log off;
  server {
    listen 127.0.0.1:${port};
    location / { proxy_pass ${target}; }
  }
}
`);
  return { ...daemon, url: `http://127.0.0.1:${port}` };
}
