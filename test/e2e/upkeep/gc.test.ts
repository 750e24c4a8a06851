/** `cache.max_size` while clients go on asking: what is served stays whole, and all say the same of what may go. */
import { existsSync } from 'node:fs';
import { randomBytes } from 'node:crypto';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { repo } from '../../support/git/git-repo.js';
import { missing } from '../../support/requirements.js';
import { modhaven, startServer, type ModhavenServer } from '../../support/server.js';
import { tempDir } from '../../support/tmp.js';
import { fakeUpstream, send, zipOf, type FakeUpstream } from '../../upstream/fake-upstream.js';
import { ask, until } from '../../support/ask.js';

const MIB = 2 ** 20;
const LIMIT = 6 * MIB;
const MODULES = Array.from({ length: 12 }, (_, n) => `public.example/m${n}`);
const PRIVATE = '/gc.example/lib/@v/v1.0.0.zip';

interface CacheStatus {
  bytes?: number;
  limit?: number;
  maxBytes: number;
  wouldRemove?: number;
  at?: string;
}

describe.skipIf(missing('git'))('cache.max_size under load', () => {
  let upstream: FakeUpstream;
  let server: ModhavenServer;
  const zips = new Map<string, Buffer>();

  beforeAll(async () => {
    upstream = await fakeUpstream();
    for (const module of MODULES) {
      const zip = await zipOf(`${module}@v1.0.0`, randomBytes(MIB), 'data');
      zips.set(module, zip);
      const base = `/${module}/@v/v1.0.0`;
      upstream.answers[`${base}.info`] = send(
        Buffer.from('{"Version":"v1.0.0","Time":"2024-01-02T03:04:05Z"}'),
      );
      upstream.answers[`${base}.mod`] = send(Buffer.from(`module ${module}\n`));
      upstream.answers[`${base}.zip`] = send(zip);
    }
    const root = await tempDir('gc-homes');
    const made = await repo(path.join(root, 'lib.git'));
    await made.write({ 'go.mod': 'module gc.example/lib\n' }).commit('one');
    await made.tag('v1.0.0');
    server = await startServer({
      config: { upstream: upstream.url, cache: { dir: './data', max_size: '6MiB', memory: 0 } },
      vanity: { host: 'gc.example', paths: { '/{name}': `${root}/{name}.git` } },
    });
    expect((await ask(server.url, PRIVATE)).status).toBe(200);
  });
  afterAll(async () => {
    await server.stop();
    await upstream.stop();
  });

  const status = async (): Promise<CacheStatus> =>
    (JSON.parse((await ask(server.url, '/-/status')).text) as { cache: CacheStatus }).cache;

  it('is kept while clients ask for more than fits, each answer whole, and no private version goes', async () => {
    let isOver = false;
    const wrong: string[] = [];
    const client = async (start: number): Promise<void> => {
      for (let n = start; !isOver; n += 1) {
        const module = MODULES[n % MODULES.length] ?? '';
        const { status: code, bytes } = await ask(server.url, `/${module}/@v/v1.0.0.zip`);
        if (code !== 200 || !bytes.equals(zips.get(module) ?? bytes)) wrong.push(`${module}: ${code}`);
      }
    };
    const clients = [0, 3, 6, 9].map(client);
    const fetched = (): number => upstream.asked.filter((asked) => asked.endsWith('.zip')).length;
    // More than once each: some were removed meanwhile, and fetched again.
    const zipsFetched = await until(fetched, (count) => count > MODULES.length, 60_000);
    isOver = true;
    await Promise.all(clients);
    expect(wrong).toEqual([]);
    expect(zipsFetched).toBeGreaterThan(MODULES.length);
    expect(existsSync(path.join(server.cacheDir, 'download', PRIVATE))).toBe(true);
  });

  it('is told alike by the server and by gc --dry-run', async () => {
    // A look that has begun before may not have seen the last zip; they are ten seconds apart.
    const quietSince = Date.now() + 5_000;
    const seen = await until(
      status,
      ({ at, bytes = Infinity }) => Date.parse(at ?? '') > quietSince && bytes <= LIMIT,
      60_000,
    );
    expect(seen).toMatchObject({ maxBytes: LIMIT, limit: LIMIT, wouldRemove: 0 });
    const { stdout } = await modhaven(['gc', '--dry-run', '--json', '--config', server.configFile]);
    const { after, ...told } = JSON.parse(stdout) as { after: number };
    expect(told).toMatchObject({ isWithin: true, maxBytes: LIMIT, limit: LIMIT, mirrors: [], versions: [] });
    // Uses are noted meanwhile, in some bytes.
    expect(Math.abs(after - (seen.bytes ?? 0))).toBeLessThan(64 * 1024);
  });
});
