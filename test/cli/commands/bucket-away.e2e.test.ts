/** Commands over a bucket that is away: one sentence, exit 1, and nothing is called damaged that was not read. */
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { faultyS3, nextMeet, type FaultyS3 } from '../../support/relays/faulty-s3.js';
import { freePort } from '../../support/loopback.js';
import { missing } from '../../support/requirements.js';
import type { RunResult } from '../../support/run.js';
import { S3_LOGIN, s3Host, type S3Host } from '../../support/hosts/s3-host.js';
import { modhaven } from '../../support/server.js';
import { makeVersion, writeProxyTree } from '../../support/stores/versions.js';
import { files } from '../support/files.js';

const MODULES = ['a', 'b', 'c'].map((name) => `ex.test/${name}`);

describe.skipIf(missing('go'))('commands over a bucket', () => {
  let s3: S3Host;
  let relay: FaultyS3;
  let dir: string;
  let tree: string;

  beforeAll(async () => {
    s3 = await s3Host();
    relay = await faultyS3(s3.port);
    await s3.bucket('go-modules');
    ({ dir } = await files({
      vanity: 'host: corp.test\npaths:\n  /{name}: https://git.corp.test/{name}.git\n',
    }));
    tree = path.join(dir, 'tree');
    await writeProxyTree(
      tree,
      ...(await Promise.all(MODULES.map((module) => makeVersion(module, 'v1.0.0')))),
    );
    const key = await modhaven(['sumdb', 'keygen', '--name', 'sum.test', '--out', path.join(dir, 'key')]);
    expect(key.code).toBe(0);
    await configure();
    expect(await command('import', tree)).toMatchObject({ code: 0 });
  });
  afterAll(async () => {
    await relay.stop();
    await s3.stop();
  });
  beforeEach(() => {
    relay.decide = undefined;
    relay.fail('none');
  });

  async function configure(more = ''): Promise<void> {
    const store = `store: { s3: { endpoint: "${relay.url}", bucket: go-modules, path_style: true } }\n`;
    const sumdb = 'sumdb: { name: sum.test, key_file: ./key }\n';
    await writeFile(path.join(dir, 'modhaven.yaml'), `vanity: ./vanity.yaml\n${store}${sumdb}${more}`);
  }
  const command = (...args: string[]): Promise<RunResult> => {
    const words = args[0] === 'sumdb' ? args.splice(0, 2) : args.splice(0, 1);
    const config = ['--config', path.join(dir, 'modhaven.yaml')];
    return modhaven([...words, ...config, ...args], { cwd: dir, env: S3_LOGIN });
  };
  const isZip = (request: string) => /^GET .*\.zip(?:\?|$)/.test(request);

  it.each<string[]>([
    ['verify'],
    ['list'],
    ['sumdb', 'status'],
    ['sumdb', 'verify'],
    ['warm', 'ex.test/a@v1.0.0', 'ex.test/b@v1.0.0'],
    ['import', './tree'],
    ['export', './out'],
    ['purge', '--yes', 'ex.test/a@v1.0.0'],
    ['migrate', '--from', 's3', '--to', 'disk'],
  ])('%s %s ends with one sentence while it is away', async (...args) => {
    relay.fail('down');
    const { code, stdout, stderr } = await command(...args);
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toMatch(
      /^modhaven: the bucket go-modules at \S+ cannot be used: the connection broke off .*\n$/,
    );
  });

  it('verify says how far it came, and what is damaged stays another thing', async () => {
    expect(await command('verify')).toMatchObject({
      code: 0,
      stdout: '3 versions of 3 modules: all as recorded\n',
    });
    nextMeet(relay, 2, 'cut', isZip);
    expect(await command('verify')).toMatchObject({ code: 0 });

    relay.decide = (request) =>
      isZip(request) && request.includes('/c/@v/') ? [403, 'AccessDenied'] : undefined;
    const { code, stdout, stderr } = await command('verify');
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toContain(
      'the credentials have no right to do that (GetObject: AccessDenied, status 403)',
    );
    expect(stderr).toContain(
      'nothing is known of the rest: 2 of 3 versions were verified before, 0 of them not in order',
    );

    relay.decide = undefined;
    const zip = path.join(s3.dir, 'go-modules/ex.test/b/@v/v1.0.0.zip');
    await writeFile(zip, 'not a zip');
    const damaged = await command('verify');
    expect(damaged).toMatchObject({ code: 1, stderr: '' });
    expect(damaged.stdout).toContain('ex.test/b@v1.0.0: .zip');
  });

  it('check names a bucket and a Redis that cannot be used, and tries the repositories all the same', async () => {
    await configure(`redis: redis://127.0.0.1:${await freePort()}/0\nvcs: { connect_timeout: 2s }\n`);
    const well = await command('check', '--json', 'corp.test/x');
    expect(problemsOf(well)).toEqual([[], ['redis']]);
    relay.decide = (request) => (request.startsWith('PUT ') ? [403, 'AccessDenied'] : undefined);
    const refused = await command('check', 'corp.test/x');
    expect(refused.code).toBe(1);
    expect(refused.stdout).toContain('give the credentials of the server s3:PutObject');
    expect(refused.stdout).toContain('nothing listens at its address');
    relay.decide = () => 'held';
    const silent = await command('check', '--json');
    relay.decide = undefined;
    relay.release();
    expect(problemsOf(silent)).toEqual([['store.s3'], ['redis']]);
    expect(silent.stdout).toContain('it did not answer in time');
  });
});

/** The settings with problems, and those with warnings. */
function problemsOf({ stdout }: RunResult): string[][] {
  const { server } = JSON.parse(stdout) as Record<'server', Record<string, { setting: string }[]>>;
  return ['problems', 'warnings'].map((kind) => (server[kind] ?? []).map(({ setting }) => setting));
}
