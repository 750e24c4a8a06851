/** `modhaven migrate` while the object store fails: in passing, which costs time, and for good, which is said. */
import { readFile, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { faultyS3, nextMeet, type FaultyS3 } from '../../support/relays/faulty-s3.js';
import { missing } from '../../support/requirements.js';
import { S3_LOGIN, s3Host, type S3Host } from '../../support/hosts/s3-host.js';
import { modhaven } from '../../support/server.js';
import { makeVersion, proxyFile, writeProxyTree } from '../../support/stores/versions.js';
import { files } from '../support/files.js';

const MODULES = ['a', 'b', 'c', 'd', 'e', 'f'].map((name) => `ex.test/${name}`);
const PATHS = MODULES.flatMap((module) =>
  (['info', 'mod', 'zip'] as const).map((kind) => [module, kind] as const),
);

describe.skipIf(missing('go'))('modhaven migrate, with an object store that fails', () => {
  let s3: S3Host;
  let relay: FaultyS3;
  let dir: string;
  let runs = 0;
  /** What every file of every version is. */
  let contents: Buffer[];

  beforeAll(async () => {
    s3 = await s3Host();
    relay = await faultyS3(s3.port);
  });
  afterAll(async () => {
    await relay.stop();
    await s3.stop();
  });
  beforeEach(async () => {
    relay.fail('none');
    relay.decide = undefined;
    ({ dir } = await files({ vanity: 'paths: {}\n' }));
    const bucket = `failing-${(runs += 1)}`;
    await s3.bucket(bucket);
    const store = `store: { s3: { endpoint: "${relay.url}", bucket: ${bucket}, path_style: true } }\n`;
    await writeFile(path.join(dir, 's3.yaml'), `vanity: ./vanity.yaml\n${store}`);
    await writeProxyTree(
      path.join(dir, 'tree'),
      ...(await Promise.all(MODULES.map((module) => makeVersion(module, 'v1.0.0')))),
    );
    expect(await command('modhaven.yaml', 'import', path.join(dir, 'tree'))).toMatchObject({ code: 0 });
    contents = await stored();
  });

  const command = (config: string, name: string, ...args: string[]) =>
    modhaven([name, '--config', path.join(dir, config), ...args], { cwd: dir, env: S3_LOGIN });
  const migrate = (from: string, to: string) => command('s3.yaml', 'migrate', '--from', from, '--to', to);
  const stored = () =>
    Promise.all(
      PATHS.map(([module, kind]) =>
        readFile(proxyFile(path.join(dir, 'data/download'), module, 'v1.0.0', kind)),
      ),
    );
  const isZip = (request: string) => /^GET .*\.zip(?:\?|$)/.test(request);

  it('copies all to the bucket and back although requests fail all the time', async () => {
    relay.fail('error', 3);
    expect(await migrate('disk', 's3')).toMatchObject({ code: 0, stderr: '' });
    relay.fail('cut', 4);
    await rename(path.join(dir, 'data'), path.join(dir, 'old'));
    expect(await migrate('s3', 'disk')).toMatchObject({ code: 0, stderr: '' });
    relay.fail('none');
    expect(await command('modhaven.yaml', 'verify')).toMatchObject({ code: 0 });
    expect(await stored()).toEqual(contents);
  });

  it('takes no zip that was damaged on its way', async () => {
    expect(await migrate('disk', 's3')).toMatchObject({ code: 0 });
    await rename(path.join(dir, 'data'), path.join(dir, 'old'));
    nextMeet(relay, 2, 'wrong', isZip);
    expect(await migrate('s3', 'disk')).toMatchObject({ code: 0, stderr: '' });
    expect(await stored()).toEqual(contents);
  });

  it.each(['disk', 's3'])(
    'ends soon and says why where the bucket goes away, from %s, and goes on from there',
    async (from) => {
      const to = from === 'disk' ? 's3' : 'disk';
      if (from === 's3') {
        expect(await migrate('disk', 's3')).toMatchObject({ code: 0 });
        await rename(path.join(dir, 'data'), path.join(dir, 'old'));
      }
      // The fifth zip is begun when one of the first four, which are copied at a time, is done.
      let zips = 0;
      relay.decide = (request) => {
        if (/^(?:GET|PUT) .*\.zip(?:\?|$)/.test(request)) zips += 1;
        return zips > 4 ? [503, 'SlowDown'] : undefined;
      };
      const failed = await migrate(from, to);
      expect(failed).toMatchObject({ code: 1, stdout: '' });
      expect(failed.stderr).toMatch(
        /^modhaven: the bucket failing-\d+ at \S+ cannot be used: it is overloaded/,
      );
      expect(failed.stderr).toContain('what was copied stays, and the next run goes on from there');
      expect(failed.stderr.trimEnd().split('\n')).toHaveLength(1);
      relay.decide = undefined;
      const again = await migrate(from, to);
      expect(again).toMatchObject({ code: 0, stderr: '' });
      expect(again.stdout).toMatch(/6 versions: \d copied, [1-5] there before/);
    },
  );
});
