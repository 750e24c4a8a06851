/** The client behaves as the account's other programs do: web proxy, authorities, logins. */
import { writeFile } from 'node:fs/promises';
import http, { type IncomingMessage, type ServerResponse } from 'node:http';
import https from 'node:https';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { beginningOf, contentOf, discard } from '../../src/http/body.js';
import type { HttpClientOptions } from '../../src/http/client.js';
import { describeHttpError } from '../../src/http/errors.js';
import { BadRedirect, followRedirects } from '../../src/http/redirects.js';
import { forwardProxy } from '../support/relays/forward-proxy.js';
import { httpClient } from '../support/http-client.js';
import { freePort, listenOnLoopback, type LoopbackHost } from '../support/loopback.js';
import { missing } from '../support/requirements.js';
import { tempDir } from '../support/tmp.js';
import { selfSignedCertificate, type Certificate } from '../support/hosts/tls-certificate.js';

type Respond = (request: IncomingMessage, response: ServerResponse) => void;

let respond: Respond;
let seen: { path: string; authorization: string | undefined }[];
const serve: Respond = (request, response) => {
  seen.push({ path: request.url ?? '', authorization: request.headers.authorization });
  respond(request, response);
};

let plain: LoopbackHost;
beforeAll(async () => {
  plain = await listenOnLoopback(http.createServer(serve));
});
afterAll(() => plain.stop());
beforeEach(() => {
  seen = [];
  respond = (_, response) => response.end('hello');
});

function get(url: string, options: Partial<HttpClientOptions> = {}, login?: 'own') {
  const signal = AbortSignal.timeout(10_000);
  return httpClient(options).get(new URL(url), { signal, idleTimeoutMs: 1_000, login });
}

async function textOf(url: string, options: Partial<HttpClientOptions> = {}): Promise<string> {
  return beginningOf(await get(url, options), 1_000);
}

/** What people read of a failure. */
async function words(url: string, options: Partial<HttpClientOptions> = {}): Promise<string> {
  const error: unknown = await textOf(url, options).catch((failure: unknown) => failure);
  return describeHttpError(error, new URL(url));
}

describe('a request', () => {
  it('is answered, whatever the status', async () => {
    respond = (_, response) => response.writeHead(418, { 'x-a': ['1', '2'] }).end('tea');
    const response = await get(`http://127.0.0.1:${plain.port}/pot?x=1`);
    expect([response.status, response.header('x-a'), response.header('x-b')]).toEqual([
      418,
      '1, 2',
      undefined,
    ]);
    expect(await beginningOf(response, 2)).toBe('te');
    expect(seen).toEqual([{ path: '/pot?x=1', authorization: undefined }]);
  });

  it('takes what a host packed without being asked to', async () => {
    respond = (_, response) =>
      response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync('packed'));
    const pieces: Buffer[] = [];
    for await (const piece of contentOf(await get(`http://127.0.0.1:${plain.port}/`))) pieces.push(piece);
    expect(String(Buffer.concat(pieces))).toBe('packed');
  });

  it('reads no more of an endless answer than is wanted', async () => {
    let sent = 0;
    const closed = new Promise<void>((resolve) => {
      respond = (_, response) => {
        const more = () => {
          while (!response.destroyed && response.write(Buffer.alloc(16_384, 'x'))) sent += 16_384;
        };
        response.on('drain', more).on('close', resolve);
        more();
      };
    });
    expect(await textOf(`http://127.0.0.1:${plain.port}/`)).toHaveLength(1_000);
    await closed;
    expect(sent).toBeLessThan(32 * 1024 * 1024);
    await discard(await get(`http://127.0.0.1:${plain.port}/`));
  });

  it.each([
    ['nothing listens', async () => `http://127.0.0.1:${await freePort()}/`, /^nothing listens at 127/],
    [
      'a port that browsers refuse',
      () => Promise.resolve('http://127.0.0.1:6666/'),
      /^nothing listens at 127/,
    ],
    [
      'an unknown name',
      () => Promise.resolve('http://nowhere.invalid/'),
      /^the host name nowhere\.invalid is not known|name server/,
    ],
  ])('that fails is explained: %s', async (_, url, text) => {
    expect(await words(await url())).toMatch(text);
  });

  it('is explained where the host is silent, breaks off or speaks no http', async () => {
    const url = `http://127.0.0.1:${plain.port}/`;
    respond = () => undefined;
    expect(await words(url)).toMatch(/did not answer in time$/);
    respond = (_, response) => response.writeHead(200).write('x', () => response.destroy());
    expect(await words(url)).toMatch(/broke off the connection$/);
    respond = (request) => request.socket.end('SSH-2.0-x\r\n\r\n');
    expect(await words(url)).toMatch(/something that is not http$/);
  });

  it('goes to an address of an internal network only where the configuration names it', async () => {
    const url = `http://127.0.0.1:${plain.port}/`;
    for (const address of [
      url,
      url.replace('127.0.0.1', 'localhost'),
      url.replace('127.0.0.1', '[::ffff:127.0.0.1]'),
    ]) {
      expect(await words(address, { isNamed: () => false })).toMatch(/is an address of an internal network/);
    }
    expect(seen).toEqual([]);
    expect(await textOf(url, { isNamed: ({ host }) => host === `127.0.0.1:${plain.port}` })).toBe('hello');
  });
});

