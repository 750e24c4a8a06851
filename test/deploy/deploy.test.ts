/**
 * The files of deploy/, read by the programs that they are for. What takes minutes (Go programs that are built, packages
 * that are installed) runs with `npm run test:deploy` only.
 */
import { cp, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { loadConfig } from '../../src/config/load-config.js';
import { loadVanity } from '../../src/vanity/vanity-file.js';
import { ask } from '../support/ask.js';
import { startDaemon } from '../support/process/daemon.js';
import { answersOk, freePort } from '../support/loopback.js';
import { missing } from '../support/requirements.js';
import { mustRun, run } from '../support/run.js';
import { startServer } from '../support/server.js';
import { tempDir } from '../support/tmp.js';

const PROJECT = fileURLToPath(new URL('../..', import.meta.url));
const DEPLOY = path.join(PROJECT, 'deploy');
const isNightly = process.env.MODHAVEN_TEST_DEPLOY === '1';

describe('the settings in deploy/', () => {
  it.each(['docker/config', 'kubernetes/base', 'kubernetes/replicas'])('of %s are valid', async (folder) => {
    const dir = await tempDir('settings');
    await cp(path.join(DEPLOY, 'kubernetes/base/vanity.yaml'), path.join(dir, 'vanity.yaml'));
    await cp(path.join(DEPLOY, folder), dir, { recursive: true });
    const { vanityFile, publicHost } = loadConfig(path.join(dir, 'modhaven.yaml'));
    expect(loadVanity(vanityFile, { defaultHost: publicHost }).rules).toHaveLength(1);
  });
});

describe.skipIf(!isNightly || missing('hadolint'))('hadolint', () => {
  it('has nothing to say of the Dockerfile', async () => {
    expect(await run('hadolint', ['--no-color', path.join(DEPLOY, 'docker/Dockerfile')])).toMatchObject({
      code: 0,
      stdout: '',
    });
  });
});

describe.skipIf(missing('systemd-analyze'))('the systemd units', () => {
  const units = ['modhaven.service', 'modhaven.socket'].map((name) => path.join(DEPLOY, 'systemd', name));

  it('are in order', async () => {
    // The program need not be installed here; man pages need not either.
    const { stdout, stderr } = await run('systemd-analyze', ['verify', '--man=no', ...units]);
    const said = (stdout + stderr).split('\n').filter((line) => line.includes('modhaven'));
    expect(said.filter((line) => !/is not executable|No such file/.test(line))).toEqual([]);
  });

  it('leave little to an attacker who breaks in', async () => {
    const args = ['security', '--offline=true', '--no-pager', path.join(DEPLOY, 'systemd/modhaven.service')];
    const { stdout } = await run('systemd-analyze', args);
    const level = Number(/exposure level for modhaven\.service: ([\d.]+)/.exec(stdout)?.[1]);
    expect(level).toBeLessThan(2);
  });
});

describe.skipIf(missing('nginx'))('nginx', () => {
  it('takes the file for a container', async () => {
    const dir = await tempDir('nginx');
    const shipped = await readFile(path.join(DEPLOY, 'docker/nginx.conf'), 'utf8');
    await writeFile(
      path.join(dir, 'nginx.conf'),
      shipped.replace('server modhaven:10000', 'server 127.0.0.1:1'),
    );
    const args = ['-t', '-p', dir, '-c', 'nginx.conf', '-g', `pid ${dir}/pid; error_log stderr;`];
    const { stderr } = await run('nginx', args);
    expect(stderr).toContain('syntax is ok');
  });

  it('hands on what is below a path as it was asked', async () => {
    await using server = await startServer({ vanity: { host: 'corp.test', paths: {} } });
    const [dir, port] = [await tempDir('nginx'), await freePort()];
    const shipped = await readFile(path.join(DEPLOY, 'nginx/sub-path.conf'), 'utf8');
    const block = shipped
      .replace('listen 80;', `listen 127.0.0.1:${port};`)
      .replace('127.0.0.1:10000', `127.0.0.1:${server.port}`);
    const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
      (name) => `${name}_temp_path ${dir}/${name};`,
    );
    const conf = `events {}\nhttp {\naccess_log off;\n${temporary.join('\n')}\n${block}}\n`;
    await writeFile(path.join(dir, 'nginx.conf'), conf);
    const args = [
      '-p',
      dir,
      '-c',
      'nginx.conf',
      '-g',
      `daemon off; master_process off; pid ${dir}/pid; error_log stderr;`,
    ];
    const nginx = await startDaemon('nginx', args, {
      isReady: () => answersOk(port, '/goproxy/-/healthz'),
    });
    onTestFinished(() => nginx.stop());
    const url = `http://127.0.0.1:${port}`;
    // Both refusals name the path as modhaven saw it.
    const direct = await ask(server.url, '/corp.test/!x//y%2Fz/@v/list');
    const behind = await ask(url, '/goproxy/corp.test/!x//y%2Fz/@v/list');
    const said = ({ text }: { text: string }) => text.replace(/^request id: .*$/m, '');
    expect([behind.status, said(behind)]).toEqual([direct.status, said(direct)]);
    expect((await ask(url, '/goproxy/-/readyz?x=1')).text).toBe('ready\n');
  });
});

