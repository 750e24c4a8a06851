/** Public modules, toolchains and checksum data through a running server, to a real `go` that verifies them. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { goClient, type GoClient } from '../support/go.js';
import { COLLECTING, peakMemory } from '../support/process/memory.js';
import { publicProxy } from '../support/hosts/public-proxy.js';
import { missing } from '../support/requirements.js';
import type { Env } from '../support/run.js';
import { startServer, type ModhavenServer } from '../support/server.js';
import { tempDir } from '../support/tmp.js';

const proxy = missing('go') ? undefined : publicProxy();
const MODULES = ['rsc.io/quote@v1.5.2', 'golang.org/x/text@v0.14.0'];
const VERIFYING = { GOSUMDB: 'sum.golang.org', GONOSUMDB: '', GOPRIVATE: '' };

describe.skipIf(proxy === undefined)('public modules', () => {
  let dir: string;
  let server: ModhavenServer;

  /** A server that keeps the cache of the one before. */
  const serve = (upstream = proxy?.url, env: Env = {}) =>
    startServer({ dir, config: { upstream }, env: { ...proxy?.env, ...env } });

  beforeAll(async () => {
    dir = await tempDir('public');
    server = await serve();
  });
  afterAll(() => server.stop());

  async function sums(client: GoClient): Promise<string> {
    const result = await client.run('get', ...MODULES);
    expect(result.stderr).not.toMatch(/SECURITY|verifying/);
    expect(result).toMatchObject({ code: 0 });
    return readFile(join(client.dir, 'go.sum'), 'utf8');
  }

  it('come verified by the public checksum database, and again without another server', async () => {
    await using online = await goClient({ GOPROXY: server.url, ...VERIFYING });
    const verified = await sums(online);
    expect(verified).toContain('rsc.io/quote v1.5.2 h1:w5fcysjrx7yqtD/aO+QwRjYZOKnaM9Uh2b40tElTs3Y=');

    await server.stop();
    server = await serve('off');
    await using offline = await goClient({ GOPROXY: server.url, ...VERIFYING });
    expect(await sums(offline)).toBe(verified);
    expect(await offline.versions('golang.org/x/text')).toEqual(['v0.14.0']);
    expect((await offline.listJson('rsc.io/quote@latest'))[0]).toMatchObject({ Version: 'v1.5.2' });
    const unknown = await offline.downloadJson('golang.org/x/text@v0.13.0');
    expect(unknown.Error).toContain('is not in the cache');
  });

  it('come from an exported tree as well, checksum data included', async () => {
    const tree = new URL(`file://${join(server.cacheDir, 'download')}`).href;
    const second = await startServer({ config: { upstream: tree } });
    try {
      await using client = await goClient({ GOPROXY: second.url, ...VERIFYING, GONOSUMDB: '*' });
      await sums(client);
    } finally {
      await second.stop();
    }
  });

  it.skipIf(process.platform !== 'linux')('may be a toolchain', async () => {
    await server.stop();
    server = await serve(proxy?.url, { NODE_OPTIONS: COLLECTING });
    await using client = await goClient({ GOPROXY: server.url, ...VERIFYING, GOTOOLCHAIN: 'go1.25.0' });
    const result = await client.run('version');
    expect(result.stderr).toContain('downloading go1.25.0');
    expect(result.stdout).toContain('go version go1.25.0');
    expect(await peakMemory(server.pid)).toBeLessThan(MAX_MEMORY);
  });
});

/** MiB of resident memory that may be held for all of this: 164 are, and 80 at rest. The zip has 61, its content 250. */
const MAX_MEMORY = 200;
