import http, { type IncomingHttpHeaders } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { listenOnLoopback, type LoopbackHost } from '../loopback.js';
import { NGINX_CONF, nginxHost, type NginxHost } from './nginx-host.js';
import { missing } from '../requirements.js';
import { run } from '../run.js';

describe.skipIf(missing('nginx'))('config/nginx.conf', () => {
  const seen: { url: string | undefined; headers: IncomingHttpHeaders; connection: number | undefined }[] =
    [];
  let upstream: LoopbackHost;
  let nginx: NginxHost;

  beforeAll(async () => {
    const server = http.createServer((request, response) => {
      seen.push({ url: request.url, headers: request.headers, connection: request.socket.remotePort });
      response.end('from modhaven');
    });
    upstream = await listenOnLoopback(server);
    nginx = await nginxHost(upstream.port);
  });
  afterAll(async () => Promise.all([nginx.stop(), upstream.stop()]));

  async function get(path: string, headers: Record<string, string> = {}): Promise<string> {
    return new Promise((resolve, reject) => {
      const options = { host: '127.0.0.1', port: nginx.port, path, headers, agent: false };
      http
        .get(options, (response) => {
          let body = '';
          response.setEncoding('utf8').on('data', (text: string) => (body += text));
          response.on('end', () => resolve(body));
        })
        .on('error', reject);
    });
  }

  it('says which host was asked, by whom and how', async () => {
    expect(
      await get('/go/foo?go-get=1', { Host: 'MyCompany.com:80', 'X-Forwarded-Host': 'evil.example' }),
    ).toBe('from modhaven');
    expect(seen.at(-1)?.headers).toMatchObject({
      'x-forwarded-host': 'mycompany.com',
      'x-forwarded-for': '127.0.0.1',
      'x-forwarded-proto': 'http',
    });
  });

  it.each(['/mycompany.com/%21foo/@v/v1.0.0%2Bx.info', '/mycompany.com/!foo/@v/list', '/a//b'])(
    'passes %s on as it was asked',
    async (path) => {
      await get(path);
      expect(seen.at(-1)?.url).toBe(path);
    },
  );

  it('keeps its connection to modhaven open', async () => {
    // Each nginx worker keeps its own: more requests than workers, and some connection serves two.
    seen.length = 0;
    for (let i = 0; i < 200; i++) await get('/');
    expect(new Set(seen.map(({ connection }) => connection)).size).toBeLessThan(200);
  });

  it('is valid as it is shipped', async () => {
    const { stderr } = await run('nginx', ['-t', '-c', NGINX_CONF, '-g', 'pid /dev/null; error_log stderr;']);
    // The status says more than that: whether this account may listen on port 80.
    expect(stderr).toContain('syntax is ok');
    expect(stderr).not.toContain('[warn]');
  });
});
