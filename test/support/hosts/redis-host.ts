/** A real Redis, or Valkey, of a test: nothing on disk, on a port of its own. */
import { startDaemon, type Daemon } from '../process/daemon.js';
import { freePort } from '../loopback.js';
import { tempDir } from '../tmp.js';

export type RedisProgram = 'redis-server' | 'valkey-server';

export interface RedisHostOptions {
  /** Default: any. */
  port?: number;
  /** Default: `redis-server`. */
  program?: RedisProgram;
}

export interface RedisHost extends Daemon {
  /** `redis://127.0.0.1:PORT/0` */
  readonly url: string;
  readonly port: number;
}

export async function redisHost({
  port,
  program = 'redis-server',
}: RedisHostOptions = {}): Promise<RedisHost> {
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
  const daemon = await startDaemon(program, args, {
    isReady: (log) => log.includes('Ready to accept connections'),
  });
  return { ...daemon, port: at, url: `redis://127.0.0.1:${at}/0` };
}
