/** `modhaven migrate` as an admin sees it, with a real object store. */
import { cp, readFile, rename, rm, truncate, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { missing } from '../support/requirements.js';
import { S3_LOGIN, s3Host, type S3Host } from '../support/hosts/s3-host.js';
import { modhaven, startServer } from '../support/server.js';
import { ask } from '../support/ask.js';
import { makeVersion, proxyFile, writeProxyTree } from '../support/stores/versions.js';
import { files } from './support/files.js';

describe.skipIf(missing('go'))('modhaven migrate', () => {
  let s3: S3Host;
  let dir: string;
  let download: string;
  let runs = 0;

  beforeAll(async () => {
    s3 = await s3Host();
  });
  afterAll(() => s3.stop());
  beforeEach(async () => {
    ({ dir } = await files({ vanity: 'paths: {}\n' }));
    download = path.join(dir, 'data/download');
    const bucket = `modules-${(runs += 1)}`;
    await s3.bucket(bucket);
    const store = `store: { s3: { endpoint: "${s3.url}", bucket: ${bucket}, path_style: true } }\n`;
    await writeFile(path.join(dir, 's3.yaml'), `vanity: ./vanity.yaml\n${store}`);
    const versions = await Promise.all(['a', 'b'].map((name) => makeVersion(`ex.test/${name}`, 'v1.0.0')));
    await writeProxyTree(path.join(dir, 'tree'), ...versions);
    expect(await command('modhaven.yaml', 'import', path.join(dir, 'tree'))).toMatchObject({ code: 0 });
  });

  const command = (config: string, name: string, ...args: string[]) =>
    modhaven([name, '--config', path.join(dir, config), ...args], { cwd: dir, env: S3_LOGIN });
  const migrate = (from: string, to: string, ...args: string[]) =>
    command('s3.yaml', 'migrate', '--from', from, '--to', to, ...args);

  it('copies all to the bucket and back, and nothing a second time', async () => {
    expect(await migrate('disk', 's3')).toMatchObject({
      code: 0,
      stderr: '',
      stdout: expect.stringContaining('2 versions: 2 copied, 0 there before\n') as string,
    });
    expect((await migrate('disk', 's3')).stdout).toContain('2 versions: 0 copied, 2 there before\n');
    const zip = await readFile(proxyFile(download, 'ex.test/a', 'v1.0.0', 'zip'));
    await rename(path.join(dir, 'data'), path.join(dir, 'old'));
    await using server = await startServer({
      config: await readFile(path.join(dir, 's3.yaml'), 'utf8'),
      env: S3_LOGIN,
    });
    expect((await ask(server.url, '/ex.test/a/@v/v1.0.0.zip')).bytes.equals(zip)).toBe(true);
    expect((await ask(server.url, '/ex.test/a/@v/list')).text).toBe('v1.0.0\n');
    expect(JSON.parse((await migrate('s3', 'disk', '--json')).stdout)).toMatchObject({
      ok: true,
      from: 's3',
      to: 'disk',
      summary: { versions: 2, added: 2 },
    });
    expect((await readFile(proxyFile(download, 'ex.test/a', 'v1.0.0', 'zip'))).equals(zip)).toBe(true);
    expect(await command('modhaven.yaml', 'verify')).toMatchObject({ code: 0 });
  });

  it('names what is damaged or different, leaves it out, and exits with 1', async () => {
    await truncate(proxyFile(download, 'ex.test/a', 'v1.0.0', 'zip'), 10);
    const damaged = await migrate('disk', 's3');
    expect(damaged.code).toBe(1);
    expect(damaged.stdout).toMatch(/^DAMAGED ex\.test\/a@v1\.0\.0: \.zip /m);
    expect(damaged.stdout).toContain('1 copied, 0 there before, 1 damaged');

    const other = await makeVersion('ex.test/b', 'v1.0.0', { 'b.go': 'package b\n' });
    await rm(path.join(dir, 'data'), { recursive: true });
    await rm(path.join(dir, 'tree'), { recursive: true });
    await writeProxyTree(path.join(dir, 'tree'), other);
    await command('modhaven.yaml', 'import', path.join(dir, 'tree'));
    const different = await migrate('disk', 's3', '--json');
    expect(different.code).toBe(1);
    expect(JSON.parse(different.stdout)).toMatchObject({
      ok: false,
      versions: [{ module: 'ex.test/b', version: 'v1.0.0', outcome: 'different' }],
    });
  });

  it('finds a go.mod that is not what was stored', async () => {
    await writeFile(proxyFile(download, 'ex.test/a', 'v1.0.0', 'mod'), 'module ex.test/a\n\ngo 1.5\n');
    expect((await migrate('disk', 's3')).stdout).toMatch(/^DAMAGED ex\.test\/a@v1\.0\.0: \.mod /m);
  });

  it('takes along that a version was purged: no other can take its place', async () => {
    await command('modhaven.yaml', 'purge', '--yes', 'ex.test/a@v1.0.0');
    expect((await migrate('disk', 's3')).code).toBe(0);
    const other = await makeVersion('ex.test/a', 'v1.0.0', { 'a.go': 'package a // other\n' });
    await rm(path.join(dir, 'tree'), { recursive: true });
    await writeProxyTree(path.join(dir, 'tree'), other);
    await cp(path.join(dir, 's3.yaml'), path.join(dir, 'new.yaml'));
    const imported = await command('new.yaml', 'import', path.join(dir, 'tree'));
    expect(imported.code).not.toBe(0);
    expect(imported.stdout + imported.stderr).toContain('was purged');
  });

  it('leaves a bucket of which export makes a tree, and into which import takes one', async () => {
    const zip = await readFile(proxyFile(download, 'ex.test/a', 'v1.0.0', 'zip'));
    expect((await migrate('disk', 's3')).code).toBe(0);
    await rename(path.join(dir, 'data'), path.join(dir, 'old'));
    const out = path.join(dir, 'out');
    expect(await command('s3.yaml', 'export', out)).toMatchObject({
      code: 0,
      stderr: '',
      stdout: expect.stringContaining('2 versions: 2 exported') as string,
    });
    expect((await readFile(proxyFile(out, 'ex.test/a', 'v1.0.0', 'zip'))).equals(zip)).toBe(true);
    expect(await readFile(path.join(out, 'ex.test/a/@v/list'), 'utf8')).toBe('v1.0.0\n');
    await writeProxyTree(out, await makeVersion('ex.test/c', 'v1.0.0'));
    expect((await command('s3.yaml', 'import', out)).stdout).toContain(
      '3 versions: 1 imported, 2 there before',
    );
    expect((await command('s3.yaml', 'list')).stdout).toContain('ex.test/c');
  });

  it('says what is wrong with how it was called', async () => {
    expect(await migrate('disk', 'disk')).toMatchObject({ code: 2 });
    expect(await migrate('disk', 'tape')).toMatchObject({ code: 2 });
    expect(await command('modhaven.yaml', 'migrate', '--from', 'disk', '--to', 's3')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining(
        'no bucket is configured: store.s3 is missing in modhaven.yaml',
      ) as string,
    });
  });
});
