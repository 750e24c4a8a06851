/** Whether a Redis does all that replicas need of it: for `modhaven check`. */
import type { RedisClientType } from 'redis';
import { noteSecret } from '../secrets.js';
import { keyPrefix } from './lease-scripts.js';
import { redisWords } from './redis-words.js';

/** A write from a script, as leases make it; its key ends by itself. */
const SCRIPT = "return redis.call('set', KEYS[1], '1', 'PX', 1000)";

/** What is wrong with the Redis at `url`, in words; undefined if nothing is. Waits for `timeoutMs` milliseconds at most. */
export async function tryRedis(url: string, timeoutMs: number): Promise<string | undefined> {
  noteSecret(decodeURIComponent(new URL(url).password));
  const { createClient } = await import('redis');
  const client: RedisClientType = createClient({
    url,
    disableOfflineQueue: true,
    socket: { connectTimeout: timeoutMs, reconnectStrategy: false },
  });
  client.on('error', () => undefined); // it is thrown, too
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<string>((resolve) => {
    timer = setTimeout(() => resolve(`it did not answer within ${timeoutMs / 1000} s`), timeoutMs);
  });
  try {
    return await Promise.race([problemOf(client), late]);
  } finally {
    clearTimeout(timer);
    client.destroy();
  }
}

async function problemOf(client: RedisClientType): Promise<string | undefined> {
  const name = `${keyPrefix('check')}probe`;
  try {
    await client.connect();
    await client.eval(SCRIPT, { keys: [name] });
    await client.publish(name, '');
    await client.subscribe(name, () => undefined);
    return undefined;
  } catch (error) {
    return redisWords(error);
  }
}
