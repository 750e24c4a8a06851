/** Asks the server of this configuration on this machine for its status, as an admin would with curl. */
import http from 'node:http';
import https from 'node:https';
import type { Listen } from '../../config/listen.js';
import { errorMessage } from '../../errors.js';

export interface AskedServer {
  /** What `/-/status` says, as JSON; undefined if it was not given. */
  status: unknown;
  /** Why not, in words. */
  problem: string | undefined;
}

const TIMEOUT_MS = 5_000;
const MAX_BYTES = 4 * 2 ** 20;

/** `secure`: whether the server speaks https. Its certificate is made for another name than the address of this machine. */
export async function askServer(listen: Listen, secure: boolean): Promise<AskedServer> {
  const place =
    'path' in listen ? { socketPath: listen.path } : { host: reachable(listen.host), port: listen.port };
  const options = {
    ...place,
    path: '/-/status',
    headers: { accept: 'application/json' },
    timeout: TIMEOUT_MS,
  };
  try {
    const { status, body } = await new Promise<{ status: number; body: string }>((resolve, reject) => {
      const request = secure
        ? https.get({ ...options, rejectUnauthorized: false }, take)
        : http.get(options, take);
      request.on('timeout', () => request.destroy(new Error('it did not answer within 5 seconds')));
      request.on('error', reject);

      function take(response: http.IncomingMessage): void {
        let body = '';
        response.setEncoding('utf8');
        response.on('data', (part: string) => {
          body += part;
          if (body.length > MAX_BYTES) request.destroy(new Error('its status is longer than 4 MiB'));
        });
        response.on('end', () => resolve({ status: response.statusCode ?? 0, body }));
        response.on('error', reject);
      }
    });
    if (status !== 200) {
      return { status: undefined, problem: `it answered ${status}: ${body.split('\n', 1)[0] ?? ''}` };
    }
    return { status: JSON.parse(body) as unknown, problem: undefined };
  } catch (error) {
    return { status: undefined, problem: errorMessage(error) };
  }
}

/** An address for every interface is reached over loopback. */
function reachable(host: string): string {
  if (host === '0.0.0.0') return '127.0.0.1';
  return /^[0:]+$/.test(host) ? '::1' : host;
}
