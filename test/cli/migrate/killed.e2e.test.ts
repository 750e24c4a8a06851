/** `modhaven migrate` that is killed again and again, beside a server that goes on: what it began, the next run ends. */
import { readdir, readFile, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startDaemon } from '../../support/process/daemon.js';
import { faultyS3, type FaultyS3 } from '../../support/relays/faulty-s3.js';
import { gitHttpHost, type GitHttpHost } from '../../support/hosts/git-http-host.js';
import { repo } from '../../support/git/git-repo.js';
import { missing } from '../../support/requirements.js';
import { S3_LOGIN, s3Host, type S3Host } from '../../support/hosts/s3-host.js';
import { CLI, modhaven, startServer, type ModhavenServer } from '../../support/server.js';
import { tempDir } from '../../support/tmp.js';
import { ask, until } from '../../support/ask.js';
import { makeVersion, writeProxyTree } from '../../support/stores/versions.js';

const BUCKET = 'go-modules';
const MODULES = ['a', 'b', 'c'].map((name) => `ex.test/${name}`);
const VERSIONS = Array.from({ length: 6 }, (_, i) => `v1.${i}.0`);
const FILES = MODULES.flatMap((module) => [
  `/${module}/@v/list`,
  ...VERSIONS.flatMap((version) => ['info', 'mod', 'zip'].map((kind) => `/${module}/@v/${version}.${kind}`)),
]);
/** A run is killed at so many of the requests that carry a version, counted from where it begins. */
const KILLED_AT = [1, 14, 30];

describe.skipIf(missing('git', 'go'))('modhaven migrate that is killed', () => {
  let s3: S3Host;
  let relay: FaultyS3;
  let git: GitHttpHost;
  let dir: string;
  let vanity: string;
  /** What every file is. */
  const contents = new Map<string, Buffer>();

  beforeAll(async () => {
    s3 = await s3Host();
    await s3.bucket(BUCKET);
    relay = await faultyS3(s3.port);
    const root = await tempDir('repos');
    const late = await repo(path.join(root, 'late.git'));
    late.write({ 'go.mod': 'module corp.test/late\n', 'x.go': 'package x\n' });
    await late.commit('first');
    await late.manyTags(VERSIONS);
    git = await gitHttpHost(root);
    vanity = `host: corp.test\npaths:\n  /late: ${git.url}/late.git\n`;

    dir = await tempDir('migrated');
    const made = await Promise.all(
      MODULES.flatMap((module) => VERSIONS.map((version) => makeVersion(module, version))),
    );
    await writeProxyTree(path.join(dir, 'tree'), ...made);
    await writeFile(path.join(dir, 'vanity.yaml'), vanity);
    await writeFile(path.join(dir, 'disk.yaml'), 'refresh: 1s\n');
    const store = `{ s3: { endpoint: "${relay.url}", bucket: ${BUCKET}, path_style: true } }`;
    await writeFile(path.join(dir, 's3.yaml'), `refresh: 1s\nstore: ${store}\n`);
    expect(await command('disk', 'import', path.join(dir, 'tree'))).toMatchObject({ code: 0 });
  });
  afterAll(async () => {
    await relay.stop();
    await s3.stop();
    await git.stop();
  });

  const command = (config: string, name: string, ...args: string[]) =>
    modhaven([name, '--config', path.join(dir, `${config}.yaml`), ...args], { cwd: dir, env: S3_LOGIN });

  async function serve(config: 'disk' | 's3'): Promise<ModhavenServer> {
    const text = await readFile(path.join(dir, `${config}.yaml`), 'utf8');
    return startServer({ dir, env: S3_LOGIN, config: text, vanity });
  }

  /** Starts a migration and kills it with the `n`-th request that `is` finds, which arrives at nothing. */
  async function killAt(n: number, args: readonly string[], is: (request: string) => boolean): Promise<void> {
    let count = 0;
    relay.decide = (request) => {
      if (!is(request)) return undefined;
      count += 1;
      return count >= n ? 'held' : undefined;
    };
    const config = ['--config', path.join(dir, 's3.yaml')];
    const killed = await startDaemon(process.execPath, [CLI, 'migrate', ...config, ...args], {
      cwd: dir,
      env: S3_LOGIN,
      isReady: () => true,
    });
    const ended = killed.exited.then(() => true);
    await Promise.race([until(() => count >= n, Boolean), ended]);
    expect(count, killed.logs()).toBeGreaterThanOrEqual(n);
    killed.signal('SIGKILL');
    expect(await killed.exited).toMatchObject({ signal: 'SIGKILL' });
    relay.decide = undefined;
    relay.release();
    await killed.stop();
  }

  async function expectServed(server: ModhavenServer): Promise<void> {
    for (const file of FILES) {
      const { status, bytes } = await ask(server.url, file);
      expect([status, bytes.equals(contents.get(file) ?? bytes)], file).toEqual([200, true]);
      contents.set(file, bytes);
    }
  }
  /** Versions that came while migrations ran. */
  const late: string[] = [];
  async function fetchLate(server: ModhavenServer): Promise<void> {
    const version = VERSIONS[late.length] ?? '';
    expect((await ask(server.url, `/corp.test/late/@v/${version}.zip`)).status).toBe(200);
    late.push(version);
  }

  it('loses nothing on its way to the bucket, beside a server that takes new versions', async () => {
    {
      await using server = await serve('disk');
      await expectServed(server);
      const isWrite = (request: string) => /^PUT .*\/ex\.test\//.test(request);
      for (const n of KILLED_AT) {
        await killAt(n, ['--from', 'disk', '--to', 's3'], isWrite);
        await fetchLate(server);
      }
      expect(await command('s3', 'migrate', '--from', 'disk', '--to', 's3')).toMatchObject({ code: 0 });
    }
    await expectWhole('s3');
  });

  it('loses nothing on its way back, beside a server over the bucket', async () => {
    await rename(path.join(dir, 'data'), path.join(dir, 'old'));
    {
      await using server = await serve('s3');
      const isRead = (request: string) => /^GET .*\/ex\.test\/.*\.zip/.test(request);
      for (const n of [1, 6]) {
        await killAt(n, ['--from', 's3', '--to', 'disk'], isRead);
        await fetchLate(server);
      }
      expect(await command('s3', 'migrate', '--from', 's3', '--to', 'disk')).toMatchObject({ code: 0 });
    }
    await expectWhole('disk');
  });

  /** Every version is there, verified, and the same; nothing else is. */
  async function expectWhole(store: 'disk' | 's3'): Promise<void> {
    expect(await command(store, 'verify')).toMatchObject({ code: 0 });
    {
      await using server = await serve(store);
      await expectServed(server);
    }
    const tree = store === 's3' ? path.join(s3.dir, BUCKET) : path.join(dir, 'data/download');
    const zips = (await readdir(path.join(tree, 'corp.test/late/@v'))).filter((name) =>
      name.endsWith('.zip'),
    );
    expect(zips.sort()).toEqual(late.map((version) => `${version}.zip`));
    for (const module of MODULES) {
      const names = await readdir(path.join(tree, module, '@v'));
      const expected = VERSIONS.flatMap((version) =>
        ['info', 'mod', 'zip', 'ziphash'].map((kind) => `${version}.${kind}`),
      );
      expect(names.filter((name) => name.startsWith('v')).sort()).toEqual(expected.sort());
      if (store === 's3') {
        const list = await readFile(path.join(tree, module, '@v/list'), 'utf8');
        expect(list).toBe(VERSIONS.map((version) => `${version}\n`).join(''));
      }
    }
  }
});
