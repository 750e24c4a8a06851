/**
 * One HTTP request, exactly as written: no normalised path, no followed redirect, no header that a test did not give.
 */
import http, { type IncomingHttpHeaders } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

export interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
  bytes: Buffer;
  text: string;
}

export interface AskOptions {
  method?: string;
  headers?: Record<string, string>;
}

/** Asks `base` (`http://127.0.0.1:PORT`) for a raw path, on a connection of its own. */
export async function ask(base: string, path: string, options: AskOptions = {}): Promise<Answer> {
  const { hostname: host, port } = new URL(base);
  const { method = 'GET', headers = {} } = options;
  return new Promise((resolve, reject) => {
    const request = http.request({ host, port, path, method, headers, agent: false }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => {
        const bytes = Buffer.concat(chunks);
        const { statusCode: status = 0, headers: answered } = response;
        resolve({ status, headers: answered, bytes, text: bytes.toString() });
      });
    });
    request.on('error', reject);
    request.end();
  });
}

/**
 * How long a test waits, unless it says otherwise, for what has to come: long, because a machine that does much else is
 * no failure, and it costs nothing where the program is right.
 */
const TIMEOUT_MS = 60_000;

/** What `probe` answers once it satisfies `isDone`; what it answered last when `withinMs` are over. */
export async function until<T>(
  probe: () => T | Promise<T>,
  isDone: (value: T) => boolean,
  withinMs = TIMEOUT_MS,
): Promise<T> {
  const deadline = Date.now() + withinMs;
  for (;;) {
    const value = await probe();
    if (isDone(value) || Date.now() > deadline) return value;
    await sleep(20);
  }
}

/** The log of a server once `text` is in it: lines are written beside the answers. Throws if it never is. */
export async function logged(server: { logs(): string }, text: string): Promise<string> {
  const log = await until(
    () => server.logs(),
    (said) => said.includes(text),
  );
  if (!log.includes(text)) throw new Error(`the log does not say ${JSON.stringify(text)}:\n${log}`);
  return log;
}
