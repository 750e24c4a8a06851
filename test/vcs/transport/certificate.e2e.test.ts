import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import { certificateFault } from '../../../src/vcs/transport/certificate.js';
import { missing } from '../../support/requirements.js';
import { selfSignedCertificate } from '../../support/hosts/tls-certificate.js';

const DAY_MS = 86_400_000;

describe.skipIf(missing('openssl'))('certificateFault', () => {
  /** What is wrong with a certificate for `names`, on a day so far from now. */
  async function faultOf(names: string[], days = 0) {
    const server = createServer(await selfSignedCertificate(names)).listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const { port } = server.address() as AddressInfo;
    const now = new Date(Date.now() + days * DAY_MS);
    const fault = await certificateFault({ host: '127.0.0.1', port, scheme: 'https' }, now);
    server.close();
    return fault;
  }

  it('tells four faults apart', async () => {
    expect(await faultOf(['127.0.0.1'])).toEqual({ kind: 'unknown-authority' });
    expect(await faultOf(['127.0.0.1'], 3)).toMatchObject({ kind: 'expired' });
    expect(await faultOf(['127.0.0.1'], -3)).toMatchObject({ kind: 'not-yet' });
    expect(await faultOf(['git.corp', 'a.corp'])).toEqual({ kind: 'other-name', names: 'git.corp, a.corp' });
  });

  it('knows nothing of a host that does not answer', async () => {
    expect(await certificateFault({ host: '127.0.0.1', port: 9, scheme: 'https' })).toBeUndefined();
  });
});
