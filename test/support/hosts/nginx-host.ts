/**
 * nginx with the `config/nginx.conf` that we ship, so that what an administrator copies is what the tests ran. Only
 * what the file tells administrators to change is changed; everything else a test needs is said on the command line.
 */
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { startDaemon, type Daemon } from '../process/daemon.js';
import { freePort } from '../loopback.js';
import { tempDir } from '../tmp.js';

/** The shipped file. */
export const NGINX_CONF = fileURLToPath(new URL('../../../config/nginx.conf', import.meta.url));

export interface NginxHost extends Daemon {
  readonly port: number;
  /** `http://127.0.0.1:PORT`. nginx answers there for whatever host a client asks for. */
  readonly url: string;
  /** The log of what nginx answered alone. */
  accessLog(): Promise<string>;
}

export interface NginxOptions {
  /** Where the finished versions are (`<cache.dir>/download`). Default: nowhere. */
  download?: string;
  /**
   * Who sends them: nginx, which asks modhaven whether it may; nginx without asking, as it may be where there is no
   * `auth:`; or nginx when modhaven says so. Default: nginx, which asks.
   */
  sends?: 'files' | 'files without asking' | 'what modhaven names';
}

/** Starts nginx in front of a server at `upstreamPort` of 127.0.0.1. */
export async function nginxHost(upstreamPort: number, options: NginxOptions = {}): Promise<NginxHost> {
  const prefix = await tempDir('nginx');
  const port = await freePort();
  const shipped = await readFile(NGINX_CONF, 'utf8');
  const { download = path.join(prefix, 'nowhere'), sends = 'files' } = options;
  const accessLog = path.join(prefix, 'access.log');
  let text = replaceValue(shipped, 'listen 80;', `listen 127.0.0.1:${port};`);
  text = replaceValue(text, 'server 127.0.0.1:10000;', `server 127.0.0.1:${upstreamPort};`);
  text = replaceValue(text, 'root /var/lib/modhaven/download;', `root ${download};`);
  text = replaceValue(text, 'alias /var/lib/modhaven/download/;', `alias ${download}/;`);
  text = replaceValue(text, '/var/log/nginx/modhaven.log', accessLog);
  if (sends === 'what modhaven names') {
    text = replaceValue(text, 'X-Sendfile-Type   "";', 'X-Sendfile-Type   "X-Accel-Redirect";');
    text = replaceValue(text, /\n *location ~ "(?:.*\n)+? {8}\}\n/, '\n');
  }
  if (sends === 'files without asking') {
    text = replaceValue(text, / *auth_request \/-\/auth;\n/, '');
    text = replaceValue(text, / *auth_request_set .*\n/, '');
    const unchanging = '"public, max-age=31536000, immutable"';
    text = replaceValue(text, 'Cache-Control $modhaven_cache;', `Cache-Control ${unchanging};`);
  }
  const daemon = await startNginx(text, prefix);
  return {
    ...daemon,
    port,
    url: `http://127.0.0.1:${port}`,
    accessLog: () => readFile(accessLog, 'utf8'),
  };
}

/** Starts nginx with a configuration, in a folder of its own. Every other path of its making is below that folder. */
export async function startNginx(conf: string, prefix?: string): Promise<Daemon> {
  const dir = prefix ?? (await tempDir('nginx'));
  const file = path.join(dir, 'nginx.conf');
  await writeFile(file, conf);
  // Its workers would run under the account nobody, which may not enter the folders of a test.
  const user = process.getuid?.() === 0 ? 'user root;' : '';
  const settings = `daemon off; ${user} pid ${dir}/nginx.pid; error_log stderr notice;`;
  return startDaemon('nginx', ['-p', dir, '-c', file, '-e', 'stderr', '-g', settings], {
    isReady: (log) => log.includes('start worker process '),
  });
}

function replaceValue(conf: string, shipped: string | RegExp, value: string): string {
  if (conf.split(shipped).length !== 2) {
    throw new Error(`config/nginx.conf does not say "${String(shipped)}" exactly once`);
  }
  return conf.replace(shipped, () => value);
}
