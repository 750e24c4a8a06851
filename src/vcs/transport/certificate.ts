/**
 * What is wrong with the certificate of a git host. git over GnuTLS says the same of all of it ("server certificate
 * verification failed"), so a connection of our own looks at the certificate; nothing is sent over it.
 */
import { isIP } from 'node:net';
import { checkServerIdentity, connect, type PeerCertificate } from 'node:tls';
import { DEFAULT_PORTS, type RepoUrl } from '../../module/repo-url.js';

export type CertificateFault =
  | { kind: 'expired' | 'not-yet'; when: Date }
  | { kind: 'other-name'; names: string }
  | { kind: 'unknown-authority' };

const TIMEOUT_MS = 3_000;

/** Undefined where the host shows no certificate. Of several faults the one that has to be mended first. */
export async function certificateFault(
  repo: Pick<RepoUrl, 'host' | 'port' | 'scheme'>,
  now = new Date(),
): Promise<CertificateFault | undefined> {
  const host = repo.host.replace(/^\[|\]$/g, '');
  return new Promise((resolve) => {
    const socket = connect({
      host,
      port: repo.port ?? DEFAULT_PORTS[repo.scheme],
      servername: isIP(host) === 0 ? host : '',
      rejectUnauthorized: false,
    });
    const finish = (fault: CertificateFault | undefined) => {
      socket.destroy();
      resolve(fault);
    };
    socket.setTimeout(TIMEOUT_MS, () => finish(undefined));
    socket.on('error', () => finish(undefined));
    socket.on('secureConnect', () => {
      finish(faultOf(socket.getPeerCertificate(), host, now));
    });
  });
}

function faultOf(certificate: PeerCertificate, host: string, now: Date): CertificateFault | undefined {
  if (Object.keys(certificate).length === 0) return undefined;
  const [from, to] = [new Date(certificate.valid_from), new Date(certificate.valid_to)];
  if (to < now) return { kind: 'expired', when: to };
  if (from > now) return { kind: 'not-yet', when: from };
  if (checkServerIdentity(host, certificate) !== undefined) {
    return { kind: 'other-name', names: namesOf(certificate.subjectaltname) };
  }
  return { kind: 'unknown-authority' };
}

/** `git.corp, *.git.corp`; at most three. */
function namesOf(alternatives: string | undefined): string {
  const names = [...(alternatives ?? '').matchAll(/(?:DNS|IP Address):([^,\s]+)/g)].map(
    ([, name]) => name ?? '',
  );
  return names.slice(0, 3).join(', ');
}
