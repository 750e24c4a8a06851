/** The go command as a client: with a server, without one, and with a finished tree of files. */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { PublicProxy } from '../../test/support/hosts/public-proxy.js';
import { mustRun, type Env } from '../../test/support/run.js';
import { moduleOf, SMALLS } from '../corpus/repos.js';
import { goEnvironment } from './go-environment.js';
import type { Lab } from './lab.js';
import { startRecorder } from './recorder.js';

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

/**
 * An application below `dir` that requires what `version`, a public module, does. Its go.mod is asked for with a module
 * cache of its own.
 */
export async function writePublicApp(
  lab: Lab,
  dir: string,
  version: string,
  proxy: PublicProxy,
): Promise<{ app: string; requirements: number }> {
  const env = { ...(await goEnvironment(dir, lab.git.url)), ...proxy.env, GOPROXY: proxy.url };
  const found = await mustRun('go', ['mod', 'download', '-json', version], {
    cwd: dir,
    env,
    timeoutMs: TIMEOUT_MS,
  });
  const { GoMod } = JSON.parse(found) as { GoMod: string };
  // What it replaces lies in its own repository.
  const text = (await readFile(GoMod, 'utf8')).replace(/^replace (?:\([^)]*\)|.*)$/gm, '');
  const app = path.join(dir, 'app');
  await mkdir(app);
  await writeFile(path.join(app, 'go.mod'), text);
  return { app, requirements: [...text.matchAll(/^\t\S+ v\S+/gm)].length };
}

/** Downloads all that the application needs, with an empty module cache below `dir`. */
export async function downloadApp(
  lab: Lab,
  dir: string,
  app: string,
  goproxy: string,
  more: Env = {},
): Promise<void> {
  const env = { ...(await goEnvironment(dir, lab.git.url)), ...more, GOPROXY: goproxy };
  await mustRun('go', ['mod', 'download'], { cwd: app, env, timeoutMs: TIMEOUT_MS });
}

/** The same; returns the paths that go asked `goproxy` for, in their order. */
export async function recordDownload(lab: Lab, dir: string, app: string, goproxy: string): Promise<string[]> {
  await using recorder = await startRecorder(goproxy);
  await downloadApp(lab, dir, app, recorder.url);
  return recorder.requests.map(({ path }) => path);
}
