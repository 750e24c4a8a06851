/** The go command as a client: with a server, without one, and with a finished tree of files. */
import { mkdir, writeFile } from 'node:fs/promises';
import { createServer, get } from 'node:http';
import path from 'node:path';
import { listenOnLoopback } from '../../test/support/loopback.js';
import { mustRun } from '../../test/support/run.js';
import { moduleOf, SMALLS } from '../corpus/repos.js';
import { goEnvironment } from './go-environment.js';
import type { Lab } from './lab.js';

const TIMEOUT_MS = 600_000;

/** Downloads one version straight from its repository. What was fetched before into `dir` is used again. */
export async function downloadDirect(lab: Lab, dir: string, version: string): Promise<void> {
  const env = await goEnvironment(dir, lab.git.url);
  await mustRun('go', ['mod', 'download', version], { cwd: dir, env, timeoutMs: TIMEOUT_MS });
}

/** An application below `dir` that needs all small modules. */
export async function writeApp(dir: string): Promise<string> {
  const app = path.join(dir, 'app');
  await mkdir(app);
  const requirements = SMALLS.map((name) => `\t${moduleOf(name)} v1.0.0\n`).join('');
  await writeFile(
    path.join(app, 'go.mod'),
    `module example.com/app\n\ngo 1.21\n\nrequire (\n${requirements})\n`,
  );
  return app;
}

/** Downloads all that the application needs, with an empty module cache below `dir`. */
export async function downloadApp(lab: Lab, dir: string, app: string, goproxy: string): Promise<void> {
  const env = { ...(await goEnvironment(dir, lab.git.url)), GOPROXY: goproxy };
  await mustRun('go', ['mod', 'download'], { cwd: app, env, timeoutMs: TIMEOUT_MS });
}

/** The same; returns the paths that go asked `goproxy` for, in their order. */
export async function recordDownload(lab: Lab, dir: string, app: string, goproxy: string): Promise<string[]> {
  const paths: string[] = [];
  const recorder = createServer((request, response) => {
    const path = request.url ?? '';
    paths.push(path);
    const asked = get(goproxy + path, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    asked.on('error', () => response.destroy());
  });
  await using host = await listenOnLoopback(recorder);
  await downloadApp(lab, dir, app, `http://127.0.0.1:${host.port}`);
  return paths;
}
