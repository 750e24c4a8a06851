/** https with a certificate that is renewed under a running server, as certbot and cert-manager do it. */
import { mkdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import type { Server } from 'node:http';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import tls from 'node:tls';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { applyTls, createHttpServer, refuseBrokenRequest } from '../../src/proxy/http/listener.js';
import { TlsPair } from '../../src/config/tls-pair.js';
import { missing } from '../support/requirements.js';
import { selfSignedCertificate, type Certificate } from '../support/hosts/tls-certificate.js';
import { tempDir } from '../support/tmp.js';

describe.skipIf(missing('openssl'))('a TLS pair', () => {
  let dir: string;
  let first: Certificate;
  let second: Certificate;
  const log = { error: vi.fn(), info: vi.fn() };

  beforeAll(async () => {
    dir = await tempDir('tls-pair');
    [first, second] = await Promise.all([
      selfSignedCertificate(['127.0.0.1']),
      selfSignedCertificate(['127.0.0.1']),
    ]);
  });

  async function write(certificate: Certificate, which: 'cert' | 'key' | 'both' = 'both') {
    if (which !== 'key') await writeFile(path.join(dir, 'cert.pem'), certificate.cert);
    if (which !== 'cert') await writeFile(path.join(dir, 'key.pem'), certificate.key);
    return { certFile: path.join(dir, 'cert.pem'), keyFile: path.join(dir, 'key.pem') };
  }

  it('is taken over when both halves are there; until then the old one stays, and that is said once', async () => {
    const onChange = vi.fn();
    const files = await write(first);
    const pair = new TlsPair(files, { log, onChange });
    await write(second, 'cert');
    pair.update(files);
    pair.update(files);
    expect(pair.material.cert).toBe(first.cert);
    expect(pair.report().error).toMatch(/do not belong together/);
    expect(log.error).toHaveBeenCalledOnce();
    await write(second, 'key');
    pair.update(files);
    expect(pair.material).toEqual({ cert: second.cert, key: second.key });
    expect(pair.report()).toMatchObject({
      error: undefined,
      expires: expect.stringMatching(/^20/) as string,
    });
    expect(onChange).toHaveBeenCalledOnce();
    await rm(files.keyFile);
    pair.update(files);
    expect(pair.material.cert).toBe(second.cert);
    expect(pair.report().error).toMatch(/^cannot read/);
  });

  it.each([
    ['no certificate', 'cert.pem', 'nonsense', /cert\.pem does not hold a certificate/],
    ['no key', 'key.pem', 'nonsense', /key\.pem does not hold a private key/],
  ])('is refused at start with %s', async (_name, file, text, message) => {
    const files = await write(first);
    await writeFile(path.join(dir, file), text);
    expect(() => new TlsPair(files, { log })).toThrow(message);
  });

  describe('of a server', () => {
    let server: Server;
    let pair: TlsPair;
    let files: { certFile: string; keyFile: string };
    let live: string;

    /** The folder that holds the pair, behind a link that is swapped in one step. */
    async function publish(certificate: Certificate, name: string): Promise<void> {
      const folder = path.join(dir, name);
      await mkdir(folder);
      await writeFile(path.join(folder, 'tls.crt'), certificate.cert);
      await writeFile(path.join(folder, 'tls.key'), certificate.key);
      await symlink(name, `${live}.new`);
      await rename(`${live}.new`, live);
    }

    beforeAll(async () => {
      live = path.join(dir, '..data');
      await publish(first, 'v1');
      files = { certFile: path.join(live, 'tls.crt'), keyFile: path.join(live, 'tls.key') };
      pair = new TlsPair(files, { log, onChange: (material) => applyTls(server, material) });
      server = createHttpServer((_request, response) => response.end('hi'), { tls: pair.material });
      server.on('clientError', refuseBrokenRequest);
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    });
    afterAll(() => server.closeAllConnections());

    async function trusts(ca: string): Promise<boolean> {
      const { port } = server.address() as AddressInfo;
      return new Promise((resolve) => {
        https
          .get({ host: '127.0.0.1', port, ca, agent: false }, (response) => {
            response.resume();
            resolve(response.statusCode === 200);
          })
          .on('error', () => resolve(false));
      });
    }

    it('changes with a swapped link, for new connections', async () => {
      expect(await trusts(first.cert)).toBe(true);
      await publish(second, 'v2');
      pair.update(files);
      expect(await trusts(second.cert)).toBe(true);
      expect(await trusts(first.cert)).toBe(false);
    });

    it('says in plain http that it speaks https', async () => {
      const { port } = server.address() as AddressInfo;
      const response = await fetch(`http://127.0.0.1:${port}/corp.test/x/@v/list`);
      expect(response.status).toBe(400);
      expect(await response.text()).toBe(
        'this port speaks https, not http: write https:// in the address of the Go proxy\n',
      );
    });

    it('speaks nothing older than TLS 1.2', async () => {
      const { port } = server.address() as AddressInfo;
      const options = { host: '127.0.0.1', port, rejectUnauthorized: false, ciphers: 'DEFAULT:@SECLEVEL=0' };
      const connect = (version: tls.SecureVersion): Promise<string> =>
        new Promise((resolve) => {
          const socket = tls.connect({ ...options, minVersion: version, maxVersion: version }, () => {
            resolve(socket.getProtocol() ?? '');
            socket.destroy();
          });
          socket.on('error', () => resolve('refused'));
        });
      expect(await connect('TLSv1.1')).toBe('refused');
      expect(await connect('TLSv1.2')).toBe('TLSv1.2');
      expect(await connect('TLSv1.3')).toBe('TLSv1.3');
    });
  });
});
