/** Whatever is wrong with an http host: people read the same, whether git or modhaven noticed it. */
import { writeFile } from 'node:fs/promises';
import http from 'node:http';
import { createServer } from 'node:net';
import path from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { parseRepoUrl } from '../../../src/module/repo-url.js';
import type { HostEntry, VcsSettings } from '../../../src/vcs/transport/access.js';
import { packet } from '../../../src/vcs/smart-http/pkt-line.js';
import { gitHttpHost, type Failure, type GitHttpHost } from '../../support/hosts/git-http-host.js';
import { freePort, listenOnLoopback } from '../../support/loopback.js';
import { missing } from '../../support/requirements.js';
import { tempDir } from '../../support/tmp.js';
import { selfSignedCertificate, type Certificate } from '../../support/hosts/tls-certificate.js';
import { codeHost, lab, settingsOf, type Lab } from '../lab.js';
import { askers, GIT_ALONE, wordsOf } from './answers.js';

let l: Lab;
beforeAll(async () => {
  l = await lab();
});
afterAll(async () => l.host.stop());

/** What people read of an attempt to open `url`, by way of us and of git alone. */
async function bothWays(url: string, settings: Partial<VcsSettings> = {}) {
  const words = async (env?: NodeJS.ProcessEnv) => {
    const code = codeHost(await tempDir('cache'), settings, env);
    return wordsOf(code.open(parseRepoUrl(url, '/'), 0, 'files'));
  };
  return { ours: await words(), gits: await words(GIT_ALONE) };
}

describe.skipIf(missing('git'))('an http host that', () => {
  const ADVERTISEMENT = { 'content-type': 'application/x-git-upload-pack-advertisement' };
  const CASES: { name: string; failure: Failure; code: string }[] = [
    ...[400, 402, 418, 429, 500, 502, 503, 504].map((status) => ({
      name: `answers ${status}`,
      failure: status,
      code: 'HOST_UNREACHABLE',
    })),
    { name: 'answers 401', failure: 401, code: 'HOST_REFUSED' },
    { name: 'answers 403', failure: 403, code: 'HOST_REFUSED' },
    { name: 'answers 404', failure: 404, code: 'REPO_NOT_FOUND' },
    { name: 'answers 410', failure: 410, code: 'REPO_NOT_FOUND' },
    { name: 'answers 407', failure: 407, code: 'HOST_UNREACHABLE' },
    {
      name: 'wants a login',
      failure: { status: 401, headers: { 'www-authenticate': 'Basic realm="x"' } },
      code: 'HOST_REFUSED',
    },
    {
      name: 'wants a login of another kind',
      failure: { status: 401, headers: { 'www-authenticate': 'Bearer realm="x"' } },
      code: 'HOST_REFUSED',
    },
    {
      name: 'shows a page to log in',
      failure: { status: 200, headers: { 'content-type': 'text/html' }, body: '<html>\nlog in\n</html>\n' },
      code: 'HOST_REFUSED',
    },
    ...['text/plain', 'text/html', 'application/octet-stream'].flatMap((type) =>
      ['log in', 'log in\n', ''].map((body) => ({
        name: `shows a page of ${type} in place of git: ${JSON.stringify(body)}`,
        failure: { status: 200, headers: { 'content-type': type }, body },
        code: 'HOST_REFUSED',
      })),
    ),
    {
      name: 'leads in a circle',
      failure: { status: 302, headers: { location: '/go/foo.git/info/refs?service=git-upload-pack' } },
      code: 'HOST_UNREACHABLE',
    },
    { name: 'breaks the connection', failure: 'reset', code: 'HOST_UNREACHABLE' },
    {
      name: 'says nothing with the right label',
      failure: { status: 200, headers: ADVERTISEMENT },
      code: 'HOST_UNREACHABLE',
    },
    {
      name: 'refuses in a packet',
      failure: { status: 200, headers: ADVERTISEMENT, body: packet('ERR Repository not found\n') },
      code: 'REPO_NOT_FOUND',
    },
    {
      name: 'has more headers than anybody reads',
      failure: { status: 200, headers: { 'x-padding': 'x'.repeat(40_000), ...ADVERTISEMENT } },
      code: 'HOST_UNREACHABLE',
    },
  ];

  it.each(CASES)('$name', async ({ failure, code }) => {
    l.host.setFailure('/', failure);
    const { ours, gits } = await bothWays(l.url);
    l.host.setFailure('/', undefined);
    expect(ours).toEqual(gits);
    expect(ours).toMatchObject({ code });
  });

  it('is not there', async () => {
    const { ours, gits } = await bothWays(`http://127.0.0.1:${await freePort()}/x.git`);
    expect(ours).toEqual(gits);
    expect(ours).toMatchObject({ code: 'HOST_UNREACHABLE' });
  });

  it('has an unknown name', async () => {
    const { ours, gits } = await bothWays('http://nowhere.invalid/x.git');
    expect(ours).toEqual(gits);
  });

  it.each([
    { name: 'is silent', delay: 'all' },
    { name: 'falls silent in the middle of its answer', delay: 'middle' },
  ])('$name', async ({ delay }) => {
    await using host = await listenOnLoopback(
      delay === 'all'
        ? createServer()
        : http.createServer((_, response) => {
            response.writeHead(200, ADVERTISEMENT).write('000eversion 2\n');
          }),
    );
    const { ours, gits } = await bothWays(`http://127.0.0.1:${host.port}/x.git`, { connectTimeoutMs: 1_000 });
    expect([ours.code, gits.code]).toEqual(['HOST_TIMEOUT', 'HOST_TIMEOUT']);
    expect(ours.reason).toMatch(/^127\.0\.0\.1:\d+ did not answer within 1 s$/);
  });

  it('drips: is given up at vcs.timeout', async () => {
    await using host = await listenOnLoopback(
      http.createServer((_, response) => {
        response.writeHead(200, ADVERTISEMENT);
        const drip = setInterval(() => response.write('0000'), 20);
        response.on('close', () => clearInterval(drip));
      }),
    );
    const settings = { connectTimeoutMs: 1_000, timeoutMs: 1_500 };
    const code = codeHost(await tempDir('cache'), settings);
    const url = `http://127.0.0.1:${host.port}/x.git`;
    const words = await wordsOf(code.open(parseRepoUrl(url, '/'), 0, 'files'));
    expect(words).toMatchObject({ code: 'HOST_TIMEOUT' });
  });
});

