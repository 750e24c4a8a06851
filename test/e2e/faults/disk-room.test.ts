/** What a server does on a disk that is nearly full: it removes what it may before it refuses, and refuses before the disk is full. */
import { randomBytes } from 'node:crypto';
import { mkdir, rm, statfs, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { repo } from '../../support/git/git-repo.js';
import { missing } from '../../support/requirements.js';
import { mustRun, run } from '../../support/run.js';
import { startServer, type ModhavenServer } from '../../support/server.js';
import { tempDir } from '../../support/tmp.js';
import { fakeUpstream, send, zipOf, type FakeUpstream } from '../../upstream/fake-upstream.js';
import { ask, until, type Answer } from '../../support/ask.js';

const MIB = 2 ** 20;
/** The reserve is 2 MiB then, and half of it takes two zips more. */
const DISK = 40 * MIB;
const ZIP = 400 * 1024;
/** More than the disk holds. */
const PUBLIC = Array.from({ length: 120 }, (_, n) => `public.example/m${n}`);

describe.skipIf(missing('git') || process.getuid?.() !== 0 || missing('mount-namespace'))(
  'a disk that is nearly full',
  () => {
    let upstream: FakeUpstream;
    let server: ModhavenServer;
    let filler: string;
    const get = (url: string): Promise<Answer> => ask(server.url, url);
    const soon = (url: string, status: number): Promise<Answer> =>
      until(
        () => get(url),
        (answer) => answer.status === status,
      );
    const diskError = async (): Promise<string | undefined> => {
      const { text } = await get('/-/status');
      return (JSON.parse(text) as { cache: { disk: { error?: string } } }).cache.disk.error;
    };
    const freeBytes = async (): Promise<number> => {
      const { bavail, bsize } = await statfs(server.cacheDir);
      return bavail * bsize;
    };

    beforeAll(async () => {
      upstream = await fakeUpstream();
      for (const module of PUBLIC) {
        const base = `/${module}/@v/v1.0.0`;
        upstream.answers[`${base}.info`] = send(
          Buffer.from('{"Version":"v1.0.0","Time":"2024-01-02T03:04:05Z"}'),
        );
        upstream.answers[`${base}.mod`] = send(Buffer.from(`module ${module}\n`));
        upstream.answers[`${base}.zip`] = send(await zipOf(`${module}@v1.0.0`, randomBytes(ZIP), 'data'));
      }
      const root = await tempDir('homes');
      for (const name of ['a', 'b']) {
        const made = await repo(path.join(root, `${name}.git`));
        await made.write({ 'go.mod': `module room.example/${name}\n` }).commit('one');
        await made.tag('v1.0.0');
      }
      const dir = await tempDir('room');
      await mkdir(path.join(dir, 'data'));
      await mustRun('mount', ['-t', 'tmpfs', '-o', `size=${DISK}`, 'none', path.join(dir, 'data')]);
      filler = path.join(dir, 'data', 'filler');
      server = await startServer({
        dir,
        config: { upstream: upstream.url, refresh: '1s', workers: 2 },
        vanity: { host: 'room.example', paths: { '/{name}': `${root}/{name}.git` } },
      });
      expect((await get('/room.example/a/@v/v1.0.0.zip')).status).toBe(200);
    });
    afterAll(async () => {
      await server.stop();
      await run('umount', ['-l', server.cacheDir]);
      await upstream.stop();
    });

    it('has room made by what may be removed, and refuses nothing while that is enough', async () => {
      for (const module of PUBLIC) {
        const { status, text } = await get(`/${module}/@v/v1.0.0.zip`);
        expect([module, status, status === 200 ? '' : text]).toEqual([module, 200, '']);
      }
      expect(await freeBytes()).toBeGreaterThan(0);
      expect((await get('/room.example/a/@v/v1.0.0.zip')).status).toBe(200);
    });

    it('fetches nothing new where nothing more may be removed, says so, and begins again by itself', async () => {
      await rm(path.join(server.cacheDir, 'download/public.example'), { recursive: true });
      await writeFile(filler, Buffer.alloc((await freeBytes()) - 0.2 * MIB));
      for (const kind of ['info', 'mod', 'zip']) {
        const refused = await get(`/room.example/b/@v/v1.0.0.${kind}`);
        expect([refused.status, refused.headers['retry-after']]).toEqual([503, '5']);
        expect(refused.text).toMatch(
          /the disk is full but for \d[^;]* of 40\.0 MiB; below 1\.0 MiB nothing new is fetched/,
        );
      }
      expect((await get('/public.example/m0/@v/v1.0.0.info')).status).toBe(503);
      // Nothing of it was written, and what is there is served; what homes list is asked for.
      expect(await freeBytes()).toBeGreaterThan(0.1 * MIB);
      for (const kind of ['info', 'mod', 'zip']) {
        expect((await get(`/room.example/a/@v/v1.0.0.${kind}`)).status).toBe(200);
      }
      expect((await get('/room.example/b/@v/list')).text).toBe('v1.0.0\n');
      expect((await get('/room.example/b/@v/v9.9.9.info')).status).toBe(503);
      expect((await soon('/-/readyz', 503)).text).toContain('the disk is full but for');
      expect((await get('/-/healthz')).status).toBe(200);
      expect(await diskError()).toContain('the disk is full but for');

      await rm(filler);
      expect((await soon('/room.example/b/@v/v1.0.0.zip', 200)).status).toBe(200);
      expect((await soon('/-/readyz', 200)).status).toBe(200);
      expect(await diskError()).toBeUndefined();
    });
  },
);
