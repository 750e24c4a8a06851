/**
 * What a build asks a Go proxy for: the requests and bytes behind the figures of docs/scaling.md, for any project.
 *
 *     node scripts/scaling/count-build.js DIR [COMMAND …]
 *
 * Runs the command (default: `go build ./...`) in DIR twice, first with an empty module cache and then with what the first
 * run left there, through a relay before the first proxy of `go env GOPROXY`. DIR and its go.sum stay as they are.
 */
import { spawn, spawnSync } from 'node:child_process';
import { createServer } from 'node:http';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

const KINDS = [
  ['.info', /\/@v\/[^/]+\.info$/],
  ['.mod', /\/@v\/[^/]+\.mod$/],
  ['.zip', /\/@v\/[^/]+\.zip$/],
  ['lists and @latest', /\/(?:@v\/list|@latest)$/],
  ['checksum database', /^\/sumdb\//],
];

/** A relay to `proxy` that counts; `counts` has requests and bytes of bodies by kind. */
async function startRelay(proxy) {
  const counts = new Map();
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://relay');
    const kind = KINDS.find(([, pattern]) => pattern.test(pathname))?.[0] ?? 'other';
    const count = counts.get(kind) ?? { requests: 0, bytes: 0 };
    counts.set(kind, count);
    count.requests += 1;
    globalThis
      .fetch(proxy + request.url)
      .then(async ({ status, body, headers }) => {
        response.writeHead(status, { 'content-type': headers.get('content-type') ?? 'text/plain' });
        const counted = async function* (pieces) {
          for await (const piece of pieces) {
            count.bytes += piece.length;
            yield piece;
          }
        };
        await pipeline(Readable.from(body ?? []), counted, response);
      })
      .catch(() => response.destroy());
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { url: `http://127.0.0.1:${server.address().port}`, counts, close: () => server.close() };
}

function firstProxy() {
  const { stdout } = spawnSync('go', ['env', 'GOPROXY'], { encoding: 'utf8' });
  const [url = ''] = (stdout ?? '').trim().split(/[,|]/, 1);
  if (!/^https?:/.test(url)) throw new Error(`GOPROXY does not begin with the URL of a proxy: ${url}`);
  return url.replace(/\/$/, '');
}

async function runIn(dir, [command, ...args], env) {
  const child = spawn(command, args, { cwd: dir, env, stdio: ['ignore', 'inherit', 'inherit'] });
  const code = await new Promise((resolve, reject) => child.on('error', reject).on('exit', resolve));
  if (code !== 0) throw new Error(`${command} ended with ${code}`);
}

function report(title, counts) {
  const lines = [...counts].sort(([a], [b]) => (a < b ? -1 : 1));
  const total = lines.reduce(
    (sum, [, { requests, bytes }]) => ({ requests: sum.requests + requests, bytes: sum.bytes + bytes }),
    { requests: 0, bytes: 0 },
  );
  process.stdout.write(`${title}\n`);
  for (const [kind, { requests, bytes }] of [...lines, ['all', total]]) {
    process.stdout.write(
      `  ${kind.padEnd(20)}${String(requests).padStart(7)} requests ${String(bytes).padStart(13)} bytes\n`,
    );
  }
}

async function main([dir, ...command]) {
  if (dir === undefined) {
    process.stderr.write('usage: node scripts/scaling/count-build.js DIR [COMMAND …]\n');
    process.exitCode = 2;
    return;
  }
  const relay = await startRelay(firstProxy());
  const temporary = await mkdtemp(path.join(tmpdir(), 'modhaven-build-'));
  try {
    const env = {
      ...process.env,
      GOPROXY: relay.url,
      GOMODCACHE: path.join(temporary, 'modules'),
      GOCACHE: path.join(temporary, 'builds'),
      GOFLAGS: `${process.env.GOFLAGS ?? ''} -modcacherw`.trim(),
    };
    for (const title of ['with an empty module cache', 'with all modules there']) {
      relay.counts.clear();
      await runIn(path.resolve(dir), command.length > 0 ? command : ['go', 'build', './...'], env);
      report(title, relay.counts);
    }
  } finally {
    relay.close();
    await rm(temporary, { recursive: true, force: true });
  }
}

await main(process.argv.slice(2));