describe.skipIf(missing('caddy'))('Caddy', () => {
  it('takes the file, and hands on what is below a path as it was asked', async () => {
    const [dir, port] = [await tempDir('caddy'), await freePort()];
    await using server = await startServer({ vanity: { host: 'corp.test', paths: {} } });
    const shipped = await readFile(path.join(DEPLOY, 'caddy/Caddyfile'), 'utf8');
    const env = { HOME: dir };
    const file = path.join(dir, 'Caddyfile');
    await writeFile(file, shipped);
    await mustRun('caddy', ['validate', '--config', file, '--adapter', 'caddyfile'], { cwd: dir, env });
    const [, block = ''] = shipped.split(/^tools\.mycompany\.com /m);
    const plain = block.replace('127.0.0.1:10000', `127.0.0.1:${server.port}`);
    await writeFile(file, `{\n\tadmin off\n}\nhttp://127.0.0.1:${port} ${plain}`);
    const caddy = await startDaemon('caddy', ['run', '--config', file, '--adapter', 'caddyfile'], {
      cwd: dir,
      env,
      isReady: () => answersOk(port, '/goproxy/-/healthz'),
    });
    onTestFinished(() => caddy.stop());
    const said = ({ text }: { text: string }) => text.replace(/^request id: .*$/m, '');
    for (const asked of ['/corp.test/!x//y%2Fz/@v/list', '/corp.test/lib/@v/v1.0.0+a%20b.info']) {
      const direct = await ask(server.url, asked);
      const behind = await ask(`http://127.0.0.1:${port}`, `/goproxy${asked}`);
      expect([asked, behind.status, said(behind)]).toEqual([asked, direct.status, said(direct)]);
    }
  });
});

describe.skipIf(!isNightly || missing('go'))('the tools of containers', () => {
  let validate: string;
  beforeAll(async () => {
    validate = path.join(await tempDir('validate'), 'validate');
    const { HOME, GOPROXY } = process.env;
    const cwd = path.join(PROJECT, 'test/deploy/validate');
    await mustRun('go', ['build', '-o', validate, '.'], {
      cwd,
      env: { HOME, GOPROXY, GOFLAGS: '' },
      timeoutMs: 900_000,
    });
  }, 900_000);

  it.each(['base', 'replicas'])(
    'build the manifests of %s, with no field that Kubernetes does not know',
    async (name) => {
      const { code, stdout, stderr } = await run(validate, [
        'kubernetes',
        path.join(DEPLOY, 'kubernetes', name),
      ]);
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      for (const kind of ['StatefulSet', 'Service', 'PodDisruptionBudget', 'NetworkPolicy', 'ConfigMap']) {
        expect(stdout).toContain(`${kind} modhaven\n`);
      }
    },
  );

  it('take the Compose file', async () => {
    const { code, stdout, stderr } = await run(validate, [
      'compose',
      path.join(DEPLOY, 'docker/compose.yaml'),
    ]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout.split('\n').sort().slice(1)).toEqual(
      ['bucket', 'modhaven', 'nginx', 'pkgsite', 'prometheus', 'redis'].map((name) => `service ${name}`),
    );
  });

  it('take the Dockerfile, which has two stages', async () => {
    const { code, stdout } = await run(validate, ['dockerfile', path.join(DEPLOY, 'docker/Dockerfile')]);
    expect({ code, stdout }).toEqual({
      code: 0,
      stdout: 'stage build node:24-bookworm-slim\nstage  node:24-bookworm-slim\n',
    });
  });
});

describe.skipIf(!isNightly)('what is built', () => {
  const npmEnv = { HOME: process.env.HOME, npm_config_update_notifier: 'false' };

  it('as a release runs where it is unpacked, and is what its checksums say', async () => {
    await mustRun('node', ['scripts/release.js'], { cwd: PROJECT, env: npmEnv, timeoutMs: 600_000 });
    const release = path.join(PROJECT, 'release');
    await mustRun('sha256sum', ['--check', '--strict', 'SHA256SUMS'], { cwd: release });
    const { version } = JSON.parse(await readFile(path.join(PROJECT, 'package.json'), 'utf8')) as {
      version: string;
    };
    const sbom = JSON.parse(await readFile(path.join(release, `modhaven-${version}.sbom.json`), 'utf8')) as {
      bomFormat: string;
      components: { name: string }[];
    };
    expect(sbom.bomFormat).toBe('CycloneDX');
    expect(sbom.components.map(({ name }) => name)).toContain('fastify');
    const dir = await tempDir('unpacked');
    await mustRun('tar', ['-xzf', path.join(release, `modhaven-${version}.tar.gz`), '-C', dir]);
    const said = await run(
      process.execPath,
      [path.join(dir, `modhaven-${version}`, 'dist/cli.js'), 'version'],
      { cwd: dir },
    );
    expect(said).toMatchObject({ code: 0, stdout: expect.stringContaining(version) as unknown });
  }, 900_000);
});
