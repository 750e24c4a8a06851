/**
 * The documentation site of the Go project, as `go install` makes it, run in front of a GOPROXY. The binary is kept between
 * test runs (`test-cache.ts`).
 */
import path from 'node:path';
import { startDaemon, type Daemon } from '../process/daemon.js';
import { answersOk, freePort } from '../loopback.js';
import type { PublicProxy } from './public-proxy.js';
import { mustRun } from '../run.js';
import { cachedDir } from '../test-cache.js';
import { tempDir } from '../tmp.js';

const PKGSITE = 'golang.org/x/pkgsite/cmd/pkgsite@v0.6.0';

export interface Pkgsite extends Daemon {
  /** `http://127.0.0.1:PORT`, without a slash at the end. */
  readonly url: string;
}

/** The binary, built from what `proxy` has. */
function build(proxy: PublicProxy): Promise<string> {
  return cachedDir('pkgsite-v0.6.0', async (dir) => {
    const env = {
      ...proxy.env,
      GOBIN: dir,
      GOPROXY: proxy.url,
      GOFLAGS: '-mod=mod',
      GOWORK: 'off',
      GOSUMDB: 'off',
      GOPATH: path.join(await tempDir('pkgsite'), 'go'),
      CGO_ENABLED: '0',
    };
    await mustRun('go', ['install', PKGSITE], { env, timeoutMs: 600_000 });
  });
}

/** Starts it; every module comes from `goproxy`. */
export async function startPkgsite(proxy: PublicProxy, goproxy: string): Promise<Pkgsite> {
  const dir = await build(proxy);
  const port = await freePort();
  const home = await tempDir('pkgsite-home');
  const daemon = await startDaemon(
    path.join(dir, 'pkgsite'),
    ['-proxy', '-list=false', '-http', `127.0.0.1:${port}`],
    {
      cwd: home,
      env: {
        HOME: home,
        GOPROXY: goproxy,
        GOSUMDB: 'off',
        GOFLAGS: '-mod=mod',
        GOPATH: path.join(home, 'go'),
      },
      isReady: async () => answersOk(port, '/'),
      startMs: 60_000,
    },
  );
  return { ...daemon, url: `http://127.0.0.1:${port}` };
}
