/** Two versions, a file tree beside a server's folder of versions, and a command that moves versions between the two. */
import path from 'node:path';
import { modhaven } from '../../support/server.js';
import type { RunResult } from '../../support/run.js';
import { makeVersion, type MadeVersion } from '../../support/stores/versions.js';
import { files } from './files.js';

export interface VersionTrees {
  /** Of modhaven.yaml and vanity.yaml. */
  dir: string;
  /** The file tree; not made yet. */
  tree: string;
  /** Where the server keeps its versions; not made yet. */
  download: string;
  /** `ex.test/a@v1.0.0`. */
  a: MadeVersion;
  /** `ex.test/b@v1.0.0`. */
  b: MadeVersion;
  /** Runs `modhaven NAME ARGS`. */
  command: (name: string, ...args: string[]) => Promise<RunResult>;
}

export async function versionTrees(): Promise<VersionTrees> {
  const { dir, config } = await files({ vanity: 'paths: {}\n' });
  return {
    dir,
    tree: path.join(dir, 'tree'),
    download: path.join(dir, 'data/download'),
    a: await makeVersion('ex.test/a', 'v1.0.0'),
    b: await makeVersion('ex.test/b', 'v1.0.0'),
    command: (name, ...args) => modhaven([name, '--config', config, ...args], { cwd: dir }),
  };
}
