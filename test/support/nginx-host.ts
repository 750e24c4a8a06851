/**
 * nginx with the `config/nginx.conf` that we ship, so that what an administrator copies is what the tests ran. Only
 * its port and the address of modhaven are put in; everything else a test needs is said on the command line.
 */
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { startDaemon, type Daemon } from './daemon.js';
import { freePort } from './loopback.js';
import { tempDir } from './tmp.js';

/** The shipped file. */
export const NGINX_CONF = fileURLToPath(new URL('../../config/nginx.conf', import.meta.url));

export interface NginxHost extends Daemon {
  readonly port: number;
  /** `http://127.0.0.1:PORT`. nginx answers there for whatever host a client asks for. */
  readonly url: string;
}

/** Starts nginx in front of a server at `upstreamPort` of 127.0.0.1. */
export async function nginxHost(upstreamPort: number): Promise<NginxHost> {
  const prefix = await tempDir('nginx');
  const port = await freePort();
  const conf = path.join(prefix, 'nginx.conf');
  const shipped = await readFile(NGINX_CONF, 'utf8');
  const listening = replaceValue(shipped, 'listen 80;', `listen 127.0.0.1:${port};`);
  await writeFile(
    conf,
    replaceValue(listening, 'server 127.0.0.1:10000;', `server 127.0.0.1:${upstreamPort};`),
  );
  const settings = `daemon off; pid ${prefix}/nginx.pid; error_log stderr notice;`;
  const args = ['-p', prefix, '-c', conf, '-e', 'stderr', '-g', settings];
  const daemon = await startDaemon('nginx', args, {
    isReady: (log) => log.includes('start worker process '),
  });
  return { ...daemon, port, url: `http://127.0.0.1:${port}` };
}

function replaceValue(conf: string, shipped: string, value: string): string {
  if (conf.split(shipped).length !== 2)
    throw new Error(`config/nginx.conf does not say "${shipped}" exactly once`);
  return conf.replace(shipped, value);
}
