/** What an unknown client can have a server keep of public modules is bounded, and a removed release comes back as it was. */
import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { modhaven, startServer, type ModhavenServer } from '../../support/server.js';
import { fakeUpstream, send, zipOf, type FakeUpstream } from '../../upstream/fake-upstream.js';
import { ask } from '../../support/ask.js';

const KIB = 1024;
const RELEASE = '/public.example/kept/@v/v1.0.0';
/** Each list has 40 KiB; no build asks for so many modules by chance. */
const LISTS = 60;

describe('what upstreams said', () => {
  let upstream: FakeUpstream;
  let server: ModhavenServer;

  async function releaseWith(content: string): Promise<void> {
    const info = Buffer.from('{"Version":"v1.0.0","Time":"2024-01-02T03:04:05Z"}');
    upstream.answers[`${RELEASE}.info`] = send(info);
    upstream.answers[`${RELEASE}.mod`] = send(Buffer.from('module public.example/kept\n'));
    upstream.answers[`${RELEASE}.zip`] = send(await zipOf('public.example/kept@v1.0.0', content));
  }

  beforeAll(async () => {
    upstream = await fakeUpstream();
    await releaseWith('package kept\n');
    const list = Buffer.from(Array.from({ length: 4000 }, (_, n) => `v1.0.${n}\n`).join(''));
    for (let n = 0; n < LISTS; n += 1) upstream.answers[`/public.example/m${n}/@v/list`] = send(list);
    server = await startServer({ config: { upstream: upstream.url, cache: { memory: 0 } } });
  });
  afterAll(async () => {
    await server.stop();
    await upstream.stop();
  });

  const gc = async (size: string) => {
    const args = ['gc', '--json', '--max-size', size, '--config', server.configFile];
    return JSON.parse((await modhaven(args)).stdout) as {
      isWithin: boolean;
      after: number;
      answers: unknown[];
    };
  };
  const bytesBelow = async (dir: string): Promise<number> => {
    const entries = await readdir(dir, { recursive: true, withFileTypes: true });
    const files = entries.filter((entry) => entry.isFile());
    const sizes = await Promise.all(files.map((file) => stat(path.join(file.parentPath, file.name))));
    return sizes.reduce((sum, { size }) => sum + size, 0);
  };

  it('makes room beside a running server, which asks again for what went', async () => {
    for (let n = 0; n < LISTS; n += 1) {
      expect((await ask(server.url, `/public.example/m${n}/@v/list`)).status).toBe(200);
    }
    expect(await bytesBelow(server.cacheDir)).toBeGreaterThan(1024 * KIB);
    const { isWithin, answers } = await gc('500KiB');
    expect(isWithin).toBe(true);
    expect(answers.length).toBeGreaterThan(0);
    expect(answers.length).toBeLessThan(LISTS);
    expect(await bytesBelow(server.cacheDir)).toBeLessThan(500 * KIB);
    expect((await gc('1')).answers.length).toBeGreaterThan(0);
    expect(await readdir(path.join(server.cacheDir, 'upstream'))).toEqual([]);
    expect((await ask(server.url, '/public.example/m0/@v/list')).status).toBe(200);
  });

  it('does not change a release that was served, removed and asked for again', async () => {
    const first = await ask(server.url, `${RELEASE}.zip`);
    expect(first.status).toBe(200);
    await gc('1');
    await releaseWith('package changed\n');
    const { status, text } = await ask(server.url, `${RELEASE}.zip`);
    expect([status, text]).toEqual([
      403,
      expect.stringContaining('was removed to make room; then it was h1:'),
    ]);
    await releaseWith('package kept\n');
    const again = await ask(server.url, `${RELEASE}.zip`);
    expect([again.status, again.bytes]).toEqual([200, first.bytes]);
  });
});
