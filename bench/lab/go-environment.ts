/**
 * The environment in which the go command finds the modules of the corpus by itself, as it finds modules on a public
 * forge: git is told that the vanity host is the loopback git host. For `GOPROXY=direct` and for every server that
 * starts `go`.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Env } from '../../test/support/run.js';
import { HOST } from '../corpus/repos.js';

/** Makes `dir/home`, and answers variables that keep everything go writes below `dir`. */
export async function goEnvironment(dir: string, gitHost: string): Promise<Env> {
  const home = path.join(dir, 'home');
  await mkdir(path.join(home, '.config/go/telemetry'), { recursive: true });
  // Otherwise go leaves a process behind that counts what was run.
  await writeFile(path.join(home, '.config/go/telemetry/mode'), 'off');
  await writeFile(path.join(home, '.gitconfig'), `[url "${gitHost}/"]\n\tinsteadOf = https://${HOST}/\n`);
  return {
    HOME: home,
    // Programs that start go with few variables still find the file in HOME.
    GIT_CONFIG_GLOBAL: undefined,
    GOPATH: path.join(dir, 'gopath'),
    GOMODCACHE: path.join(dir, 'gomodcache'),
    GOCACHE: path.join(dir, 'gocache'),
    GOENV: 'off',
    GOFLAGS: '-modcacherw',
    GOTOOLCHAIN: 'local',
    GOPROXY: 'direct',
    GOSUMDB: 'off',
  };
}
