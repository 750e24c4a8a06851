/** `/-/metrics` of real servers, read by promtool and by a Prometheus with the files of deploy/. */
import { cp, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ask, until } from '../support/ask.js';
import { startDaemon, type Daemon } from '../support/process/daemon.js';
import { gitHttpHost, type GitHttpHost } from '../support/hosts/git-http-host.js';
import { repo } from '../support/git/git-repo.js';
import { freePort } from '../support/loopback.js';
import { missing } from '../support/requirements.js';
import { run } from '../support/run.js';
import { startServer, type ModhavenServer } from '../support/server.js';
import { tempDir } from '../support/tmp.js';

const DEPLOY = path.resolve('deploy');
const at = '/corp.test/lib/@v';

let git: GitHttpHost;
let address: string;
beforeAll(async () => {
  const source = await repo();
  await source.write({ 'go.mod': 'module corp.test/lib\n', 'a.go': 'package lib\n' }).commit('first');
  await source.tag('v1.0.0');
  git = await gitHttpHost(path.dirname(source.dir));
  address = `${git.url}/${path.basename(source.dir)}`;
});
afterAll(() => git.stop());

async function start(workers: number, config: Record<string, unknown> = {}): Promise<ModhavenServer> {
  const vanity = { host: 'corp.test', paths: { '/lib': address, '/typo': `${git.url}/typo.git` } };
  return startServer({ config: { workers, refresh: '1h', ...config }, vanity });
}

/** The value of a series, written as in the text. */
function valueOf(text: string, series: string): number | undefined {
  const line = text.split('\n').find((each) => each.startsWith(`${series} `));
  return line === undefined ? undefined : Number(line.slice(series.length + 1));
}

