/** `npm start`: ends with npm, and before `npm ci` says what to do. */
import { cp, mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { startDaemon } from '../support/process/daemon.js';
import { answersOk, freePort } from '../support/loopback.js';
import { run } from '../support/run.js';
import { tempDir } from '../support/tmp.js';

const PROJECT = fileURLToPath(new URL('../..', import.meta.url));

/** The project in a fresh clone; `linked` is what `npm ci` would have made. */
async function clone(port: number, linked: readonly string[]): Promise<string> {
  const dir = path.join(await tempDir('start'), 'modhaven');
  await mkdir(dir);
  for (const name of ['package.json', 'config', 'demo', 'scripts']) {
    await cp(path.join(PROJECT, name), path.join(dir, name), { recursive: true });
  }
  for (const name of linked) await symlink(path.join(PROJECT, name), path.join(dir, name));
  const config = path.join(dir, 'config/modhaven.yaml');
  const shipped = await readFile(config, 'utf8');
  await writeFile(config, shipped.replace(/^listen: .*$/m, `listen: 127.0.0.1:${port}`));
  return dir;
}

it.each(['SIGTERM', 'SIGINT'] as const)('ends in good order when %s ends npm', async (signal) => {
  const port = await freePort();
  const npm = await startDaemon('npm', ['start'], {
    cwd: await clone(port, ['node_modules', 'dist']),
    env: { HOME: await tempDir('home'), npm_config_update_notifier: 'false' },
    isReady: async () => answersOk(port, '/-/readyz'),
    startMs: 60_000,
  });
  try {
    npm.signal(signal);
    await npm.exited;
    // The next npm start needs the address.
    for (let tries = 0; tries < 100 && (await answersOk(port, '/-/healthz')); tries += 1) await sleep(50);
    expect(await answersOk(port, '/-/healthz')).toBe(false);
  } finally {
    await npm.stop();
  }
});

it.each([
  ['npm ci', [], 'packages are not installed'],
  ['the build', ['node_modules'], 'it is not built'],
])('says what to do before %s', async (_, linked, reason) => {
  const dir = await clone(await freePort(), linked);
  const { code, stderr } = await run('npm', ['start', '--silent'], {
    cwd: dir,
    env: { HOME: await tempDir('home') },
  });
  expect(code).toBe(2);
  expect(stderr).toContain(`modhaven: ${reason}`);
  expect(stderr).toContain('run "npm ci"');
  expect(stderr).not.toMatch(/\n\s+at /);
});
