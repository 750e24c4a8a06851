/**
 * A bucket that is not what replicas need: one that forgets its conditions, one that takes no writes, and one that was rolled
 * back.
 */
import { execFileSync } from 'node:child_process';
import { readdirSync, rmSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { faultyS3 } from '../../support/relays/faulty-s3.js';
import { missing } from '../../support/requirements.js';
import { S3_LOGIN } from '../../support/hosts/s3-host.js';
import { startServer } from '../../support/server.js';
import { ask } from '../../support/ask.js';
import { MODULES, at, startReplicas, type ReplicaWorld } from './world.js';

const lookup = (name: string, version = 'v1.0.0') =>
  `/sumdb/sum.corp.test/lookup/corp.test/${name}@${version}`;

describe.skipIf(missing('git', 'go', 'nginx', 'redis-server'))('a bucket', () => {
  let world: ReplicaWorld;
  beforeAll(async () => {
    world = await startReplicas();
  });
  afterAll(() => world.stop());

  it('whose object store ignores If-None-Match is found out at the start, and nothing is written', async () => {
    await world.s3.bucket('ignoring');
    const folder = path.join(world.s3.dir, 'ignoring');
    await using ignoring = await faultyS3(world.s3.port);
    // The last writer wins: what is there already is gone before the write arrives.
    ignoring.decide = (request) => {
      const [, key] = /^PUT \/ignoring\/([^?]+)/.exec(request) ?? [];
      if (key !== undefined) rmSync(path.join(folder, key), { recursive: true, force: true }); // MinIO has folders
      return undefined;
    };
    const s3 = { endpoint: ignoring.url, bucket: 'ignoring', path_style: true };
    await using server = await startServer({
      env: S3_LOGIN,
      config: { store: { s3 } },
      vanity: `host: corp.test\npaths:\n  /{name}: ${world.git.url}/{name}.git\n`,
      upPath: '/-/healthz',
    });
    const ready = await ask(server.url, '/-/readyz');
    expect(ready.status).toBe(503);
    expect(ready.text).toContain('it ignores the conditions of writes (If-None-Match)');
    const refused = await ask(server.url, at('m0', 0));
    expect(refused.status).toBeGreaterThanOrEqual(500);
    expect(refused.text).toContain('If-None-Match');
    expect(readdirSync(folder).filter((name) => !name.startsWith('.'))).toEqual([]);
  });

  it('that takes no writes, as the copy in another region, gives what is stored, and go has the rest from the first', async () => {
    const stored = at('m3', 0);
    expect(await world.get(stored)).toBe(200);
    expect((await ask(world.nginx.url, lookup('m3'))).status).toBe(200);
    await using copy = await faultyS3(world.s3.port);
    copy.decide = (request) => (/^(?:PUT|POST|DELETE) /.test(request) ? [403, 'AccessDenied'] : undefined);
    await using far = await world.startReplica(4, { endpoint: copy.url, upPath: '/-/healthz' });

    expect(world.see(stored, await ask(far.url, stored))).toBe(200);
    expect((await ask(far.url, lookup('m3'))).status).toBe(200);
    for (const refused of ['/-/readyz', at('m3', 1), at('m3', 1, 'info')]) {
      const { status, text } = await ask(far.url, refused);
      expect(status, refused).toBeGreaterThanOrEqual(500);
      expect(text).toContain('the credentials have no right to do that');
    }
    await using ann = await world.developer({
      GOPROXY: `${far.url}|${world.nginx.url}`,
      GOSUMDB: `${world.verifier} ${world.nginx.url}/sumdb/sum.corp.test`,
    });
    for (const version of [0, 1]) expect(await ann.download(version, ['m3'])).toMatchObject({ code: 0 });
  });

  it('that was rolled back is refused by the checksum database of each replica that knew more', async () => {
    const folder = path.join(world.s3.dir, 'go-modules');
    const before = path.join(world.s3.dir, 'before');
    const [first, second, third] = world.replicas;
    for (const name of MODULES.slice(0, 2)) {
      expect((await ask(first?.url ?? '', lookup(name))).status).toBe(200);
    }
    execFileSync('cp', ['-a', folder, before]);
    for (const name of MODULES.slice(2)) {
      expect((await ask(second?.url ?? '', lookup(name))).status).toBe(200);
    }
    const root = await ask(third?.url ?? '', '/sumdb/sum.corp.test/latest');
    expect(root.status).toBe(200);

    await rm(folder, { recursive: true });
    execFileSync('cp', ['-a', before, folder]);
    for (const replica of [second, third]) {
      const answer = await ask(replica?.url ?? '', lookup('m0', 'v1.1.0'));
      expect(answer.status).toBeGreaterThanOrEqual(500);
      expect(answer.text).toContain('was rolled back');
    }
  });
});