describe.each([1, 2])('the metrics of a server with workers: %d', (workers) => {
  it('count every request once, whichever process replied, and know the fetch behind them', async () => {
    await using server = await start(workers);
    await ask(server.url, `${at}/v1.0.0.zip`);
    // Each connection may come to another worker, and each worker reads the store once.
    for (let i = 0; i < 20; i++) await ask(server.url, `${at}/v1.0.0.zip`);
    await ask(server.url, '/corp.test/typo/@v/list');
    const { text, headers, status } = await ask(server.url, '/-/metrics');
    expect(status).toBe(200);
    expect(headers['content-type']).toBe('text/plain; version=0.0.4; charset=utf-8');
    const zips = ['memory', 'disk', 'git'].map(
      (source) =>
        valueOf(text, `modhaven_http_requests_total{kind="zip",outcome="ok",source="${source}"}`) ?? 0,
    );
    expect(zips[2]).toBe(1);
    expect(zips.reduce((sum, each) => sum + each, 0)).toBe(21);
    expect(zips[0]).toBeGreaterThan(10);
    expect(valueOf(text, 'modhaven_http_requests_total{kind="list",outcome="not_found",source="none"}')).toBe(
      1,
    );
    expect(valueOf(text, 'modhaven_fetch_duration_seconds_count{source="git",kind="zip",outcome="ok"}')).toBe(
      1,
    );
    expect(valueOf(text, `modhaven_host_up{host="127.0.0.1:${git.port}"}`)).toBe(1);
    const processes = new Set(text.match(/(?<=resident_memory_bytes\{process=")[^"]*/g));
    expect([...processes]).toEqual(workers === 1 ? ['main'] : ['main', 'worker-1', 'worker-2']);
    expect(text).not.toContain('corp.test');
    if (missing('promtool')) return;
    const checked = await run('promtool', ['check', 'metrics'], { input: text });
    expect(checked).toMatchObject({ code: 0, stdout: '', stderr: '' });
  });
});

it('are for admins', async () => {
  await using server = await start(1, { admin: ['10.11.12.13'] });
  expect((await ask(server.url, '/-/metrics')).status).toBe(403);
});

interface QueryResult {
  status: string;
  error?: string;
  data?: { result: { metric: Record<string, string>; value: [number, string] }[] };
}

describe.skipIf(missing('prometheus', 'promtool'))('a Prometheus with the files of deploy/', () => {
  let server: ModhavenServer;
  let prometheus: Daemon;
  let port: number;

  const query = async (expression: string): Promise<QueryResult> =>
    JSON.parse(
      (await ask(`http://127.0.0.1:${port}`, `/api/v1/query?query=${encodeURIComponent(expression)}`)).text,
    ) as QueryResult;

  beforeAll(async () => {
    server = await start(1);
    port = await freePort();
    const dir = await tempDir('prometheus');
    await cp(path.join(DEPLOY, 'prometheus'), dir, { recursive: true });
    const shipped = await readFile(path.join(dir, 'prometheus.yml'), 'utf8');
    const config = shipped
      .replace('scrape_interval: 15s', 'scrape_interval: 1s\n  evaluation_interval: 1s')
      .replace('modhaven:10000', `127.0.0.1:${server.port}`);
    await writeFile(path.join(dir, 'prometheus.yml'), config);
    const args = [`--config.file=${dir}/prometheus.yml`, `--storage.tsdb.path=${dir}/data`];
    prometheus = await startDaemon('prometheus', [...args, `--web.listen-address=127.0.0.1:${port}`], {
      isReady: async () =>
        (await ask(`http://127.0.0.1:${port}`, '/-/ready').catch(() => undefined))?.status === 200,
    });
    for (const part of ['zip', 'mod', 'info', 'zip', 'zip']) await ask(server.url, `${at}/v1.0.0.${part}`);
    // A rate takes two scrapes.
    await until(
      () => query('count_over_time(modhaven_info[1m]) >= 3'),
      ({ data }) => (data?.result.length ?? 0) > 0,
    );
  });
  afterAll(async () => {
    await prometheus.stop();
    await server.stop();
  });

  it('scrapes it, and knows the hit ratio', async () => {
    expect((await query('up{job="modhaven"}')).data?.result[0]?.value[1]).toBe('1');
    expect((await query('modhaven:hit_ratio:rate5m')).status).toBe('success');
  });

  it('answers every query of the dashboard', async () => {
    const dashboard = JSON.parse(await readFile(path.join(DEPLOY, 'grafana/modhaven.json'), 'utf8')) as {
      panels: { title: string; targets: { expr: string }[] }[];
    };
    const silent: string[] = [];
    for (const { title, targets } of dashboard.panels) {
      for (const { expr } of targets) {
        const filled = expr.replaceAll('$instance', '.*').replaceAll('$__rate_interval', '1m');
        const { status, error, data } = await query(filled);
        expect({ title, status, error }).toEqual({ title, status: 'success', error: undefined });
        if (data?.result.length === 0) silent.push(expr);
      }
    }
    // What has not happened here has no series: refusals, reloads, and the cache that was not looked through yet.
    const expected = [/outcome=~"unauthorized/, /reloads_total/, /gc_runs_total/, /cache_bytes/];
    expect(silent.filter((expr) => !expected.some((pattern) => pattern.test(expr)))).toEqual([]);
  });

  it('tests its alerts', async () => {
    const { code, stdout, stderr } = await run('promtool', ['test', 'rules', 'modhaven.rules.test.yml'], {
      cwd: path.join(DEPLOY, 'prometheus'),
    });
    expect(`${code} ${stdout}${stderr}`).toMatch(/^0 /);
    const rules = await readFile(path.join(DEPLOY, 'prometheus/modhaven.rules.yml'), 'utf8');
    const tests = await readFile(path.join(DEPLOY, 'prometheus/modhaven.rules.test.yml'), 'utf8');
    for (const [, alert] of rules.matchAll(/- alert: (\w+)/g)) expect(tests).toContain(`alertname: ${alert}`);
  });
});
