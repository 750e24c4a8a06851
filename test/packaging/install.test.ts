/**
 * modhaven as a package: installed in every way that people install a Node program, and started.
 *
 * npm fetches packages for these, from the registry of the account or from its cache (`npm ci` has filled it).
 */
import { cp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import semver from 'semver';
import { beforeAll, describe, expect, it } from 'vitest';
import { startDaemon } from '../support/process/daemon.js';
import { answersOk, freePort } from '../support/loopback.js';
import { missing } from '../support/requirements.js';
import { mustRun, run, type RunResult } from '../support/run.js';
import { tempDir } from '../support/tmp.js';

const PROJECT = fileURLToPath(new URL('../..', import.meta.url));
const INSTALL_MS = 600_000;

/** Two of the ways take half a minute of a processor each: with the other ways to deploy. */
const isNightly = process.env.MODHAVEN_TEST_DEPLOY === '1';

interface Manifest {
  version: string;
  engines: { node: string };
  dependencies: Record<string, string>;
  bundleDependencies: true | string[];
}

const manifest = JSON.parse(await readFile(path.join(PROJECT, 'package.json'), 'utf8')) as Manifest;

/** npm as this account uses it: its registry, and its cache without asking whether that is still right. */
async function npm(cwd: string, ...args: string[]): Promise<string> {
  const home = process.env.HOME;
  const env = {
    HOME: home,
    npm_config_update_notifier: 'false',
    npm_config_audit: 'false',
    npm_config_fund: 'false',
    npm_config_prefer_offline: 'true',
  };
  return mustRun('npm', args, { cwd, env, timeoutMs: INSTALL_MS });
}

/** A clone of this checkout as it is now, what is not committed included. */
async function checkout(): Promise<string> {
  const dir = path.join(await tempDir('checkout'), 'modhaven');
  const list = await mustRun('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
    cwd: PROJECT,
    env: { GIT_CONFIG_COUNT: '1', GIT_CONFIG_KEY_0: 'safe.directory', GIT_CONFIG_VALUE_0: '*' },
  });
  for (const name of list.split('\0').filter((file) => file !== '' && !/^(?:test|bench|docs)\//.test(file))) {
    await cp(path.join(PROJECT, name), path.join(dir, name)).catch(() => undefined);
  }
  await cp(path.join(PROJECT, 'src'), path.join(dir, 'src'), { recursive: true });
  return dir;
}

async function commitAll(dir: string): Promise<void> {
  const git = ['-c', 'user.name=t', '-c', 'user.email=t@example.com', '-c', 'init.defaultBranch=main'];
  await mustRun('git', [...git, 'init', '--quiet'], { cwd: dir });
  await mustRun('git', [...git, 'add', '--all'], { cwd: dir });
  await mustRun('git', [...git, 'commit', '--quiet', '-m', 'all'], { cwd: dir });
}

async function modhaven(bin: string, ...args: string[]): Promise<RunResult> {
  return run(bin, args, { cwd: await tempDir('elsewhere') });
}

/** Two commands that between them load most of the program, its packages included. */
async function expectWorks(bin: string): Promise<void> {
  expect(await modhaven(bin, '--version')).toMatchObject({ code: 0, stdout: `${manifest.version}\n` });
  const config = path.join(PROJECT, 'config/modhaven.yaml');
  expect(await modhaven(bin, 'env', '--config', config)).toMatchObject({
    code: 0,
    stdout: expect.stringContaining('GOPROXY=') as string,
  });
  expect(await modhaven(bin, 'check', '--config', config)).toMatchObject({ code: 0, stderr: '' });
}

/** `npx modhaven serve` of a tarball, in a folder with nothing but a map. */
async function expectServes(tarball: string): Promise<void> {
  const [cwd, port] = [await tempDir('clean'), await freePort()];
  await writeFile(path.join(cwd, 'vanity.yaml'), 'host: corp.test\npaths: {}\n');
  const args = ['--yes', `--package=${tarball}`, 'modhaven', 'serve', '--listen', `127.0.0.1:${port}`];
  const server = await startDaemon('npx', args, {
    cwd,
    env: { HOME: process.env.HOME, npm_config_cache: await tempDir('npx'), npm_config_audit: 'false' },
    isReady: () => answersOk(port, '/-/readyz'),
    startMs: INSTALL_MS,
  });
  await server.stop();
}

/** What lies directly in the folder of a tarball. */
async function contentOf(tarball: string): Promise<string[]> {
  const listed = await mustRun('tar', ['-tzf', tarball]);
  return [
    ...new Set(
      listed
        .trimEnd()
        .split('\n')
        .map((name) => name.split('/')[1] ?? ''),
    ),
  ].sort();
}

describe.skipIf(missing('git'))('modhaven is installed', () => {
  let dir: string;
  beforeAll(async () => {
    dir = await checkout();
  });

  it(
    'by npm ci --omit=dev in a checkout with dist, and from the tarball of npm pack',
    async () => {
      await cp(path.join(PROJECT, 'dist'), path.join(dir, 'dist'), { recursive: true });
      await npm(dir, 'ci', '--omit=dev');
      expect(await readdir(path.join(dir, 'node_modules'))).not.toContain('typescript');
      await expectWorks(path.join(dir, 'dist/cli.js'));

      const tarballs = await tempDir('tarball');
      await npm(dir, 'pack', '--pack-destination', tarballs);
      const tarball = path.join(tarballs, ...(await readdir(tarballs)));
      expect(await contentOf(tarball)).toEqual(
        ['LICENSE', 'README.md', 'config', 'demo', 'dist', 'node_modules', 'package.json'].sort(),
      );
      await expectServes(tarball);
      if (isNightly) {
        const prefix = await tempDir('prefix');
        await npm(prefix, 'install', '--global', '--prefix', prefix, tarball);
        await expectWorks(path.join(prefix, 'bin/modhaven'));
      }
      await rm(path.join(dir, 'dist'), { recursive: true });
      await rm(path.join(dir, 'node_modules'), { recursive: true });
    },
    INSTALL_MS * 2,
  );

  // It installs the development packages as well, and builds everything.
  it.skipIf(!isNightly)(
    'by npm i -g git+file://CHECKOUT, which builds it',
    async () => {
      await commitAll(dir);
      const prefix = await tempDir('prefix');
      await npm(prefix, 'install', '--global', '--prefix', prefix, `git+file://${dir}`);
      await expectWorks(path.join(prefix, 'bin/modhaven'));
      expect(await readdir(path.join(prefix, 'lib/node_modules'))).toEqual(['modhaven']);
    },
    INSTALL_MS * 2,
  );
});

it('brings every package along, so that it runs with those that it was tested with', () => {
  const { bundleDependencies, dependencies } = manifest;
  const bundled = bundleDependencies === true ? Object.keys(dependencies) : bundleDependencies;
  expect(bundled.toSorted()).toEqual(Object.keys(dependencies).sort());
});

describe('engines', () => {
  it('allows no Node that a package of the program does not', async () => {
    const lock = JSON.parse(await readFile(path.join(PROJECT, 'package-lock.json'), 'utf8')) as {
      packages: Record<string, { dev?: boolean; devOptional?: boolean; engines?: { node?: string } }>;
    };
    const used = Object.entries(lock.packages).filter(
      ([name, { dev, devOptional }]) => name !== '' && dev !== true && devOptional !== true,
    );
    expect(used.length).toBeGreaterThan(Object.keys(manifest.dependencies).length);
    const narrower = used.filter(
      ([, { engines }]) => !semver.subset(manifest.engines.node, engines?.node ?? '*'),
    );
    expect(narrower.map(([name, { engines }]) => `${name}: ${engines?.node ?? ''}`)).toEqual([]);
    expect(semver.satisfies(process.versions.node, manifest.engines.node)).toBe(true);
  });
});
