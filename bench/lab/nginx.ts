/** nginx as a plain server of files: the limit for everything that is served from a cache. */
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { startServer, type RunningServer, type StartOptions } from './server.js';

export const NGINX = 'nginx';

export interface FileServerOptions extends StartOptions {
  /** What it serves. */
  root: string;
}

/** Serves files, without a request log. */
export async function startFileServer(options: FileServerOptions): Promise<RunningServer> {
  const conf = path.join(options.dir, 'nginx.conf');
  return startServer(options, async (port) => {
    await writeFile(conf, fileServerConf(port, options));
    return {
      command: 'exec nginx -p "$PREFIX" -c "$CONF" -e stderr',
      env: { PREFIX: options.dir, CONF: conf },
      probe: '/',
      healthy: false,
    };
  });
}

function fileServerConf(port: number, { dir, root, workers = 1 }: FileServerOptions): string {
  // Started by root, the workers would be another user, who may not read a temporary directory.
  const user = process.getuid?.() === 0 ? 'user root;' : '';
  return `
daemon off; pid ${path.join(dir, 'nginx.pid')}; worker_processes ${workers}; ${user}
events { worker_connections 1024; }
http {
  access_log off;
  sendfile on;
  tcp_nopush on;
  keepalive_requests 10000000;
  open_file_cache max=1000;
  server { listen 127.0.0.1:${port}; root ${root}; }
}
`;
}