describe.skipIf(missing('git', 'openssl'))('the certificate of an https host', () => {
  let right: Certificate;
  let wrong: Certificate;
  let host: GitHttpHost;
  let misnamed: GitHttpHost;
  beforeAll(async () => {
    right = await selfSignedCertificate(['127.0.0.1', 'localhost']);
    wrong = await selfSignedCertificate(['other.example']);
    host = await gitHttpHost(l.root, { tls: right });
    misnamed = await gitHttpHost(l.root, { tls: wrong });
    return async () => {
      await host.stop();
      await misnamed.stop();
    };
  });
  beforeEach(() => host.requests.splice(0));

  const at = (h: GitHttpHost) => `${h.url}/go/foo.git`;
  const trusting = (h: GitHttpHost, entry: HostEntry) => settingsOf({ [`127.0.0.1:${h.port}`]: entry });

  it('is believed where its authority is in ca_file', async () => {
    const code = codeHost(await tempDir('cache'), trusting(host, { caFile: right.certFile }));
    await (await code.open(parseRepoUrl(at(host), '/'), 0, 'files')).stat('v1.0.0');
    expect(askers(host.requests)).toEqual(['us']);
  });

  it('is believed whatever it says with insecure_tls, by that host alone', async () => {
    const code = codeHost(await tempDir('cache'), trusting(misnamed, { insecureTls: true }));
    await (await code.open(parseRepoUrl(at(misnamed), '/'), 0, 'files')).stat('v1.0.0');
    expect(askers(misnamed.requests.splice(0))).toEqual(['us']);
    await expect(code.open(parseRepoUrl(at(host), '/'), 0)).rejects.toMatchObject({ code: 'HOST_REFUSED' });
    expect(host.requests).toEqual([]);
  });

  it('is no longer believed once the settings say so, though a connection is kept', async () => {
    const entry: HostEntry = { caFile: right.certFile };
    const code = codeHost(await tempDir('cache'), trusting(host, entry));
    await code.open(parseRepoUrl(at(host), '/'), 0);
    entry.caFile = wrong.certFile;
    await expect(code.open(parseRepoUrl(at(host), '/'), 0)).rejects.toMatchObject({ code: 'HOST_REFUSED' });
  });

  it('is looked at anew when ca_file was written anew', async () => {
    const caFile = path.join(await tempDir('ca'), 'ca.pem');
    await writeFile(caFile, wrong.cert);
    const code = codeHost(await tempDir('cache'), trusting(host, { caFile }));
    const open = async () => code.open(parseRepoUrl(at(host), '/'), 0);
    await expect(open()).rejects.toMatchObject({ code: 'HOST_REFUSED' });
    await writeFile(caFile, right.cert);
    await open();
    expect(askers(host.requests)).toEqual(['us']);
  });

  it.each<{ name: string; url: () => string; entry: () => HostEntry; code: string }>([
    { name: 'of an unknown authority', url: () => at(host), entry: () => ({}), code: 'HOST_REFUSED' },
    {
      name: 'of another authority',
      url: () => at(host),
      entry: () => ({ caFile: wrong.certFile }),
      code: 'HOST_REFUSED',
    },
    {
      name: 'for another name',
      url: () => at(misnamed),
      entry: () => ({ caFile: wrong.certFile }),
      code: 'HOST_REFUSED',
    },
    {
      name: 'with a ca_file that is not there',
      url: () => at(host),
      entry: () => ({ caFile: '/nonexistent.pem' }),
      code: 'HOST_REFUSED',
    },
    {
      name: 'with a ca_file that is none',
      url: () => at(host),
      entry: () => ({ caFile: import.meta.filename }),
      code: 'HOST_REFUSED',
    },
    {
      name: 'that is none, as the host speaks http',
      url: () => at(l.host).replace('http:', 'https:'),
      entry: () => ({}),
      code: 'HOST_UNREACHABLE',
    },
    {
      name: 'that was not asked for',
      url: () => at(host).replace('https:', 'http:'),
      entry: () => ({}),
      code: 'HOST_UNREACHABLE',
    },
  ])('is refused in the same words: $name', async ({ url, entry, code }) => {
    const address = url();
    const { port } = new URL(address);
    const { ours, gits } = await bothWays(address, settingsOf({ [`127.0.0.1:${port}`]: entry() }));
    expect(ours).toEqual(gits);
    expect(ours).toMatchObject({ code });
    expect(host.requests).toEqual([]);
  });
});