describe('redirects', () => {
  const follow = (path: string) =>
    followRedirects(
      new URL(`http://127.0.0.1:${plain.port}${path}`),
      (url) => get(url.href),
      ({ pathname }) => {
        if (pathname === '/no') throw new Error('not there');
      },
    );

  it('are followed to the end, without a login that an address holds', async () => {
    respond = ({ url }, response) =>
      url === '/a'
        ? response.writeHead(302, { location: `//me:pw@127.0.0.1:${plain.port}/b` }).end()
        : response.end('b');
    const { response, url } = await follow('/a');
    expect([await beginningOf(response, 10), url.pathname, url.password]).toEqual(['b', '/b', '']);
    expect(seen.map(({ authorization }) => authorization)).toEqual([undefined, undefined]);
  });

  it.each(['/circle', 'ftp://127.0.0.1/', 'http://[bad/'])('to %s are not', async (location) => {
    respond = (_, response) => response.writeHead(307, { location }).end();
    await expect(follow('/circle')).rejects.toThrow(BadRedirect);
    expect(seen.length).toBeLessThanOrEqual(11);
  });

  it('are followed only where the caller allows it', async () => {
    respond = (_, response) => response.writeHead(301, { location: '/no' }).end();
    await expect(follow('/a')).rejects.toThrow('not there');
    expect(seen.map(({ path }) => path)).toEqual(['/a']);
  });
});

describe.skipIf(missing('openssl'))('an https host', () => {
  let certificate: Certificate;
  let other: Certificate;
  let secure: LoopbackHost;
  let url: string;
  beforeAll(async () => {
    [certificate, other] = await Promise.all([
      selfSignedCertificate(['127.0.0.1', 'up.test']),
      selfSignedCertificate(['127.0.0.1']),
    ]);
    secure = await listenOnLoopback(
      https.createServer({ key: certificate.key, cert: certificate.cert }, serve),
    );
    url = `https://127.0.0.1:${secure.port}/`;
  });
  afterAll(() => secure.stop());

  it('is believed where the account or an entry of vcs.hosts knows its authority', async () => {
    const { certFile } = certificate;
    const folder = await tempDir('certs');
    await writeFile(join(folder, 'corp.pem'), certificate.cert);
    await writeFile(join(folder, 'README'), 'no certificate\n');
    expect(await textOf(url, { env: { SSL_CERT_FILE: certFile } })).toBe('hello');
    expect(await textOf(url, { env: { SSL_CERT_DIR: `/nowhere:${folder}` } })).toBe('hello');
    expect(await textOf(url, { env: { NODE_EXTRA_CA_CERTS: certFile } })).toBe('hello');
    for (const entry of [{ caFile: certFile }, { insecureTls: true }]) {
      for (const key of ['127.0.0.1', `127.0.0.1:${secure.port}`]) {
        expect(await textOf(url, { hosts: () => new Map([[key, entry]]) })).toBe('hello');
      }
    }
  });

  it('is refused in words where no authority has signed it', async () => {
    const unknown = /^the TLS certificate of 127\.0\.0\.1:\d+ is not signed by an authority/;
    expect(await words(url)).toMatch(unknown);
    expect(await words(url, { env: { SSL_CERT_FILE: other.certFile } })).toMatch(unknown);
    const entry = { caFile: other.certFile };
    expect(
      await words(url, {
        env: { SSL_CERT_FILE: certificate.certFile },
        hosts: () => new Map([['127.0.0.1', entry]]),
      }),
    ).toMatch(unknown);
    expect(await words(url.replace('https', 'http'))).toMatch(/broke off|not http/);
    expect(await words(`https://127.0.0.1:${plain.port}/`)).toMatch(/does not speak TLS/);
    expect(seen).toEqual([]);
  });

  it('gets the login of ~/.netrc, of its port before that of its host, over https alone', async () => {
    const home = await tempDir('home');
    const env = { HOME: home, SSL_CERT_FILE: certificate.certFile };
    const shown = async (address = url, options: Partial<HttpClientOptions> = {}) => {
      await discard(await get(address, { env, ...options }, 'own'));
      return Buffer.from(seen.pop()?.authorization?.slice('Basic '.length) ?? '', 'base64').toString();
    };
    await writeFile(join(home, '.netrc'), 'machine other.test login x password y\n');
    expect(await shown()).toBe('');
    await writeFile(join(home, '.netrc'), 'machine 127.0.0.1 login bob password pw\n');
    expect(await shown()).toBe('bob:pw');
    expect(await shown(`http://127.0.0.1:${plain.port}/`)).toBe('');
    await writeFile(
      join(home, '.netrc'),
      `machine 127.0.0.1 login bob password pw machine 127.0.0.1:${secure.port} login eve password p2\n`,
    );
    expect(await shown()).toBe('eve:p2');
    const tokenFile = join(home, 'token');
    await writeFile(tokenFile, 'from file\n');
    const entry = { tokenFile, caFile: certificate.certFile };
    expect(await shown(url, { hosts: () => new Map([['127.0.0.1', entry]]) })).toBe('oauth2:from file');
  });

  it('is reached through the web proxy of the account, as a plain one is', async () => {
    await using proxy = await forwardProxy({ 'up.test': plain.port, 'up.test:443': secure.port });
    const env = { HTTP_PROXY: proxy.url, HTTPS_PROXY: proxy.url, SSL_CERT_FILE: certificate.certFile };
    expect(await textOf('http://up.test/a?b', { env })).toBe('hello');
    expect(await textOf('https://up.test/c', { env, isNamed: () => false })).toBe('hello');
    expect(seen.map(({ path }) => path)).toEqual(['/a?b', '/c']);
    expect(proxy.requests.map(({ method, target }) => `${method} ${target}`)).toEqual([
      'GET up.test:80',
      'CONNECT up.test:443',
    ]);
    expect(await words('https://other.test/', { env })).toMatch(
      /web proxy .* does not lead to other\.test: it answered 403/,
    );
  });
});
