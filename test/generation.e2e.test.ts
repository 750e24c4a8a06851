/** Edits of `store` and `sumdb` under a running server: what was begun ends with the old ones, what comes then has the new. */
import { rename, writeFile } from 'node:fs/promises';
import http from 'node:http';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ask, logged, until } from './support/ask.js';
import { missing } from './support/requirements.js';
import { S3_LOGIN, s3Host, type S3Host } from './support/hosts/s3-host.js';
import { modhaven, startServer, type ModhavenServer } from './support/server.js';
import { makeVersion, writeProxyTree } from './support/stores/versions.js';

const at = (name: string, kind = 'mod') => `/ex.test/${name}/@v/v1.0.0.${kind}`;

describe.skipIf(missing('go')).each([1, 2])('a server with workers: %s', (workers) => {
  let s3: S3Host;
  let server: ModhavenServer;
  const bucket = () => ({ s3: { endpoint: s3.url, bucket: 'go-modules', path_style: true } });

  beforeAll(async () => {
    s3 = await s3Host();
    await s3.bucket('go-modules');
    server = await startServer({ config: { workers }, env: S3_LOGIN });
    await importInto('disk.yaml', {}, 'here');
    await importInto('s3.yaml', { store: bucket() }, 'there');
  });
  afterAll(async () => {
    await server.stop();
    await s3.stop();
  });

  /** Puts a version into the store that a configuration beside that of the server names. */
  async function importInto(config: string, content: object, name: string): Promise<void> {
    const [tree, file] = [path.join(server.dir, name), path.join(server.dir, config)];
    await writeProxyTree(tree, await makeVersion(`ex.test/${name}`, 'v1.0.0'));
    await writeFile(file, JSON.stringify({ vanity: './vanity.yaml', ...content }));
    const { code, stderr } = await modhaven(['import', '--config', file, tree], { env: S3_LOGIN });
    expect([code, stderr]).toEqual([0, '']);
  }
  const statusOf = async (name: string) => (await ask(server.url, at(name))).status;
  /** All of several connections, which different workers may accept. */
  const statuses = async (name: string) =>
    new Set(await Promise.all(Array.from({ length: 8 }, () => statusOf(name))));
  const store = async () =>
    (JSON.parse((await ask(server.url, '/-/status')).text) as { store: { place: string } }).store.place;
  const edit = (config: Record<string, unknown>) => server.writeConfig({ workers, ...config });
  /** Resolves when every answer is that of the store that has `name`. */
  async function hasOnly(name: string, other: string): Promise<void> {
    const isSo = (all: Set<number>[]) => JSON.stringify(all.map((each) => [...each])) === '[[200],[404]]';
    const seen = await until(async () => [await statuses(name), await statuses(other)], isSo);
    expect(seen).toEqual([new Set([200]), new Set([404])]);
  }

  it('answers from the store of the settings, whichever it is, over connections that are kept', async () => {
    expect([await statusOf('here'), await statusOf('there'), await store()]).toEqual([200, 404, 'disk']);
    const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
    const failures: string[] = [];
    const isOver = new AbortController();
    const builds = (async () => {
      while (!isOver.signal.aborted) {
        await kept(`${server.url}/-/healthz`, agent).catch((error: unknown) => failures.push(String(error)));
      }
    })();
    await edit({ store: bucket() });
    await hasOnly('there', 'here');
    expect(await store()).toBe(`bucket go-modules at ${s3.url}`);
    await edit({});
    await hasOnly('here', 'there');
    isOver.abort();
    await builds;
    agent.destroy();
    expect(failures).toEqual([]);
  });

  it('keeps what it has where the checksum database of an edit cannot be used, says so, and takes the next edit', async () => {
    await edit({ sumdb: { name: 'sum.test', key_file: './missing' }, store: bucket() });
    await logged(server, 'store and sumdb stay as they were');
    const { text } = await ask(server.url, '/-/status');
    expect((JSON.parse(text) as { config: { error: string } }).config.error).toContain('missing');
    expect(await statusOf('here')).toBe(200);
    const key = path.join(server.dir, 'key');
    expect(await modhaven(['sumdb', 'keygen', '--name', 'sum.test', '--out', key])).toMatchObject({
      code: 0,
    });
    await edit({ sumdb: { name: 'sum.test', key_file: './key' } });
    const latest = () => ask(server.url, '/sumdb/sum.test/latest');
    expect((await until(latest, ({ status }) => status === 200)).text).toContain('go.sum database tree');
    expect((await ask(server.url, '/-/env')).text).toContain('GOSUMDB');
    await edit({});
    await until(latest, ({ status }) => status !== 200);
    expect((await ask(server.url, '/-/env')).text).not.toContain('sum.test');
  });

  it('is not ready over a bucket that cannot be used, says why, and is once it can', async () => {
    const folder = path.join(s3.dir, 'go-modules');
    await rename(folder, `${folder}-away`);
    await edit({ store: bucket() });
    const ready = () => ask(server.url, '/-/readyz');
    const { text } = await until(ready, ({ status }) => status === 503);
    expect(text).toContain('there is no such bucket');
    const zip = () => ask(server.url, at('there', 'zip')).then(({ status }) => status);
    expect(await zip()).toBeGreaterThanOrEqual(500);
    await rename(`${folder}-away`, folder);
    expect((await until(ready, ({ status }) => status === 200)).status).toBe(200);
    expect(await zip()).toBe(200);
  });
});

async function kept(url: string, agent: http.Agent): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const request = http.get(url, { agent }, (response) => {
      response.resume().on('end', () => resolve());
      if (response.statusCode !== 200) reject(new Error(String(response.statusCode)));
    });
    request.on('error', (error: NodeJS.ErrnoException & { reusedSocket?: boolean }) => {
      // What every client does with a kept connection that ended before its request arrived.
      if (request.reusedSocket) kept(url, agent).then(resolve, reject);
      else reject(error);
    });
  });
}
