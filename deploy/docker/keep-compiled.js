/**
 * Starts modhaven and ends it, once as one process and once with workers, so that its compiled code is in the cache folder of this
 * account. The Dockerfile runs it while the image is made: a container whose root is read-only could not keep any. The code
 * is good for the same program in the same place, the same Node and the same account; all others compile anew.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const PROGRAM = 'dist/cli.js';
const START_MS = 60_000;

const dir = mkdtempSync(path.join(tmpdir(), 'modhaven-'));
try {
  writeFileSync(path.join(dir, 'vanity.yaml'), 'host: example.com\npaths: {}\n');
  for (const workers of [1, 2]) await startAndEnd(workers);
} finally {
  rmSync(dir, { recursive: true, force: true });
}

async function startAndEnd(workers) {
  const socket = path.join(dir, `${workers}.sock`);
  const config = path.join(dir, 'modhaven.yaml');
  writeFileSync(config, `listen: unix:${socket}\nworkers: ${workers}\ncache: { dir: ./cache }\n`);
  const args = [path.join(import.meta.dirname, PROGRAM), 'serve', '--config', config];
  // The settings of the image are for what it serves later.
  const env = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !name.startsWith('MODHAVEN_')),
  );
  const server = spawn(process.execPath, args, { env, stdio: ['ignore', 'inherit', 'inherit'] });
  const ended = new Promise((resolve) => server.once('exit', (code, signal) => resolve(signal ?? code)));
  const deadline = Date.now() + START_MS;
  while (!(await answers(socket, '/-/readyz'))) {
    if (server.exitCode !== null || Date.now() > deadline) throw new Error('modhaven did not start');
    await sleep(50);
  }
  await answers(socket, '/example.com/none/@v/list');
  server.kill('SIGTERM');
  const end = await ended;
  if (end !== 0) throw new Error(`modhaven ended with ${end}`);
}

/** Whether a request is answered with 200. */
function answers(socketPath, url) {
  return new Promise((resolve) => {
    http
      .get({ socketPath, path: url, agent: false }, (response) => {
        response.resume();
        resolve(response.statusCode === 200);
      })
      .on('error', () => resolve(false));
  });
}
