/** A certificate that is not trusted until configured, for test hosts that speak TLS. */
import { readFile } from 'node:fs/promises';
import { isIP } from 'node:net';
import path from 'node:path';
import { mustRun } from '../run.js';
import { tempDir } from '../tmp.js';

/** PEM texts, and the certificate as a file: it is its own CA. */
export interface Certificate {
  key: string;
  cert: string;
  certFile: string;
}

/** A self-signed certificate for these names and addresses, valid for a day. Needs openssl. */
export async function selfSignedCertificate(hosts: readonly string[]): Promise<Certificate> {
  const dir = await tempDir('tls');
  const keyFile = path.join(dir, 'key.pem');
  const certFile = path.join(dir, 'cert.pem');
  const names = hosts.map((host) => `${isIP(host) === 0 ? 'DNS' : 'IP'}:${host}`).join(',');
  await mustRun('openssl', [
    ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '1'],
    ...['-subj', '/CN=test host', '-addext', `subjectAltName=${names}`, '-keyout', keyFile, '-out', certFile],
  ]);
  return { key: await readFile(keyFile, 'utf8'), cert: await readFile(certFile, 'utf8'), certFile };
}
