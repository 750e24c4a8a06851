/** The first thing a newcomer does, with the very words of README.md. */
import { cp, mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startDaemon, type Daemon } from '../support/process/daemon.js';
import { answersOk, freePort } from '../support/loopback.js';
import { missing } from '../support/requirements.js';
import { run, type RunResult } from '../support/run.js';
import { tempDir } from '../support/tmp.js';

const PROJECT = fileURLToPath(new URL('../..', import.meta.url));
const GREETING = 'Hello, gopher! This program came to you through modhaven.\n';

describe.skipIf(missing('git', 'go'))('"Try it" of README.md', () => {
  let copy: string;
  let server: Daemon;
  let port: number;
  let commands: string[];

  beforeAll(async () => {
    commands = await shellCommands();
    copy = path.join(await tempDir('readme'), 'modhaven');
    await copyProject(copy);
    // Another program of this machine may have the port that a fresh machine has free.
    port = await freePort();
    const config = path.join(copy, 'config/modhaven.yaml');
    const shipped = await readFile(config, 'utf8');
    await writeFile(config, shipped.replace(/^listen: .*$/m, `listen: 127.0.0.1:${port}`));
    const start = commands[0]?.split(' && ')[1] ?? '';
    server = await startDaemon('sh', ['-c', start], {
      cwd: copy,
      env: { HOME: await tempDir('home'), npm_config_update_notifier: 'false' },
      isReady: async (log) => log.includes('try it: ') && (await answersOk(port, '/-/readyz')),
    });
  });
  afterAll(async () => server.stop());

  /** Runs a line of a terminal on a machine where go was never used. */
  async function paste(line: string): Promise<RunResult> {
    const home = await tempDir('newcomer');
    return run('sh', ['-c', line], {
      cwd: home,
      timeoutMs: 100_000,
      env: {
        HOME: home,
        GOCACHE: path.join(PROJECT, 'node_modules/.cache/go-build'),
        GOFLAGS: '-modcacherw',
        GOTOOLCHAIN: 'local',
        GOTELEMETRY: 'off',
      },
    });
  }

  it('has one command for the server and one for go', async () => {
    expect(commands[0]).toBe('npm ci && npm start');
    expect(commands[1]).toContain('go run demo.modhaven.example/hello@latest');
    expect(commands[1]).toContain('http://127.0.0.1:10000 ');
    expect(await readFile(path.join(PROJECT, 'config/modhaven.yaml'), 'utf8')).toMatch(
      /^listen: 127\.0\.0\.1:10000$/m,
    );
  });

  it('makes go download and run the demo module', async () => {
    const line = (commands[1] ?? '').replace('127.0.0.1:10000', `127.0.0.1:${port}`);
    const { code, stdout, stderr } = await paste(line);
    expect([code, stdout], stderr).toEqual([0, GREETING]);
    expect(stderr).toContain('go: downloading demo.modhaven.example/hello v1.1.0');
    expect(stderr).toContain('go: downloading demo.modhaven.example/hello/greet v0.1.0');
  });

  it('is what the server prints, too', async () => {
    const messages = server.logs().match(/^\{.*\}$/gm) ?? [];
    const [printed = ''] = messages
      .map((line) => (JSON.parse(line) as { msg?: string }).msg ?? '')
      .filter((msg) => msg.startsWith('try it: '))
      .map((msg) => msg.slice('try it: '.length));
    expect(printed.replace(`:${port} `, ':10000 ')).toBe(commands[1]);
    expect(await paste(printed)).toMatchObject({ code: 0, stdout: GREETING });
  });

  it('keeps what it makes inside the project, in a folder that git ignores', async () => {
    const info = path.join(copy, 'data/download/demo.modhaven.example/hello/@v/v1.1.0.info');
    expect(await readFile(info, 'utf8')).toContain('"Version":"v1.1.0"');
    expect(await readFile(path.join(PROJECT, '.gitignore'), 'utf8')).toMatch(/^data\/$/m);
  });
});

/** The lines of the first two `sh` blocks of the section. */
async function shellCommands(): Promise<string[]> {
  const readme = await readFile(path.join(PROJECT, 'README.md'), 'utf8');
  const section = /^## Try it$(.*?)^## /ms.exec(readme)?.[1] ?? '';
  return [...section.matchAll(/^```sh\n(.*?)\n```$/gms)].map((match) => match[1] ?? '').slice(0, 2);
}

/** The project in a fresh clone; what `npm ci` would make is that of this checkout. */
async function copyProject(to: string): Promise<void> {
  await mkdir(to);
  for (const name of ['package.json', 'config', 'demo', 'scripts']) {
    await cp(path.join(PROJECT, name), path.join(to, name), { recursive: true });
  }
  for (const name of ['node_modules', 'dist']) await symlink(path.join(PROJECT, name), path.join(to, name));
}
