/** A real Redis of a test: nothing on disk, on a port of its own. */
import { startDaemon, type Daemon } from './daemon.js';
import { freePort } from './loopback.js';
import { tempDir } from './tmp.js';

export interface RedisHost extends Daemon {
  /** `redis://127.0.0.1:PORT/0` */
  readonly url: string;
  readonly port: number;
}

export async function redisHost(port?: number): Promise<RedisHost> {
  const at = port ?? (await freePort());
  const dir = await tempDir('redis');
  const args = [
    '--bind',
    '127.0.0.1',
    '--port',
    String(at),
    '--dir',
    dir,
    '--save',
    '',
    '--appendonly',
    'no',
  ];
  const daemon = await startDaemon('redis-server', args, {
    isReady: (log) => log.includes('Ready to accept connections'),
  });
  return { ...daemon, port: at, url: `redis://127.0.0.1:${at}/0` };
}
