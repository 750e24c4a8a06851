/** Load from wrk: as many requests as a number of connections can carry, for some seconds. */
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { mustRun } from '../../test/support/run.js';
import { tempDir } from '../../test/support/tmp.js';
import { pinned } from '../lab/cores.js';

export interface LoadOptions {
  seconds: number;
  connections: number;
  /** The processor wrk runs on; undefined for any. */
  core: number | undefined;
  /** Sent with each request. */
  headers?: Readonly<Record<string, string>>;
}

export interface Load {
  requests: number;
  requestsPerSecond: number;
  /** 10^6 bytes, headers included. */
  megabytes: number;
  megabytesPerSecond: number;
  p99Ms: number;
}

/** What the script below prints. */
interface Summary {
  requests: number;
  microseconds: number;
  bytes: number;
  failures: number;
  p99: number;
}

/** Asks for `paths` of a server in turn. Throws if one answer is not 2xx or 3xx, or a connection fails. */
export async function wrk(server: string, paths: readonly string[], options: LoadOptions): Promise<Load> {
  const script = path.join(await tempDir('wrk'), 'paths.lua');
  await writeFile(script, lua(paths, options.headers ?? {}));
  const [command, ...args] = pinned(options.core, [
    'wrk',
    ...['--threads', '1', '--connections', `${options.connections}`, '--duration', `${options.seconds}s`],
    ...['--timeout', '30s', '--script', script, server],
  ]);
  const output = await mustRun(command, args, { timeoutMs: (options.seconds + 60) * 1_000 });
  const json = /^SUMMARY (.*)$/m.exec(output)?.[1];
  if (json === undefined) throw new Error(`wrk printed no summary:\n${output}`);
  const { requests, microseconds, bytes, failures, p99 } = JSON.parse(json) as Summary;
  if (failures > 0) throw new Error(`${failures} requests of ${paths[0] ?? ''} failed:\n${output}`);
  return {
    requests,
    requestsPerSecond: (requests * 1e6) / microseconds,
    megabytes: bytes / 1e6,
    megabytesPerSecond: bytes / microseconds,
    p99Ms: p99 / 1_000,
  };
}

function lua(paths: readonly string[], headers: Readonly<Record<string, string>>): string {
  const sent = Object.entries(headers).map(
    ([name, value]) => `wrk.headers[${JSON.stringify(name)}] = ${JSON.stringify(value)}\n`,
  );
  const list = paths.map((item) => `wrk.format("GET", ${JSON.stringify(item)})`).join(', ');
  return `
${sent.join('')}local requests, i
function init() requests = { ${list} }; i = 0 end
function request() i = i % #requests + 1; return requests[i] end
function done(summary, latency)
  local e = summary.errors
  print(string.format('SUMMARY {"requests":%d,"microseconds":%d,"bytes":%.0f,"failures":%d,"p99":%.0f}',
    summary.requests, summary.duration, summary.bytes, e.connect + e.read + e.write + e.status + e.timeout,
    latency:percentile(99)))
end
`;
}
