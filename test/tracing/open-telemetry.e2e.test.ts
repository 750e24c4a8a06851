/** A cold request as a trace, recorded by a real SDK and sent to a collector that speaks OTLP over http. */
import http from 'node:http';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { ask, until } from '../support/ask.js';
import { gitHttpHost, type GitHttpHost } from '../support/hosts/git-http-host.js';
import { repo } from '../support/git/git-repo.js';
import { listenOnLoopback, type LoopbackHost } from '../support/loopback.js';
import { startServer, type ModhavenServer } from '../support/server.js';

const SDK = fileURLToPath(new URL('sdk.mjs', import.meta.url));
const attribute = z.object({
  key: z.string(),
  value: z.object({ stringValue: z.string().optional(), intValue: z.number().optional() }),
});
const spanSchema = z.object({
  traceId: z.string(),
  spanId: z.string(),
  parentSpanId: z.string().optional(),
  name: z.string(),
  attributes: z.array(attribute),
  status: z.object({ code: z.number().optional() }),
});
const exportSchema = z.object({
  resourceSpans: z.array(z.object({ scopeSpans: z.array(z.object({ spans: z.array(spanSchema) })) })),
});
type Span = z.infer<typeof spanSchema>;

let spans: Span[] = [];
let collector: LoopbackHost;
let git: GitHttpHost;
let address: string;
beforeAll(async () => {
  collector = await listenOnLoopback(
    http.createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const sent = exportSchema.parse(JSON.parse(Buffer.concat(chunks).toString()));
        spans.push(...sent.resourceSpans.flatMap((each) => each.scopeSpans.flatMap((scope) => scope.spans)));
        response.end('{}');
      });
    }),
  );
  const source = await repo();
  await source.write({ 'go.mod': 'module corp.test/lib\n', 'a.go': 'package lib\n' }).commit('first');
  await source.tag('v1.0.0');
  git = await gitHttpHost(path.dirname(source.dir));
  address = `${git.url}/${path.basename(source.dir)}`;
});
afterAll(async () => {
  await git.stop();
  await collector.stop();
});
beforeEach(() => {
  spans = [];
});

async function start(workers: number, repository = address): Promise<ModhavenServer> {
  return startServer({
    config: { workers },
    vanity: { host: 'corp.test', paths: { '/lib': repository } },
    env: {
      NODE_OPTIONS: `--import ${SDK}`,
      OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${collector.port}`,
    },
  });
}

const valueOf = (span: Span | undefined, key: string) =>
  span?.attributes.find((each) => each.key === key)?.value;

/** The names from the root of a trace down to a span. */
function pathOf(span: Span): string[] {
  const parent = spans.find(({ spanId }) => spanId === span.parentSpanId);
  return [...(parent === undefined ? [] : pathOf(parent)), span.name];
}

describe.each([1, 2])('with workers: %d', (workers) => {
  it('shows one cold request as one tree, below the span of the client', async () => {
    await using server = await start(workers);
    const [traceId, parent] = ['0af7651916cd43dd8448eb211c80319c', 'b7ad6b7169203331'];
    const traceparent = `00-${traceId}-${parent}-01`;
    await ask(server.url, '/corp.test/lib/@v/v1.0.0.zip', { headers: { traceparent } });
    const isOfRequest = (span: Span) => span.traceId === traceId;
    await until(
      () => spans.filter(isOfRequest),
      (found) => found.filter(({ name }) => name === 'modhaven GET').length >= (workers === 1 ? 1 : 2),
    );
    const ofRequest = spans.filter(isOfRequest);
    const roots = ofRequest.filter(({ parentSpanId }) => parentSpanId === parent);
    expect(roots.map(({ name }) => name)).toEqual(['modhaven GET']);
    expect(valueOf(roots[0], 'modhaven.module')).toEqual({ stringValue: 'corp.test/lib' });
    expect(valueOf(roots[0], 'modhaven.source')).toEqual({ stringValue: 'git' });
    expect(valueOf(roots[0], 'http.response.status_code')).toEqual({ intValue: 200 });
    // Every other span hangs below it.
    for (const span of ofRequest) expect(pathOf(span)[0]).toBe('modhaven GET');
    const paths = ofRequest.map((span) => pathOf(span).join(' > '));
    const front = workers === 1 ? 'modhaven GET' : 'modhaven GET > modhaven GET';
    expect(paths).toContain(`${front} > fetch zip > repository > queue`);
    expect(paths).toContain(`${front} > fetch zip > repository > host > git ls-refs`);
    expect(paths).toContain(`${front} > deliver > store`);
  });
});

it('says in a span how it failed, and tells the git host where it belongs', async () => {
  const told: (string | undefined)[] = [];
  await using host = await listenOnLoopback(
    http.createServer((request, response) => {
      told.push(request.headers.traceparent as string | undefined);
      response.writeHead(403).end();
    }),
  );
  await using server = await start(1, `http://127.0.0.1:${host.port}/x.git`);
  expect(await ask(server.url, '/corp.test/lib/@v/list')).toMatchObject({ status: 502 });
  const failed = await until(
    () => spans.filter(({ name, status }) => name === 'fetch list' && status.code === 2),
    (found) => found.length > 0,
  );
  expect(valueOf(failed[0], 'error.type')).toEqual({ stringValue: 'HOST_REFUSED' });
  expect(told[0]?.split('-')[1]).toBe(failed[0]?.traceId);
});
