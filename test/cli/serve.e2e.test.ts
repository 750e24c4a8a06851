/** The life of a server: it says where it listens, reads its files again, and ends in good order. */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { logged } from '../support/ask.js';
import { startDaemon } from '../support/process/daemon.js';
import { CLI, startServer } from '../support/server.js';
import { tempDir } from '../support/tmp.js';
import { files } from './support/files.js';

it('says where it listens, and at SIGHUP what takes effect at the next start', async () => {
  const server = await startServer({ config: { refresh: '10s' } });
  try {
    await logged(server, `"listen":"127.0.0.1:${server.port}"`);
    await server.writeConfig({ refresh: '20s', cache: { dir: './other' } });
    server.signal('SIGHUP');
    const log = await logged(server, '"setting":"cache.dir"');
    expect(log).toContain('takes effect at the next start');
    await server.writeConfig('refesh: 5s\n');
    server.signal('SIGHUP');
    await logged(server, 'the settings stay as they were');
  } finally {
    await server.stop();
  }
  expect(server.logs()).toContain('running requests are finished first');
});

it('takes the place of a server that was killed and left its socket', async () => {
  const socket = path.join(await tempDir('sock'), 's');
  const { config, dir } = await files({ config: `listen: unix:${socket}\n`, vanity: 'paths: {}\n' });
  const start = () =>
    startDaemon(process.execPath, [CLI, 'serve', '--config', config], {
      cwd: dir,
      env: { HOME: dir },
      isReady: (log) => log.includes('modhaven is ready'),
    });
  const first = await start();
  first.signal('SIGKILL');
  await first.exited;
  expect(existsSync(socket)).toBe(true);
  const second = await start();
  await second.stop();
  expect(second.logs()).toContain(`unix:${socket}`);
});
