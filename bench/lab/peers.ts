/** Other GOPROXY servers, named in the environment: nothing of them is part of this project. */
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import type { Env } from '../../test/support/run.js';
import { goEnvironment } from './go-environment.js';
import { startServer, type Contender, type StartOptions } from './server.js';

/** Names of peers, separated by commas. */
const PEERS = 'MODHAVEN_BENCH_PEERS';
/** How the command of one begins; its name in upper case follows. */
const COMMAND = 'MODHAVEN_BENCH_PEER_';

/** The peers that `env` describes. Throws for a name without a command. */
export function peersOf(env: NodeJS.ProcessEnv, gitHost: string): Contender[] {
  const names = (env[PEERS] ?? '').split(',').map((name) => name.trim());
  return names
    .filter((name) => name !== '')
    .map((name) => {
      const variable = COMMAND + name.toUpperCase().replaceAll(/[^A-Z0-9]/g, '_');
      const command = env[variable];
      if (command === undefined || command === '') {
        throw new Error(`${PEERS} names ${name}, but ${variable} does not say how to start it`);
      }
      return peer(name, command, gitHost);
    });
}

/** As go names where modules come from. */
function upstreamOf({ upstream }: StartOptions): Env {
  return upstream === undefined ? {} : { ...upstream.env, GOPROXY: upstream.url };
}

function peer(name: string, command: string, gitHost: string): Contender {
  return {
    name,
    start: async (options) => {
      const cacheDir = path.join(options.dir, 'cache');
      await mkdir(cacheDir, { recursive: true });
      const env = await goEnvironment(options.dir, gitHost);
      return startServer(options, (port) => ({
        command,
        env: { ...env, ...upstreamOf(options), PORT: `${port}`, CACHE_DIR: cacheDir },
        probe: '/',
        healthy: false,
      }));
    },
  };
}
