/** One log line a request. That of an answer from memory is put together from parts made once. */
import type { Logger } from 'pino';
import { redact } from '../redact.js';
import type { Outcome, CachedResponse } from './response-cache.js';

export interface RequestLine {
  method: string;
  /** The raw URL. */
  url: string;
  outcome: Outcome | undefined;
  status: number;
  ms: number;
  client: string | undefined;
}

export interface RequestLog {
  write(line: RequestLine): void;
  /** The line of an answer from memory: `outcome` and `url` are those it was kept with. */
  writeHit(remembered: CachedResponse, line: Omit<RequestLine, 'outcome'>): void;
}

/** `writeLine` takes a finished line of JSON, its line end included; without it every line goes through `log`. */
export function createRequestLog(log: Logger, writeLine?: (line: string) => void): RequestLog {
  function write({ method, url, outcome, status, ms, client }: RequestLine): void {
    const line = { method, path: loggedPath(url), ...outcome, status, ms: Math.round(ms), client };
    if (url.startsWith('/-/')) log.debug(line, 'request');
    else log.info(line, 'request');
  }

  return {
    write,

    writeHit(remembered, line) {
      if (writeLine === undefined) {
        write({ ...line, outcome: remembered.outcome });
        return;
      }
      if (!log.isLevelEnabled('info')) return;
      const { method, url, status, ms, client } = line;
      remembered.logged ??= partsOf(url, remembered.outcome);
      const from = client === undefined ? '' : `,"client":${quoted(client)}`;
      writeLine(
        `{"level":"info","time":"${isoTime()}","method":"${method}",${remembered.logged},` +
          `"status":${status},"ms":${Math.round(ms)}${from},"msg":"request"}\n`,
      );
    },
  };
}

/** Below `/-/` without the query, which may hold the secret of a webhook. */
export function loggedPath(url: string): string {
  return url.startsWith('/-/') ? (url.split('?', 1)[0] ?? '') : url;
}

function partsOf(url: string, { module, version, cache = 'hit' }: Outcome): string {
  const fields = { path: url, module, version, cache };
  const texts = Object.entries(fields).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, redact(value)]],
  );
  return JSON.stringify(Object.fromEntries(texts)).slice(1, -1);
}

/** An address as the system writes it needs neither quoting nor redaction; a header may say anything. */
function quoted(client: string): string {
  return /^[\d.:a-f]{1,45}$/.test(client) ? `"${client}"` : JSON.stringify(redact(client));
}

let lastMs = 0;
let lastIso = '';

/** The time of now as ISO text, made once a millisecond. */
function isoTime(): string {
  const ms = Date.now();
  if (ms !== lastMs) {
    lastMs = ms;
    lastIso = new Date(ms).toISOString();
  }
  return lastIso;
}
