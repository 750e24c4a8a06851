/** `tls:` and `limits:` of a server as it is started, whichever process accepts the connections. */
import { writeFile } from 'node:fs/promises';
import net from 'node:net';
import path from 'node:path';
import tls from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { missing } from '../support/requirements.js';
import { startServer, type ModhavenServer } from '../support/server.js';
import { selfSignedCertificate, type Certificate } from '../support/hosts/tls-certificate.js';
import { tempDir } from '../support/tmp.js';
import { ask, logged, until } from '../support/ask.js';

const ways = [
  { name: 'one process', workers: 1 },
  { name: 'two workers', workers: 2 },
];

describe.skipIf(missing('openssl')).each(ways)('https by $name', ({ workers }) => {
  let server: ModhavenServer;
  let first: Certificate;
  let second: Certificate;
  const config = {
    workers,
    tls: { cert_file: './cert.pem', key_file: './key.pem' },
    limits: { header_timeout: '3s', max_connections: 3 },
  };

  beforeAll(async () => {
    [first, second] = await Promise.all([
      selfSignedCertificate(['127.0.0.1']),
      selfSignedCertificate(['127.0.0.1']),
    ]);
    const dir = await tempDir('https');
    await writeFile(path.join(dir, 'cert.pem'), first.cert);
    await writeFile(path.join(dir, 'key.pem'), first.key, { mode: 0o600 });
    server = await startServer({ dir, config });
  });
  afterAll(async () => server.stop());

  /** The response to a request over TLS; the name of the error where the certificate is not `ca`. */
  function overTls(ca: string, text = 'GET /-/healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n') {
    return new Promise<string>((resolve) => {
      const socket = tls.connect({ host: '127.0.0.1', port: server.port, ca }, () => socket.write(text));
      let said = '';
      socket.on('data', (bytes: Buffer) => (said += bytes.toString()));
      socket.on('error', ({ code }: NodeJS.ErrnoException) => resolve(code ?? ''));
      socket.on('close', () => resolve(said));
    });
  }

  it('answers, and says so to a client that speaks http', async () => {
    expect(await overTls(first.cert)).toMatch(/^HTTP\/1\.1 200 OK\r\n[^]*ok\n$/);
    const plain = await ask(`http://127.0.0.1:${server.port}`, '/-/healthz');
    expect([plain.status, plain.text]).toEqual([
      400,
      'this port speaks https, not http: write https:// in the address of the Go proxy\n',
    ]);
  });

  it('ends a connection that sends no whole request in time', async () => {
    expect(await overTls(first.cert, 'GET / HTTP/1.1\r\nHost: x\r\n')).toMatch(/^HTTP\/1\.1 408 /);
  });

  it('closes connections above the limit', async () => {
    const sockets = Array.from({ length: 24 }, () => net.connect(server.port, '127.0.0.1').resume());
    let ended = 0;
    for (const socket of sockets) socket.on('error', () => undefined).on('close', () => (ended += 1));
    const atLeast = 24 - 3 * workers;
    await until(
      () => ended,
      (count) => count >= atLeast,
    );
    expect(ended).toBeGreaterThanOrEqual(atLeast);
    expect(ended).toBeLessThan(24);
    for (const socket of sockets) socket.destroy();
  });

  it('takes a renewed certificate without a restart', async () => {
    await writeFile(path.join(server.dir, 'key.pem'), second.key);
    await writeFile(path.join(server.dir, 'cert.pem'), second.cert);
    const renewed = await until(
      () => overTls(second.cert),
      (said) => said.startsWith('HTTP/1.1 200'),
    );
    expect(renewed).toMatch(/^HTTP\/1\.1 200/);
    expect(await overTls(first.cert)).toMatch(/CERT|SELF_SIGNED/);
  });

  it('says that plain http takes a restart, and goes on with https', async () => {
    await server.writeConfig({ workers, limits: config.limits });
    const log = await logged(server, 'takes effect at the next start');
    expect(log).toMatch(/"setting":"tls"/);
    expect(await overTls(second.cert)).toMatch(/^HTTP\/1\.1 200/);
  });
});
